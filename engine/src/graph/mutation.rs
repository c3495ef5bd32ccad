//! Planted errors in backward rules, to prove that the tests detect them.
//!
//! Compiled with the feature `mutation`, which only the tests of this workspace turn on.

use super::Grad;
use std::cell::Cell;

/// An error planted in the rule of one operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mutation {
    /// The operation.
    pub op: &'static str,
    /// The input whose gradient is wrong.
    pub input: usize,
    /// The error.
    pub fault: Fault,
}

/// What a planted error does to a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The sign is wrong.
    Negate,
    /// The gradient is missing.
    Drop,
}

thread_local! {
    static PLANTED: Cell<Option<Mutation>> = const { Cell::new(None) };
}

/// Runs `f` with an error planted on this thread, in the first node of that operation that a sweep reaches.
pub fn with<R>(mutation: Mutation, f: impl FnOnce() -> R) -> R {
    struct Clear;
    impl Drop for Clear {
        fn drop(&mut self) {
            PLANTED.set(None);
        }
    }
    PLANTED.set(Some(mutation));
    let _clear = Clear;
    f()
}

pub(super) fn apply(op: &str, given: &mut [Option<Grad>]) {
    let Some(m) = PLANTED.get() else { return };
    if m.op != op || m.input >= given.len() {
        return;
    }
    // Only once: two wrong signs on one path would cancel.
    PLANTED.set(None);
    given[m.input] = match m.fault {
        Fault::Drop => None,
        Fault::Negate => given[m.input].take().map(|g| g.scaled(-1.0)),
    };
}
