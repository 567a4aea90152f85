//! The memory allocator's settings. An epoch takes tens of megabytes, and gives them back after its commit, by the thread that wrote it.

use std::ffi::c_long;

use libmimalloc_sys::{mi_option_set, mi_option_t};

/// `mi_option_purge_delay` in mimalloc's list of options (C: `mimalloc.h`); the binding names only some of them.
const PURGE_DELAY: mi_option_t = 15;
/// For ten times as long a freed piece of an arena stays with the process (`arena_purge_mult`).
const PURGE_AFTER_MILLIS: c_long = 1_000;

/// Lets the process keep freed memory for ten seconds: the next epoch needs it again, and pages fresh from the kernel have to be cleared first, which
/// is a tenth of the engine's time. To be called once, before any thread is started.
pub fn keep_freed_memory() {
    #[allow(unsafe_code)]
    // SAFETY: writes one number into mimalloc's table of options; not thread safe, and no other thread runs yet.
    unsafe {
        mi_option_set(PURGE_DELAY, PURGE_AFTER_MILLIS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new version of mimalloc may have another list.
    #[test]
    fn the_option_is_the_one_that_is_meant() {
        #[allow(unsafe_code)]
        // SAFETY: reads a number.
        let default = unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        // SAFETY: as above. Its neighbours have other defaults: commit delay of segments 1 or less, NUMA nodes 0.
        #[allow(unsafe_code)]
        let neighbours = unsafe { [libmimalloc_sys::mi_option_get(PURGE_DELAY - 1), libmimalloc_sys::mi_option_get(PURGE_DELAY + 1)] };
        assert!(default >= 10, "the delay is 10 ms or more by default, not {default}");
        assert!(neighbours.iter().all(|value| *value < 10), "{neighbours:?}");
    }
}
