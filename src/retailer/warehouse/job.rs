//! An order in the warehouse.

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    New,
    Allocated,
    Picking,
    Packed,
    PartDespatched,
    Despatched,
    Cancelled,
}

impl Standing {
    /// As people say it.
    pub fn label(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Allocated => "allocated",
            Self::Picking => "in picking",
            Self::Packed => "packed",
            Self::PartDespatched => "part despatched",
            Self::Despatched => "despatched",
            Self::Cancelled => "cancelled",
        }
    }
}

/// An order in the warehouse.
pub struct Job {
    /// The number under which the warehouse has it.
    pub number: String,
    /// Pieces to send by line of the order.
    pub pieces: Vec<i64>,
    pub sent: Vec<i64>,
    pub standing: Standing,
    /// The last step that was worked.
    pub step: u32,
    pub parcels: usize,
    /// Somebody is on the way to pack it.
    pub packing: bool,
    /// Numbers of orders that this one takes the place of: none is given twice.
    pub former: Vec<String>,
}

impl Job {
    /// With nothing done yet.
    pub fn new(number: String, step: u32, pieces: Vec<i64>) -> Self {
        let (sent, former) = (vec![0; pieces.len()], Vec::new());
        Self { number, pieces, sent, standing: Standing::New, step, parcels: 0, packing: false, former }
    }

    /// Pieces that have still to leave, by line; lines of which none has are left out.
    pub fn open(&self) -> Vec<(usize, i64)> {
        let open = self.pieces.iter().zip(&self.sent).map(|(total, sent)| total - sent);
        open.enumerate().filter(|(_, open)| *open > 0).collect()
    }

    pub fn is_cancelled(&self) -> bool {
        self.standing == Standing::Cancelled
    }

    /// Pieces on it.
    pub fn in_all(&self) -> i64 {
        self.pieces.iter().sum()
    }
}
