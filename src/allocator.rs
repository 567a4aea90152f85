//! The memory allocator's settings. An epoch takes tens of megabytes, and gives them back after its commit, by the thread that wrote it.

use std::ffi::c_long;

use libmimalloc_sys::{mi_option_set, mi_option_t};

/// `mi_option_purge_delay` in mimalloc's list of options (C: `mimalloc.h` of version 3); the binding names only some of them.
const PURGE_DELAY: mi_option_t = 15;
const PURGE_AFTER_MILLIS: c_long = 10_000;

/// `mi_option_generic_collect`.
const GENERIC_COLLECT: mi_option_t = 34;
/// The most that it takes.
const COLLECT_AFTER: c_long = 1_000_000;

/// Lets the process keep freed memory for ten seconds: the next epoch needs it again, and pages fresh from the kernel have to be cleared first, which
/// is a tenth of the engine's time. And looks all memory over a hundred times less often than by default: with gigabytes of state that is a
/// seventh of the engine's time. To be called once, before any thread is started.
pub fn keep_freed_memory() {
    for (option, value) in [(PURGE_DELAY, PURGE_AFTER_MILLIS), (GENERIC_COLLECT, COLLECT_AFTER)] {
        #[allow(unsafe_code)]
        // SAFETY: writes one number into mimalloc's table of options; not thread safe, and no other thread runs yet.
        unsafe {
            mi_option_set(option, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn default_of(option: mi_option_t) -> c_long {
        #[allow(unsafe_code)]
        // SAFETY: reads a number.
        unsafe {
            libmimalloc_sys::mi_option_get(option)
        }
    }

    /// A new version of mimalloc may have another list. The neighbours of both have defaults of 1 or less.
    #[test]
    fn the_options_are_those_that_are_meant() {
        for (option, default) in [(PURGE_DELAY, 1_000), (GENERIC_COLLECT, 10_000)] {
            assert_eq!(default_of(option), default);
            assert!([option - 1, option + 1].into_iter().all(|neighbour| default_of(neighbour) < 10));
        }
    }
}
