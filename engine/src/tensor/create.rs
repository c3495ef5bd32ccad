use crate::{DType, Element, Kind, Rng, Shape, Tensor};
use gradus_kernels::memory::Buffer;
use gradus_kernels::{dropout, elementwise};

/// Tensors from slices, constants and random numbers.
impl Tensor {
    /// A copy of a slice in row-major order, `u8` as `bool`; panics if the shape has a different number of elements, or a `bool`
    /// is neither 0 nor 1.
    #[track_caller]
    pub fn from_slice<T: Element>(values: &[T], shape: impl Into<Shape>) -> Tensor {
        let shape = shape.into();
        assert_eq!(
            values.len(),
            shape.count(),
            "from_slice: {} values for the shape {shape:?}",
            values.len()
        );
        if T::DTYPE == DType::Bool {
            let wrong = values.iter().map(|value| value.to_f64()).find(|&value| value > 1.0);
            assert!(
                wrong.is_none(),
                "from_slice: a bool must be 0 or 1, found {}",
                wrong.unwrap_or_default()
            );
        }
        Tensor::from_buffer(Buffer::from_slice(values), shape)
    }

    /// A tensor with one element and no axes.
    pub fn scalar<T: Element>(value: T) -> Tensor {
        Tensor::from_slice(&[value], [])
    }

    /// All elements `value`, which an integer dtype must have exactly; `kind` is a dtype, for a tensor on the CPU, or a [`Kind`] with the device.
    #[track_caller]
    pub fn full(shape: impl Into<Shape>, value: f64, kind: impl Into<Kind>) -> Tensor {
        let (shape, kind) = (shape.into(), kind.into());
        assert!(crate::ops::holds(kind.dtype, value), "full: {value} is no number of {}", kind.dtype);
        let mut buffer = Buffer::for_overwrite(kind, shape.count());
        crate::ops::ran("full", kind, elementwise::fill(buffer.dst(), value));
        Tensor::from_buffer(buffer, shape)
    }

    /// All elements 0.
    #[track_caller]
    pub fn zeros(shape: impl Into<Shape>, kind: impl Into<Kind>) -> Tensor {
        let shape = shape.into();
        Tensor::from_buffer(Buffer::zeros(kind, shape.count()), shape)
    }

    /// All elements 1.
    #[track_caller]
    pub fn ones(shape: impl Into<Shape>, kind: impl Into<Kind>) -> Tensor {
        Tensor::full(shape, 1.0, kind)
    }

    /// All elements 0, of this tensor's shape and kind.
    pub fn zeros_like(&self) -> Tensor {
        Tensor::zeros(self.shape(), self.kind())
    }

    /// All elements 1, of this tensor's shape and kind.
    pub fn ones_like(&self) -> Tensor {
        Tensor::ones(self.shape(), self.kind())
    }

    /// 0, 1, …, n − 1 as `i64`.
    pub fn arange(n: usize) -> Tensor {
        Tensor::from_slice(&(0..n as i64).collect::<Vec<_>>(), [n])
    }

    /// Uniform between low and high, `f32`. low is drawn as often as any other number; high only where rounding to `f32` reaches
    /// it.
    #[track_caller]
    pub fn uniform(shape: impl Into<Shape>, low: f64, high: f64, rng: &mut Rng) -> Tensor {
        let shape = shape.into();
        let fits = low <= high && ((high - low) as f32).is_finite();
        assert!(fits, "uniform: {low} to {high} is no range of f32");
        if rng.is_blank() {
            return Tensor::zeros(shape, DType::F32);
        }
        let mut buffer = Buffer::for_overwrite(DType::F32, shape.count());
        crate::ops::ran(
            "uniform",
            DType::F32.into(),
            dropout::uniform(low, high, rng.stream(), buffer.dst()),
        );
        Tensor::from_buffer(buffer, shape)
    }

    /// Normal with this mean and standard deviation, `f32`.
    #[track_caller]
    pub fn normal(shape: impl Into<Shape>, mean: f64, std: f64, rng: &mut Rng) -> Tensor {
        let shape = shape.into();
        assert!(std >= 0.0, "normal: the standard deviation {std} must be at least 0");
        if rng.is_blank() {
            return Tensor::zeros(shape, DType::F32);
        }
        let mut buffer = Buffer::for_overwrite(DType::F32, shape.count());
        crate::ops::ran("normal", DType::F32.into(), dropout::normal(mean, std, rng.stream(), buffer.dst()));
        Tensor::from_buffer(buffer, shape)
    }
}
