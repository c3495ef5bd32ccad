//! The table: one row or more for each operation of the engine's registry.

mod elementwise;
mod index;
mod layers;
mod shape;
mod slots;

use crate::case::Case;

/// All rows.
pub fn all() -> Vec<Case> {
    [elementwise::CASES, shape::CASES, index::CASES, layers::CASES, slots::CASES, layers::SLOTS].concat()
}
