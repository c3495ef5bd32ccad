//! Tensors, gradients, layers, losses and optimizers.
