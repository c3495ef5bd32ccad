//! Kernels: slices and device buffers in, numbers out.
