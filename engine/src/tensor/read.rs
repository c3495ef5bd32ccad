use crate::{DType, Device, Element, Tensor};
use gradus_kernels::memory::Buffer;
use std::borrow::Cow;

/// Elements of tensors as Rust values.
impl Tensor {
    /// The elements in row-major order; panics if they are not of type `T`. Reading from a device copies them, which waits
    /// for all queued work.
    #[track_caller]
    pub fn to_vec<T: Element>(&self) -> Vec<T> {
        self.elements().into_owned()
    }

    /// The elements in row-major order, borrowed if the tensor is contiguous on the CPU; panics if they are not of type `T`.
    #[track_caller]
    pub fn elements<T: Element>(&self) -> Cow<'_, [T]> {
        assert_eq!(self.dtype(), T::DTYPE, "elements: a tensor of {} read as {}", self.dtype(), T::DTYPE);
        if self.device() != Device::Cpu {
            return Cow::Owned(self.detach().to_device(Device::Cpu).to_vec());
        }
        if self.layout.is_contiguous() {
            return Cow::Borrowed(self.src().slice());
        }
        Cow::Owned(self.packed().slice::<T>().to_vec())
    }

    /// The elements in row-major order as `f64`, whatever the dtype.
    pub fn to_f64(&self) -> Vec<f64> {
        self.detach().to_device(Device::Cpu).to_dtype(DType::F64).to_vec()
    }

    /// The only element as `f64`; panics if there is not exactly one.
    #[track_caller]
    pub fn item(&self) -> f64 {
        assert_eq!(
            self.count(),
            1,
            "item: a tensor of shape {:?} does not have exactly one element",
            self.shape()
        );
        self.to_f64()[0]
    }

    /// Whether no element is NaN or infinite.
    pub fn all_finite(&self) -> bool {
        match self.dtype() {
            DType::F32 => self.elements::<f32>().iter().all(|x| x.is_finite()),
            _ => self.to_f64().iter().all(|x| x.is_finite()),
        }
    }

    /// A row-major copy in a fresh buffer.
    pub(crate) fn packed(&self) -> Buffer {
        let mut buffer = Buffer::for_overwrite(self.kind(), self.count());
        let outcome = gradus_kernels::convert::copy_strided(
            &self.shape(),
            self.src(),
            self.layout.strides(),
            buffer.dst(),
        );
        crate::ops::ran("contiguous", self.kind(), outcome);
        buffer
    }
}
