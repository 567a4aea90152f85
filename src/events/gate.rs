//! The gate of a request: its conditions as data. `emit` asks whether all hold, `why` shows them: one list, two uses.

use crate::entities::order::OrderView;
use crate::entities::order::gates::Gate;

/// The conditions of one request, in the order in which people read them.
#[derive(Clone, Debug, Default)]
pub struct RequestGate(Vec<Gate>);

impl RequestGate {
    /// What every request asks for: the order is complete, no test, and its rows do not contradict each other.
    pub fn of_order(view: &OrderView<'_>) -> Self {
        Self::default().and(&view.gates.complete).and(&view.gates.not_test).consistent(view)
    }

    /// ... and a request of money: its figures add up, in one currency.
    pub fn of_money(view: &OrderView<'_>) -> Self {
        Self::of_order(view)
            .when("sound", view.money.sound, || ("lines and charges that add up to the total, in one currency".into(), "the shop".into()))
    }

    /// Taking back what was asked for needs nothing else than that it was asked for.
    pub fn of_lowering() -> Self {
        Self::default().when("requested", true, Default::default)
    }

    /// The order's rows do not contradict each other.
    pub fn consistent(self, view: &OrderView<'_>) -> Self {
        let contradiction = view.findings.iter().find(|finding| finding.shuts);
        self.when("consistent", contradiction.is_none(), || {
            let sentence = contradiction.map(|finding| finding.sentence.as_str()).unwrap_or_default();
            (format!("a correction at the source, since {sentence}"), String::new())
        })
    }

    /// A condition that the view has computed.
    pub fn and(mut self, gate: &Gate) -> Self {
        self.0.push(gate.clone());
        self
    }

    /// A condition of this request. `waits`: which row it waits for, and who brings it; asked only while it is shut.
    pub fn when(mut self, name: &'static str, holds: bool, waits: impl FnOnce() -> (String, String)) -> Self {
        let (waits_for, brings) = if holds { Default::default() } else { waits() };
        self.0.push(Gate { name, holds, waits_for, brings, since: None });
        self
    }

    /// All conditions hold.
    pub fn open(&self) -> bool {
        self.0.iter().all(|gate| gate.holds)
    }

    /// The conditions, to be shown.
    pub fn into_list(self) -> Vec<Gate> {
        self.0
    }
}
