//! Which partition is read next, so that all of them advance together: always the one whose next record is the oldest by its timestamp.
//!
//! | a partition | is |
//! | --- | --- |
//! | whose next record is there | taken from when no other's is older |
//! | at its end | left out |
//! | dry: its next record is not there yet, and may be old | waited for, once the others would run ahead of it by more than the window; never longer than the patience |
//!
//! At the head, where records are as old as the network is slow, nobody is more than a window ahead: nothing is ever waited for.

use std::time::{Duration, Instant};

use crate::facts::Moment;
use crate::facts::time::Span;

/// How far one partition may run ahead of another that is dry. Longer: what belongs together is read further apart. Shorter: more waiting.
const WINDOW: Span = Span::minutes(1);
/// How long a dry partition is waited for. Longer: one that stalls holds all others up. Shorter: a slow broker's partition falls behind.
const PATIENCE: Duration = Duration::from_secs(1);

/// How one partition stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    /// Timestamp of its next record, where that is there.
    pub next: Option<Moment>,
    /// Timestamp of the newest record taken from it.
    pub reached: Option<Moment>,
    /// Its last record is taken, as the broker says.
    pub at_end: bool,
    /// Since when its next record is missing.
    pub dry_since: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Take from this partition all records up to this timestamp: no other has an older one.
    Take { place: usize, up_to: Moment },
    /// A dry partition is waited for, so long at most.
    Wait(Duration),
    /// No record is there.
    Nothing,
}

impl Standing {
    /// How long it still holds others back; `None`: it does not.
    fn patience(&self, now: Instant) -> Option<Duration> {
        if self.next.is_some() || self.at_end {
            return None;
        }
        let waited = self.dry_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        PATIENCE.checked_sub(waited).filter(|left| !left.is_zero())
    }

    /// The timestamp that others may not pass while this one is dry.
    fn bound(&self) -> Moment {
        self.reached.map_or(Moment(i64::MIN), |reached| reached + WINDOW)
    }
}

/// Chooses. `standings` are asked by place, in an order that does not change.
pub fn choose(standings: impl Iterator<Item = Standing> + Clone, now: Instant) -> Choice {
    let mut oldest: Option<(Moment, usize)> = None;
    let mut up_to = Moment(i64::MAX);
    for (place, next) in standings.clone().enumerate().filter_map(|(place, standing)| Some((place, standing.next?))) {
        match oldest {
            Some((least, _)) if next >= least => up_to = up_to.min(next),
            _ => {
                up_to = oldest.map_or(up_to, |(before, _)| up_to.min(before));
                oldest = Some((next, place));
            }
        }
    }
    let Some((least, place)) = oldest else { return Choice::Nothing };
    let mut wait: Option<Duration> = None;
    for (bound, patience) in standings.filter_map(|standing| Some((standing.bound(), standing.patience(now)?))) {
        if bound < least {
            wait = Some(wait.map_or(patience, |wait| wait.max(patience)));
        }
        up_to = up_to.min(bound);
    }
    wait.map_or(Choice::Take { place, up_to }, Choice::Wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(next: i64) -> Standing {
        Standing { next: Some(Moment(next)), ..Standing::default() }
    }

    fn dry(reached: i64, since: Instant) -> Standing {
        Standing { reached: Some(Moment(reached)), dry_since: Some(since), ..Standing::default() }
    }

    #[test]
    fn the_oldest_record_is_taken_and_all_behind_it_up_to_the_next_partition() {
        let now = Instant::now();
        let end = Standing { at_end: true, ..Standing::default() };
        assert_eq!(choose([there(7), there(3), there(5), end].into_iter(), now), Choice::Take { place: 1, up_to: Moment(5) });
        assert_eq!(choose([there(3), there(7)].into_iter(), now), Choice::Take { place: 0, up_to: Moment(7) });
        assert_eq!(choose([there(3), there(3)].into_iter(), now), Choice::Take { place: 0, up_to: Moment(3) });
        assert_eq!(choose([end].into_iter(), now), Choice::Nothing);
    }

    #[test]
    fn a_partition_that_is_a_window_behind_is_waited_for_and_not_for_ever() {
        let now = Instant::now();
        let ahead = there(WINDOW.0 * 3);
        assert_eq!(choose([ahead, dry(5, now)].into_iter(), now), Choice::Wait(PATIENCE));
        assert_eq!(choose([ahead, Standing::default()].into_iter(), now), Choice::Wait(PATIENCE));
        let later = now + PATIENCE;
        assert_eq!(choose([ahead, dry(5, now)].into_iter(), later), Choice::Take { place: 0, up_to: Moment(i64::MAX) });
    }

    #[test]
    fn nothing_is_waited_for_where_all_are_at_the_head() {
        let now = Instant::now();
        let head = 1_000_000_000;
        let choice = choose([there(head), dry(head - 500, now)].into_iter(), now);
        assert_eq!(choice, Choice::Take { place: 0, up_to: Moment(head - 500) + WINDOW });
    }
}
