//! Ends the process when a call into librdkafka does not return, or when closing takes too long.
//!
//! Transactional calls have hung for ever more than once (a coordinator that went away). Ending the process is safe: the broker aborts the open
//! transaction, and the next start goes on from what was committed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::exit;
use crate::telemetry::say;

const NONE: u64 = u64::MAX;
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a call may take after brokers have come back.
const PATIENCE: Duration = Duration::from_secs(40);

/// What the watchdog does: end the process with this exit code and reason; in tests something that can be seen.
pub(super) type Bite = Arc<dyn Fn(u8, &str) + Send + Sync>;

/// While this says so, brokers are known to be away: a call that waits for them does not hang. It gets the same time again once they answer.
pub(super) type Away = Box<dyn Fn() -> bool + Send>;

/// Watches one call at a time, and the end of the log. Of two calls that overlap only the later one is watched.
#[derive(Clone)]
pub(super) struct Watchdog {
    inner: Arc<Inner>,
}

struct Inner {
    begun: Instant,
    /// Milliseconds since `begun`; `NONE`: nothing is watched.
    call_until: AtomicU64,
    close_until: AtomicU64,
    ended: AtomicBool,
}

impl Watchdog {
    pub(super) fn new(bite: Bite, away: Away) -> std::io::Result<Self> {
        let inner = Arc::new(Inner {
            begun: Instant::now(),
            call_until: AtomicU64::new(NONE),
            close_until: AtomicU64::new(NONE),
            ended: AtomicBool::new(false),
        });
        let watched = Arc::downgrade(&inner);
        thread::Builder::new().name("waybill-watchdog".into()).spawn(move || watch(&watched, &bite, &away))?;
        Ok(Self { inner })
    }

    /// Runs a call that must return within `limit`; else the process ends.
    pub(super) fn during<T>(&self, limit: Duration, call: impl FnOnce() -> T) -> T {
        self.inner.call_until.store(self.inner.at(limit), Ordering::Release);
        let result = call();
        self.inner.call_until.store(NONE, Ordering::Release);
        result
    }

    /// From now on the log must have ended within `limit`.
    pub(super) fn close_within(&self, limit: Duration) {
        let until = self.inner.at(limit);
        self.inner.close_until.fetch_min(until, Ordering::AcqRel);
    }

    /// The log has ended: nothing is watched any more.
    pub(super) fn end(&self) {
        self.inner.ended.store(true, Ordering::Release);
    }
}

impl Inner {
    fn at(&self, limit: Duration) -> u64 {
        (self.begun.elapsed() + limit).as_millis().try_into().unwrap_or(NONE - 1)
    }
}

/// Looks until the log has ended or was dropped.
fn watch(watched: &Weak<Inner>, bite: &Bite, away: &Away) {
    while let Some(inner) = watched.upgrade().filter(|inner| !inner.ended.load(Ordering::Acquire)) {
        let now = inner.at(Duration::ZERO);
        let until = inner.call_until.load(Ordering::Acquire);
        if until != NONE && away() {
            // Fails where the call has returned meanwhile.
            let _ = inner.call_until.compare_exchange(until, until.max(inner.at(PATIENCE)), Ordering::AcqRel, Ordering::Acquire);
        } else if now > until {
            inner.call_until.store(NONE, Ordering::Release);
            bite(exit::RESTART, "a call into the Kafka client does not return");
        }
        if now > inner.close_until.load(Ordering::Acquire) {
            inner.close_until.store(NONE, Ordering::Release);
            bite(exit::CLOSING, "closing takes too long");
        }
        drop(inner);
        thread::sleep(LOOK_EVERY);
    }
}

/// Ends the process at once: no destructors, no exit handlers, which could hang as the call does.
pub(super) fn end_process() -> Bite {
    Arc::new(|code, why| {
        say::process_ended(code, why);
        end_now(code)
    })
}

/// Ends the process with this code, and waits for nothing.
pub fn end_now(code: u8) -> ! {
    #[allow(unsafe_code)]
    // SAFETY: `_exit` takes an integer, touches no memory of ours and does not return.
    unsafe {
        libc::_exit(i32::from(code))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn bites_for_a_call_that_does_not_return_and_for_no_other() {
        let (bitten, bites) = mpsc::channel();
        let outage = Arc::new(AtomicBool::new(true));
        let away = Arc::clone(&outage);
        let bite = Arc::new(move |code, _: &str| {
            let _ = bitten.send(code);
        });
        let watchdog = Watchdog::new(bite, Box::new(move || away.load(Ordering::Acquire))).unwrap();
        watchdog.during(Duration::from_secs(3600), || ());
        watchdog.during(Duration::from_millis(150), || {
            assert!(bites.recv_timeout(Duration::from_millis(400)).is_err(), "the brokers are away")
        });
        outage.store(false, Ordering::Release);
        watchdog.during(Duration::ZERO, || assert_eq!(bites.recv(), Ok(exit::RESTART)));
        watchdog.close_within(Duration::ZERO);
        assert_eq!(bites.recv(), Ok(exit::CLOSING));
        watchdog.end();
        assert!(bites.recv().is_err(), "it bites no more once the log has ended");
    }
}
