//! Counts that must add up, on the worked example: A is 3 pieces for 63.44, B one for 25.92, shipping 5.00.

use crate::entities::order::testing::placed_example;
use crate::events::Topic;
use crate::events::counts::Counts;
use crate::events::testing::Run;
use crate::facts::Moment;
use crate::facts::order::WarehouseState;

/// `step: in = out + waiting + exceptions + off`, each as pieces and money.
fn counted(run: &Run, opened: &[&str]) -> (Vec<String>, Counts) {
    let mut state = run.story.state();
    state.ledgers = run.story.ledgers.clone();
    for kind in opened {
        state.exceptions.insert(format!("{kind}|").into(), Moment(0));
    }
    let mut counts = Counts::default();
    counts.add(&run.story.view(&state), &state, &run.story.rules, run.story.now, &Topic::ALL);
    let show = |(key, count): (&(_, _, &str), &crate::events::counts::StepCount)| {
        let parts = [count.came_in, count.out, count.waiting, count.exceptions, count.off];
        let parts = parts.map(|part| format!("{} for {}", part.pieces, part.money));
        let [came_in, out, waiting, exceptions, off] = parts;
        format!("{}: {came_in} = {out} + {waiting} + {exceptions} + {off}", key.2)
    };
    (counts.steps.iter().map(show).collect(), counts)
}

#[test]
fn what_was_asked_for_waits_for_its_answer() {
    let mut run = Run::new(placed_example());
    run.seal();
    let (lines, counts) = counted(&run, &[]);
    assert_eq!(
        lines,
        [
            "complete: 4 for 94.36 = 4 for 94.36 + 0 for 0 + 0 for 0 + 0 for 0",
            "posted: 0 for 94.36 = 0 for 94.36 + 0 for 0 + 0 for 0 + 0 for 0",
            "recorded: 4 for 94.36 = 0 for 0 + 4 for 94.36 + 0 for 0 + 0 for 0",
            "sent: 4 for 89.36 = 0 for 0 + 4 for 89.36 + 0 for 0 + 0 for 0",
        ]
    );
    assert!(counts.unsent.is_empty() && counts.steps.values().all(|count| count.adds_up()));
    let placed_at = run.story.view(&run.story.state()).placed.header.map(|header| header.placed_at);
    assert_eq!(
        waiting(&counts),
        [("recorded", placed_at), ("sent", placed_at)],
        "what is through waits no more; money is counted from later on"
    );
}

/// Steps in which an order waits, since when the oldest was placed.
fn waiting(counts: &Counts) -> Vec<(&'static str, Option<Moment>)> {
    let steps = counts.steps.iter().map(|((_, _, step), count)| (*step, count.waiting_since));
    steps.filter(|(_, since)| since.is_some()).collect()
}

#[test]
fn half_of_it_is_sent_and_a_person_is_asked_about_the_rest() {
    let mut run = Run::new(placed_example());
    run.seal();
    run.story.recorded().erp_line("10000", "TEE", 3, Some("6.20")).erp_line("20000", "CAP", 1, Some("9.10"));
    run.seal();
    run.story.warehouse_order(WarehouseState::New).warehouse_total(4).despatched("D1", "TEE", 2);
    run.seal();
    let (lines, counts) = counted(&run, &["parcel-late"]);
    assert!(waiting(&counts).is_empty(), "a person is asked");
    // Two of three pieces of A are worth 42.29.
    assert!(lines.contains(&"sent: 4 for 89.36 = 2 for 42.29 + 0 for 0 + 2 for 47.07 + 0 for 0".to_owned()), "{lines:#?}");
    assert!(lines.contains(&"recorded: 4 for 94.36 = 4 for 94.36 + 0 for 0 + 0 for 0 + 0 for 0".to_owned()), "{lines:#?}");
}

#[test]
fn what_should_have_been_requested_is_off() {
    let run = Run::new(placed_example());
    let (lines, counts) = counted(&run, &["order-incomplete"]);
    assert!(lines.contains(&"recorded: 4 for 94.36 = 0 for 0 + 0 for 0 + 0 for 0 + 4 for 94.36".to_owned()), "{lines:#?}");
    assert!(waiting(&counts).iter().all(|(step, _)| *step != "recorded"), "a fault waits for nothing");
    assert!(counts.unsent[&Topic::SalesOrders].orders == 1 && counts.unsent[&Topic::JournalEntries].orders == 1, "{counts:?}");
    assert!(!counts.steps.values().all(|count| count.adds_up()));
}
