use crate::{DType, Element};

/// Where a buffer lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Device {
    /// Main memory.
    #[default]
    Cpu,
}

/// What a kernel's entry answers.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The kernel ran.
    Done,
    /// This device or dtype has no such kernel: the caller runs the reference.
    NoKernel,
}

/// Numbers to read, on some device, of some dtype.
///
/// Entries of kernels take these, so that whoever calls them need not know which devices exist.
#[derive(Clone, Copy)]
pub struct Src<'a> {
    dtype: DType,
    bytes: &'a [u8],
}

/// Numbers to write, on some device, of some dtype.
pub struct Dst<'a> {
    dtype: DType,
    bytes: &'a mut [u8],
}

impl<'a> Src<'a> {
    /// `bytes` read as numbers of `dtype`, in main memory.
    pub fn cpu(dtype: DType, bytes: &'a [u8]) -> Self {
        Src { dtype, bytes }
    }
    /// The dtype.
    pub fn dtype(&self) -> DType {
        self.dtype
    }
    /// The device.
    pub fn device(&self) -> Device {
        Device::Cpu
    }
    /// The numbers; panics where `T` is another type than they are of.
    #[track_caller]
    pub fn slice<T: Element>(&self) -> &'a [T] {
        assert_eq!(self.dtype, T::DTYPE, "slice: the buffer holds another dtype than the kernel reads");
        if self.bytes.is_empty() { &[] } else { bytemuck::cast_slice(self.bytes) }
    }
}

impl<'a> Dst<'a> {
    /// `bytes` written as numbers of `dtype`, in main memory.
    pub fn cpu(dtype: DType, bytes: &'a mut [u8]) -> Self {
        Dst { dtype, bytes }
    }
    /// The dtype.
    pub fn dtype(&self) -> DType {
        self.dtype
    }
    /// The numbers; panics where `T` is another type than they are of.
    #[track_caller]
    pub fn slice<T: Element>(self) -> &'a mut [T] {
        assert_eq!(self.dtype, T::DTYPE, "slice: the buffer holds another dtype than the kernel writes");
        // No bytes may lie anywhere, also where no number could.
        if self.bytes.is_empty() { &mut [] } else { bytemuck::cast_slice_mut(self.bytes) }
    }
}

impl<'a, T: Element> From<&'a [T]> for Src<'a> {
    fn from(x: &'a [T]) -> Self {
        Src::cpu(T::DTYPE, bytemuck::cast_slice(x))
    }
}

impl<'a, T: Element> From<&'a mut [T]> for Dst<'a> {
    fn from(x: &'a mut [T]) -> Self {
        Dst::cpu(T::DTYPE, bytemuck::cast_slice_mut(x))
    }
}

/// Runs a block with `T` set to the working float type of a dtype, on the CPU, and answers
/// [`Outcome::Done`]; answers [`Outcome::NoKernel`] where the dtype is no working float.
///
/// For example `on_cpu!(x.dtype(), T => softmax_forward::<T>(x.slice(), y.slice(), cols))`.
macro_rules! on_cpu {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            $crate::DType::F32 => {
                type $t = f32;
                $body;
                $crate::Outcome::Done
            }
            $crate::DType::F64 => {
                type $t = f64;
                $body;
                $crate::Outcome::Done
            }
            _ => $crate::Outcome::NoKernel,
        }
    };
}
pub(crate) use on_cpu;

/// A block with `T` set to the Rust type of a dtype, whichever it is.
macro_rules! on_every {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            $crate::DType::F32 => {
                type $t = f32;
                $body
            }
            $crate::DType::F64 => {
                type $t = f64;
                $body
            }
            $crate::DType::F16 => {
                type $t = half::f16;
                $body
            }
            $crate::DType::BF16 => {
                type $t = half::bf16;
                $body
            }
            $crate::DType::I64 => {
                type $t = i64;
                $body
            }
            $crate::DType::U32 => {
                type $t = u32;
                $body
            }
            $crate::DType::Bool => {
                type $t = u8;
                $body
            }
        }
    };
}
pub(crate) use on_every;
