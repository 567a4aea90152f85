//! A clock that was ahead, and an operator's way back.

use super::*;

impl Bench {
    fn tick(&self) -> Moment {
        self.engine.as_ref().expect("the application runs").core().tick()
    }
}

#[test]
fn the_states_time_is_set_back_and_stays_so_after_a_restart() {
    let mut bench = Bench::new();
    bench.start().expect("a fresh application starts");
    bench.order(1);
    bench.rest();
    let right = bench.now;
    bench.now = right + Span::days(400);
    bench.order(2);
    bench.rest();
    let wrong = bench.tick();
    assert!(wrong > right + Span::days(399));
    bench.start().expect("a restart");
    bench.order(3);
    bench.rest();
    assert!(bench.tick() >= wrong, "time does not go back by itself");
    let wrong = bench.tick();

    let engine = bench.engine.as_mut().expect("the application runs");
    let clock = right + Span::minutes(2);
    assert_eq!(now(engine.set_time_back(clock)).expect("is committed"), Some(wrong));
    assert_eq!(now(engine.set_time_back(clock)).expect("nothing to do"), None);
    assert_eq!(bench.tick(), clock);
    bench.start().expect("a restart");
    assert_eq!(bench.tick(), clock);
    assert_eq!(bench.created(), [1, 2, 3], "each is asked for once");
    let state = bench.engine.as_ref().expect("runs").core().published().order_by_key(&OrderKey::new("magento", "2")).expect("the order");
    assert!(state.since <= clock, "what waits since a tick that has not come waits since the clock: {}", state.since);
}
