//! Work that threads share: the engine's own, and helpers where there are processors for them. What comes out does not depend on how many there
//! are, for the results are taken in the order of the pieces.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};
use std::thread;

/// Threads beside the engine's own. It alone stores facts and writes what is sealed, so more would wait for it.
const HELPERS_MAX: usize = 7;

/// Entities whose seal is worth a helper's waking: some hundred microseconds of work.
const SHARED_FROM: usize = 128;

/// Does each of `pieces` pieces of work, and gives the results to `take` in their order, on the calling thread, which helps rather than waits.
pub(super) fn share<T: Send>(pieces: usize, work: impl Fn(usize) -> T + Sync, mut take: impl FnMut(usize, T)) {
    let Some(pool) = helpers().filter(|_| pieces > 1) else {
        return (0..pieces).for_each(|piece| take(piece, work(piece)));
    };
    let next = AtomicUsize::new(0);
    // Does the first piece that nobody has taken, if there is one.
    let do_one = &|| {
        let piece = next.fetch_add(1, Ordering::Relaxed);
        (piece < pieces).then(|| (piece, work(piece)))
    };
    pool.in_place_scope(|scope| {
        let (done, arrivals) = mpsc::channel();
        for _ in 0..pool.current_num_threads().min(pieces - 1) {
            let done = done.clone();
            scope.spawn(move |_| while do_one().is_some_and(|result| done.send(result).is_ok()) {});
        }
        drop(done);
        let mut early: Vec<Option<T>> = (0..pieces).map(|_| None).collect();
        for piece in 0..pieces {
            let result = loop {
                if let Some(result) = early[piece].take() {
                    break result;
                }
                let arrived = arrivals.try_recv().ok().or_else(do_one).or_else(|| arrivals.recv().ok());
                // The helpers have gone and left it out: one has panicked, which goes on here at the end of the scope.
                let Some((piece, result)) = arrived else { return };
                early[piece] = Some(result);
            };
            take(piece, result);
        }
    });
}

/// Does each item's work, and gives the results to `take` as [`share`] does. So few entities in all that waking a helper takes longer: alone.
pub(super) fn share_each<I: Send, T: Send>(
    items: &mut [I],
    entities: impl Fn(&mut I) -> usize,
    work: impl Fn(usize, &mut I) -> T + Sync,
    mut take: impl FnMut(usize, T),
) {
    if items.iter_mut().map(entities).sum::<usize>() < SHARED_FROM {
        return items.iter_mut().enumerate().for_each(|(index, item)| take(index, work(index, item)));
    }
    // Each is locked once, by whoever does its work.
    let items: Vec<Mutex<&mut I>> = items.iter_mut().map(Mutex::new).collect();
    share(items.len(), |item| work(item, &mut items[item].lock().unwrap_or_else(PoisonError::into_inner)), take);
}

/// The helpers of all engines of this process; `None`: there are no processors for them.
fn helpers() -> Option<&'static rayon::ThreadPool> {
    static HELPERS: OnceLock<Option<rayon::ThreadPool>> = OnceLock::new();
    let helpers = HELPERS.get_or_init(|| {
        let threads = thread::available_parallelism().map_or(1, usize::from).saturating_sub(1).min(HELPERS_MAX);
        let named = rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(|index| format!("waybill-help{index}"));
        (threads > 0).then(|| named.build().ok()).flatten()
    });
    helpers.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_once_each_and_in_order() {
        for pieces in [0, 1, 2, 500] {
            let mut taken = Vec::new();
            share(pieces, |piece| piece * piece, |piece, square| taken.push((piece, square)));
            assert_eq!(taken, (0..pieces).map(|piece| (piece, piece * piece)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_panic_of_any_thread_is_the_callers() {
        let shared = std::panic::catch_unwind(|| share(100, |piece| assert_ne!(piece, 40), |_, ()| {}));
        assert!(shared.is_err());
    }
}
