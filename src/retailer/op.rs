//! What a change event says of a row.

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Read by a snapshot.
    Read,
    /// ... as the last row of its table.
    ReadLast,
    Create,
    Update,
    Delete,
}

impl Op {
    /// Read by a snapshot; `last`: as the last row of its table.
    pub fn read(last: bool) -> Self {
        if last { Self::ReadLast } else { Self::Read }
    }

    /// How Debezium says where in a snapshot the row stands.
    pub fn snapshot(self) -> &'static str {
        match self {
            Self::Read => "true",
            Self::ReadLast => "last_in_data_collection",
            Self::Create | Self::Update | Self::Delete => "false",
        }
    }

    pub fn is_read(self) -> bool {
        matches!(self, Self::Read | Self::ReadLast)
    }

    /// Debezium's letter for it.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Read | Self::ReadLast => "r",
            Self::Create => "c",
            Self::Update => "u",
            Self::Delete => "d",
        }
    }
}
