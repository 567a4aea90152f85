//! Which partition is read next, so that all of them advance together: always the one whose next record has the oldest timestamp.
//!
//! | a partition | what happens |
//! | --- | --- |
//! | its next record is fetched | it is read when no other partition's next record is older |
//! | it is read to its end | it holds no other back |
//! | dry: its next record is not fetched yet, and may be old | the others wait once they would be [`WINDOW`] ahead, for [`PATIENCE`] at most |
//!
//! When reading has caught up, records are seconds old, no partition is more than a window ahead, and nothing waits.

use std::time::{Duration, Instant};

use crate::facts::Moment;
use crate::facts::time::Span;

/// How far one partition may run ahead of another that is dry. Longer: records that belong together are read further apart. Shorter: more waiting.
pub const WINDOW: Span = Span::minutes(1);
/// How long the others wait for a dry partition. Longer: one that stalls holds up all others. Shorter: a slow broker's partition falls behind.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// What is known of the next record of a partition.
#[derive(Clone, Copy, Debug, Default)]
pub struct PartitionHead {
    /// Timestamp of the next record, if it is fetched.
    pub next: Option<Moment>,
    /// Timestamp of the newest record taken from it.
    pub reached: Option<Moment>,
    /// The partition is read to its end, as the broker says.
    pub at_end: bool,
    /// Since when the partition is dry.
    pub dry_since: Option<Instant>,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Read all records up to this timestamp from one partition: no other has an older one.
    Take {
        /// Which of the partitions.
        index: usize,
        /// No record newer than this.
        up_to: Moment,
    },
    /// Wait for a dry partition, at most so long.
    Wait(Duration),
    /// No record is fetched.
    Nothing,
}

impl PartitionHead {
    /// How long the partition still holds others back; `None`: it does not.
    fn patience(&self, now: Instant) -> Option<Duration> {
        if self.next.is_some() || self.at_end {
            return None;
        }
        let waited = self.dry_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        PATIENCE.checked_sub(waited).filter(|left| !left.is_zero())
    }

    /// The timestamp that others may not pass while this partition is dry.
    fn bound(&self) -> Moment {
        self.reached.map_or(Moment(i64::MIN), |reached| reached + WINDOW)
    }
}

/// Chooses the next partition. `heads` must give the partitions in the same order each time.
pub fn choose(heads: impl Iterator<Item = PartitionHead> + Clone, now: Instant) -> Choice {
    let mut oldest: Option<(Moment, usize)> = None;
    let mut up_to = Moment(i64::MAX);
    for (index, next) in heads.clone().enumerate().filter_map(|(index, head)| Some((index, head.next?))) {
        match oldest {
            Some((least, _)) if next >= least => up_to = up_to.min(next),
            _ => {
                up_to = oldest.map_or(up_to, |(before, _)| up_to.min(before));
                oldest = Some((next, index));
            }
        }
    }
    let Some((least, index)) = oldest else { return Choice::Nothing };
    let mut wait: Option<Duration> = None;
    for (bound, patience) in heads.filter_map(|head| Some((head.bound(), head.patience(now)?))) {
        if bound < least {
            wait = Some(wait.map_or(patience, |wait| wait.max(patience)));
        }
        up_to = up_to.min(bound);
    }
    wait.map_or(Choice::Take { index, up_to }, Choice::Wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(next: i64) -> PartitionHead {
        PartitionHead { next: Some(Moment(next)), ..PartitionHead::default() }
    }

    fn dry(reached: i64, since: Instant) -> PartitionHead {
        PartitionHead { reached: Some(Moment(reached)), dry_since: Some(since), ..PartitionHead::default() }
    }

    #[test]
    fn the_oldest_record_is_taken_and_all_behind_it_up_to_the_next_partition() {
        let now = Instant::now();
        let end = PartitionHead { at_end: true, ..PartitionHead::default() };
        assert_eq!(choose([there(7), there(3), there(5), end].into_iter(), now), Choice::Take { index: 1, up_to: Moment(5) });
        assert_eq!(choose([there(3), there(7)].into_iter(), now), Choice::Take { index: 0, up_to: Moment(7) });
        assert_eq!(choose([there(3), there(3)].into_iter(), now), Choice::Take { index: 0, up_to: Moment(3) });
        assert_eq!(choose([end].into_iter(), now), Choice::Nothing);
    }

    #[test]
    fn a_partition_that_is_a_window_behind_is_waited_for_and_not_for_ever() {
        let now = Instant::now();
        let ahead = there(WINDOW.0 * 3);
        assert_eq!(choose([ahead, dry(5, now)].into_iter(), now), Choice::Wait(PATIENCE));
        assert_eq!(choose([ahead, PartitionHead::default()].into_iter(), now), Choice::Wait(PATIENCE));
        let later = now + PATIENCE;
        assert_eq!(choose([ahead, dry(5, now)].into_iter(), later), Choice::Take { index: 0, up_to: Moment(i64::MAX) });
    }

    #[test]
    fn nothing_is_waited_for_where_all_are_at_the_head() {
        let now = Instant::now();
        let head = 1_000_000_000;
        let choice = choose([there(head), dry(head - 500, now)].into_iter(), now);
        assert_eq!(choice, Choice::Take { index: 0, up_to: Moment(head - 500) + WINDOW });
    }
}
