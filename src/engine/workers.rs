//! The worker pool: work that the engine's thread shares with worker threads, where the machine has processors for them.
//!
//! Results are taken in the order of the work, so what comes out does not depend on the number of threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};
use std::thread;

/// Threads beside the engine's own. Only the engine's thread stores facts and writes what is sealed: more workers would wait for it.
const WORKERS_MAX: usize = 7;

/// From so many entities on, sealing them takes longer than waking a worker: some hundred microseconds.
const SHARED_FROM: usize = 128;

/// Does `work` for each number below `tasks` and gives the results to `take`, in order, on the calling thread. That thread works too, rather than
/// wait.
pub(super) fn run<T: Send>(tasks: usize, work: impl Fn(usize) -> T + Sync, mut take: impl FnMut(usize, T)) {
    let Some(pool) = pool().filter(|_| tasks > 1) else {
        return (0..tasks).for_each(|task| take(task, work(task)));
    };
    let next = AtomicUsize::new(0);
    // Does the first task that no thread has taken yet, if there is one.
    let do_one = &|| {
        let task = next.fetch_add(1, Ordering::Relaxed);
        (task < tasks).then(|| (task, work(task)))
    };
    pool.in_place_scope(|scope| {
        let (done, arrivals) = mpsc::channel();
        for _ in 0..pool.current_num_threads().min(tasks - 1) {
            let done = done.clone();
            scope.spawn(move |_| while do_one().is_some_and(|result| done.send(result).is_ok()) {});
        }
        drop(done);
        let mut early: Vec<Option<T>> = (0..tasks).map(|_| None).collect();
        for task in 0..tasks {
            let result = loop {
                if let Some(result) = early[task].take() {
                    break result;
                }
                let arrived = arrivals.try_recv().ok().or_else(do_one).or_else(|| arrivals.recv().ok());
                // All workers have ended without this result: one has panicked. Its panic goes on here at the end of the scope.
                let Some((task, result)) = arrived else { return };
                early[task] = Some(result);
            };
            take(task, result);
        }
    });
}

/// Does `work` for each item and gives the results to `take`, as [`run`] does. With few entities in all, alone: waking a worker would take longer.
pub(super) fn run_each<I: Send, T: Send>(
    items: &mut [I],
    entities: impl Fn(&mut I) -> usize,
    work: impl Fn(usize, &mut I) -> T + Sync,
    mut take: impl FnMut(usize, T),
) {
    if items.iter_mut().map(entities).sum::<usize>() < SHARED_FROM {
        return items.iter_mut().enumerate().for_each(|(index, item)| take(index, work(index, item)));
    }
    // Each is locked once, by the thread that does its work.
    let items: Vec<Mutex<&mut I>> = items.iter_mut().map(Mutex::new).collect();
    run(items.len(), |item| work(item, &mut items[item].lock().unwrap_or_else(PoisonError::into_inner)), take);
}

/// The pool of all engines of this process; `None`: the machine has no processors for workers.
fn pool() -> Option<&'static rayon::ThreadPool> {
    static POOL: OnceLock<Option<rayon::ThreadPool>> = OnceLock::new();
    let pool = POOL.get_or_init(|| {
        let threads = thread::available_parallelism().map_or(1, usize::from).saturating_sub(1).min(WORKERS_MAX);
        let named = rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(|index| format!("waybill-work{index}"));
        (threads > 0).then(|| named.build().ok()).flatten()
    });
    pool.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_once_each_and_in_order() {
        for tasks in [0, 1, 2, 500] {
            let mut taken = Vec::new();
            run(tasks, |task| task * task, |task, square| taken.push((task, square)));
            assert_eq!(taken, (0..tasks).map(|task| (task, task * task)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_workers_panic_is_the_callers() {
        let run = std::panic::catch_unwind(|| run(100, |task| assert_ne!(task, 40), |_, ()| {}));
        assert!(run.is_err());
    }
}
