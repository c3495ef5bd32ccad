//! Ways to train that wrap a task and are none.
//!
//! | folder | regime |
//! | --- | --- |
//! | [`distillation`] | a student learns from the outputs of a trained run |

pub mod distillation;
