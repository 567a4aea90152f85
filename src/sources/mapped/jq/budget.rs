//! How much work an expression may do: one that never ends, or that builds ever larger values, is given up with a reason.
//!
//! The interpreter asks its table for every term that it evaluates ([`step`]), and values say how much they copy or compare ([`spend`]). What goes beyond
//! the budget, deeper than the stack allows or deeper than [`DEPTH_MAX`] unwinds to [`bounded`], which drops all that was begun.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Values nest so deep at most: they are read, written, compared and dropped one level within the other.
pub(super) const DEPTH_MAX: u16 = 256;
/// Bytes of stack that expressions may take, of the 2 MiB that a thread has.
const STACK_MAX: usize = 512 << 10;
/// Steps of an expression that no record has paid for.
const STEPS_MIN: u64 = 200_000;
/// Steps for each byte of the record. An ordinary mapping takes one step for a few bytes.
const STEPS_PER_BYTE: u64 = 200;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
    static STACK: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Why it was given up.
struct GivenUp(&'static str);

/// The steps that the expressions of a record with so many bytes have, all rows together.
pub fn steps(bytes: usize) -> u64 {
    STEPS_MIN + STEPS_PER_BYTE * bytes as u64
}

/// Runs `work` within so many steps.
///
/// # Errors
/// Why it was given up.
pub fn bounded<T>(steps: u64, work: impl FnOnce() -> T) -> Result<T, &'static str> {
    let before = (LEFT.replace(steps), STACK.replace(here()));
    let ended = catch_unwind(AssertUnwindSafe(work));
    LEFT.set(before.0);
    STACK.set(before.1);
    ended.map_err(|payload: Box<dyn Any + Send>| payload.downcast::<GivenUp>().map_or("the interpreter failed", |given_up| given_up.0))
}

fn give_up(why: &'static str) -> ! {
    resume_unwind(Box::new(GivenUp(why)))
}

/// About where the stack has grown to.
fn here() -> usize {
    let marker = 0_u8;
    std::hint::black_box(std::ptr::from_ref(&marker)).addr()
}

/// The interpreter takes a step.
pub(super) fn step() {
    if STACK.get().saturating_sub(here()) > STACK_MAX && STACK.get() != usize::MAX {
        give_up("it calls itself too deep");
    }
    spend(1);
}

/// A value of so many parts is copied, compared or written.
pub(super) fn spend(parts: usize) {
    match LEFT.get().checked_sub(parts as u64) {
        Some(left) => LEFT.set(left),
        None => give_up("it does not come to an end (it took more steps than a record of this size has)"),
    }
}

/// How deep a value is that holds one of this depth.
pub(super) fn deeper(depth: u16) -> u16 {
    if depth >= DEPTH_MAX {
        give_up("its values nest too deep");
    }
    depth + 1
}
