//! The architectures of the paper.
