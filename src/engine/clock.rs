//! Is this machine's clock to be believed?
//!
//! Time enters the engine as the tick of each epoch, and it never goes back. One epoch under a clock that is 400 days ahead would hold back the mails of a
//! year, over every restart. So a moment is handed over only while nothing speaks against it:
//!
//! | the clock | is |
//! | --- | --- |
//! | moved by more than [`STEP_MAX`] against the time that has really passed | doubted, until it is back; or until it has stood for [`STANDS`] and the broker's clock agrees |
//! | differs from the broker's by more than [`DIFFERS_MAX`] | doubted, until it does not |
//! | is behind the state's last tick by more than [`BEHIND_MAX`] | doubted, until it has caught up; or an operator sets the state's time back (`waybill set-time-back`) |
//!
//! The broker is asked by a record that it dates itself. Where it can't be asked, the clock is believed; a step then has to stand for
//! [`STANDS_UNASKED`]. Where broker and process run on one machine, both clocks may be wrong together: of that nothing but a step can be seen.

use std::time::Duration;

use crate::facts::Moment;
use crate::facts::time::Span;

/// A clock that is set gently moves by milliseconds. Smaller: the hiccups of virtual machines are doubted.
const STEP_MAX: Span = Span::minutes(2);
/// Records that are dated more than an hour ahead are refused by Kafka; mails wait for minutes.
const DIFFERS_MAX: Span = Span::minutes(5);
/// Two machines of one application may differ by so much.
const BEHIND_MAX: Span = Span::minutes(5);
/// How long a step must stand before it is believed, if the broker's clock agrees. After a pause NTP corrects a wrong clock within seconds.
const STANDS: Duration = Duration::from_secs(60);
const STANDS_UNASKED: Duration = Duration::from_secs(600);

/// What speaks for a clock and against it.
#[derive(Clone, Debug, Default)]
pub struct ClockGuard {
    /// The clock at the last look, and the time that had passed: where it must be by now follows.
    last: Option<Look>,
    step: Option<Step>,
    /// The broker's clock less ours, when it was last asked.
    broker: Option<(Span, Duration)>,
}

#[derive(Clone, Copy, Debug)]
struct Look {
    clock: Moment,
    passed: Duration,
}

/// The clock was moved.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Where it came from.
    from: Look,
    /// Where it went.
    to: Look,
}

impl Look {
    /// How far a later look is from where the clock should be by then.
    fn error(&self, later: &Self) -> Span {
        let passed = later.passed.saturating_sub(self.passed);
        Span((later.clock - self.clock).0.saturating_sub(i64::try_from(passed.as_millis()).unwrap_or(i64::MAX)))
    }
}

fn size(span: Span) -> Span {
    if span.0 < 0 { Span(span.0.saturating_neg()) } else { span }
}

impl ClockGuard {
    /// What the broker's clock said, at a moment of ours; `passed` is the time that has really passed since any fixed moment.
    pub fn broker_said(&mut self, broker: Moment, ours: Moment, passed: Duration) {
        self.broker = Some((broker - ours, passed));
    }

    /// The clock, if it is to be believed; else a sentence that says why not. `tick` is the state's last one.
    pub fn look(&mut self, clock: Moment, passed: Duration, tick: Moment) -> Result<Moment, String> {
        let now = Look { clock, passed };
        let from = self.step.map_or(self.last, |step| Some(step.from));
        match from {
            Some(from) if size(from.error(&now)) > STEP_MAX => self.stepped(from, now)?,
            _ => self.step = None,
        }
        if let Some((differs, _)) = self.broker.filter(|(differs, _)| size(*differs) > DIFFERS_MAX) {
            let way = if differs.0 < 0 { "ahead of" } else { "behind" };
            return Err(format!(
                "the clock of this machine is {} {way} the broker's: set the clock that is wrong. Nothing is committed meanwhile",
                shown(size(differs))
            ));
        }
        // Only a clock that agrees with the broker's is what later ones are compared with.
        self.last = Some(now);
        if clock + BEHIND_MAX < tick {
            return Err(format!(
                "the state's time is {tick}, {} ahead of this machine's clock ({clock}): a clock was wrong once, or is now. If this clock is right, end \
                 this process, run `waybill set-time-back`, and start again; nothing is committed before the clock has reached the state's time",
                shown(tick - clock)
            ));
        }
        Ok(clock)
    }

    /// The clock was moved: it must stand where it is now, and the broker must agree.
    fn stepped(&mut self, from: Look, now: Look) -> Result<(), String> {
        let to = self.step.map(|step| step.to).filter(|to| size(to.error(&now)) <= STEP_MAX).unwrap_or(now);
        self.step = Some(Step { from, to });
        let stands = now.passed.saturating_sub(to.passed);
        let asked = self.broker.filter(|(_, passed)| *passed > to.passed);
        let agrees = asked.is_some_and(|(differs, _)| size(differs) <= DIFFERS_MAX);
        if (agrees && stands >= STANDS) || (asked.is_none() && stands >= STANDS_UNASKED) {
            self.step = None;
            return Ok(());
        }
        let error = from.error(&now);
        let way = if error.0 < 0 { "back" } else { "ahead" };
        Err(format!(
            "the clock of this machine was set {way} by {} at once: that is not believed before it has stood for {} s and the broker's clock agrees. Nothing \
             is committed meanwhile",
            shown(size(error)),
            STANDS.as_secs()
        ))
    }
}

