//! The names that a program needs: `use gradus_engine::prelude::*;`.
//!
//! Losses and the less frequent layers and optimizer parts are reached through the modules [`losses`], [`nn`] and [`optim`].

pub use crate::losses::{self, Reduction};
pub use crate::nn::{
    self, Activation, Conv1d, Dropout, Embedding, Layer, LayerNorm, Linear, Lstm, LstmConfig, Sequential,
};
pub use crate::optim::{self, Optimizer, OptimizerConfig, Rule, Schedule};
pub use crate::{
    CreateGraph, DType, Device, Gradients, Mode, Module, Param, Rng, Shape, Tensor, Visitor, checkpoint,
    grad, hvp, no_grad,
};
