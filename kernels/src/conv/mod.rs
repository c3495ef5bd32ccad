//! Convolutions over time.

pub mod conv1d;
pub mod conv_relu_max;
pub mod embedding_conv_relu_max;