/// As a person says it: the two largest units.
fn shown(span: Span) -> String {
    let seconds = span.0 / 1_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Moment = Moment(1_772_446_500_000);

    /// A machine whose real time runs, with a clock that is so many seconds off.
    struct Machine {
        guard: ClockGuard,
        passed: u64,
        tick: Moment,
    }

    impl Machine {
        fn new() -> Self {
            Self { guard: ClockGuard::default(), passed: 0, tick: Moment::MIN }
        }

        fn right(&self) -> Moment {
            START + Span::seconds(self.passed as i64)
        }

        /// So many seconds later, with a clock that is off; the broker is asked, whose clock is right, or off too.
        fn later(&mut self, seconds: u64, off: i64, broker_off: Option<i64>) -> Result<Moment, String> {
            self.passed += seconds;
            let clock = self.right() + Span::seconds(off);
            if let Some(broker_off) = broker_off {
                self.guard.broker_said(self.right() + Span::seconds(broker_off), clock, Duration::from_secs(self.passed));
            }
            let looked = self.guard.look(clock, Duration::from_secs(self.passed), self.tick);
            if let Ok(clock) = looked {
                self.tick = self.tick.max(clock);
            }
            looked
        }
    }

    const DAY: i64 = 86_400;

    #[test]
    fn a_clock_that_is_wrong_for_a_moment_is_never_handed_over() {
        for off in [400 * DAY, 3_600, -3_600, 180, -180] {
            let mut machine = Machine::new();
            machine.later(0, 0, Some(0)).expect("right");
            for _ in 0..30 {
                let doubt = machine.later(1, off, Some(0)).expect_err("not believed");
                assert!(doubt.contains("clock"), "{doubt}");
            }
            assert_eq!(machine.later(1, 0, Some(0)), Ok(machine.right()), "corrected, it goes on at once");
            assert_eq!(machine.tick, machine.right());
        }
    }

    /// Broker and process on one machine: both are wrong, and corrected within a minute.
    #[test]
    fn a_step_that_the_broker_shares_must_stand() {
        let mut machine = Machine::new();
        machine.later(0, 0, Some(0)).expect("right");
        for _ in 0..59 {
            machine.later(1, 400 * DAY, Some(400 * DAY)).expect_err("not yet");
        }
        assert_eq!(machine.later(1, 0, Some(0)), Ok(machine.right()));
        // A machine that slept for two hours: its clock is right after the step.
        for _ in 0..60 {
            machine.later(1, 7_200, Some(7_200)).expect_err("not yet");
        }
        machine.later(1, 7_200, Some(7_200)).expect("it has stood, and the broker agrees");
        machine.later(1, 7_200, Some(7_200)).expect("and on");
    }

    #[test]
    fn a_step_upon_a_step_stands_from_the_second_on() {
        let mut machine = Machine::new();
        machine.later(0, 0, Some(0)).expect("right");
        for off in [3_600, 7_200] {
            for _ in 0..50 {
                machine.later(1, off, Some(off)).expect_err("not yet");
            }
        }
        for _ in 0..10 {
            machine.later(1, 7_200, Some(7_200)).expect_err("not yet");
        }
        machine.later(1, 7_200, Some(7_200)).expect("now");
    }

    #[test]
    fn small_steps_and_slow_machines_are_no_matter() {
        let mut machine = Machine::new();
        for (seconds, off) in [(0, 0), (1, 30), (1, -60), (3_600, -60), (1, 20)] {
            machine.later(seconds, off, Some(0)).expect("believed");
        }
    }

    #[test]
    fn a_start_with_a_clock_that_differs_from_the_brokers_waits_until_it_does_not() {
        for (off, way) in [(7_200, "2 h 0 min ahead of the broker's"), (-3_600, "1 h 0 min behind the broker's"), (400, "6 min ahead")] {
            let mut machine = Machine::new();
            let doubt = machine.later(0, off, Some(0)).expect_err("not believed");
            assert!(doubt.contains(way), "{doubt}");
            machine.later(90, off, Some(0)).expect_err("however long it stands");
            machine.later(1, 0, Some(0)).expect("set right");
        }
        let mut machine = Machine::new();
        machine.later(0, 100, Some(0)).expect("two machines differ by a minute or two");
    }

    #[test]
    fn a_start_behind_the_states_time_waits_or_asks_for_an_operator() {
        let mut machine = Machine::new();
        machine.tick = START + Span::days(400);
        let doubt = machine.later(0, 0, Some(0)).expect_err("not believed");
        assert!(doubt.contains("400 d 0 h ahead") && doubt.contains("waybill set-time-back"), "{doubt}");
        // Another machine, ten minutes behind the one before: it waits until it has caught up.
        let mut machine = Machine::new();
        machine.tick = START + Span::minutes(10);
        machine.later(60, 0, Some(0)).expect_err("nine minutes behind");
        machine.later(241, 0, Some(0)).expect("less than five");
    }

    #[test]
    fn where_the_broker_cannot_be_asked_a_step_must_stand_for_longer() {
        let mut machine = Machine::new();
        machine.later(0, 0, None).expect("nothing speaks against it");
        for _ in 0..600 {
            machine.later(1, 3_600, None).expect_err("not yet");
        }
        machine.later(1, 3_600, None).expect("it has stood for ten minutes");
    }
}
