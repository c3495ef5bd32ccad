use crate::sizes::inside;
use crate::{DType, Element};
use std::fmt;
use std::marker::PhantomData;

/// The memory of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Device {
    /// The CPU, with host memory.
    #[default]
    Cpu,
    /// The memory of a CUDA device, by its number.
    Cuda(u32),
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
            Device::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

/// A dtype and a device: the type of a buffer's elements and where they are. A dtype alone means host memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The type of the elements.
    pub dtype: DType,
    /// Where they are.
    pub device: Device,
}

impl Kind {
    /// Another dtype on the same device.
    pub fn of(self, dtype: DType) -> Kind {
        Kind { dtype, ..self }
    }
}

impl From<DType> for Kind {
    fn from(dtype: DType) -> Self {
        Kind { dtype, device: Device::Cpu }
    }
}

/// What a kernel's entry returns.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The kernel ran, or is queued on its device.
    Done,
    /// This device or dtype has no such kernel: the caller runs the reference.
    NoKernel,
}

/// Elements to read, on any device, of any dtype.
///
/// Entries of kernels take these, so that callers need not know which devices exist.
#[derive(Clone, Copy)]
pub struct Src<'a> {
    dtype: DType,
    place: Place<&'a [u8]>,
    life: PhantomData<&'a [u8]>,
}

/// Elements to write, on any device, of any dtype.
pub struct Dst<'a> {
    dtype: DType,
    place: Place<&'a mut [u8]>,
    life: PhantomData<&'a mut [u8]>,
}

/// Where elements are; `B` is a slice of bytes.
#[derive(Clone, Copy)]
enum Place<B> {
    Cpu(B),
    Cuda { number: u32, pointer: u64, bytes: usize },
}

impl<B> Place<B> {
    fn device(&self) -> Device {
        match *self {
            Place::Cpu(_) => Device::Cpu,
            Place::Cuda { number, .. } => Device::Cuda(number),
        }
    }
    fn pointer(&self) -> Option<u64> {
        match *self {
            Place::Cpu(_) => None,
            Place::Cuda { pointer, .. } => Some(pointer),
        }
    }
    /// The bytes; panics if they are not in host memory.
    #[track_caller]
    fn cpu(self) -> B {
        match self {
            Place::Cpu(bytes) => bytes,
            Place::Cuda { number, .. } => {
                panic!("slice: the buffer is on cuda:{number}; copy it with to_device(Device::Cpu) first")
            }
        }
    }
}

impl<'a> Src<'a> {
    /// `bytes` of host memory, read as elements of `dtype`.
    pub fn cpu(dtype: DType, bytes: &'a [u8]) -> Self {
        Src { dtype, place: Place::Cpu(bytes), life: PhantomData }
    }
    /// `bytes` bytes from `pointer` on, on a CUDA device; they must live as long as this.
    pub(crate) fn cuda(dtype: DType, number: u32, pointer: u64, bytes: usize) -> Self {
        Src { dtype, place: Place::Cuda { number, pointer, bytes }, life: PhantomData }
    }
    /// The dtype.
    pub fn dtype(&self) -> DType {
        self.dtype
    }
    /// The device.
    pub fn device(&self) -> Device {
        self.place.device()
    }
    /// The dtype and the device.
    pub fn kind(&self) -> Kind {
        Kind { dtype: self.dtype, device: self.device() }
    }
    /// Whether the elements are in host memory.
    pub fn is_cpu(&self) -> bool {
        self.device() == Device::Cpu
    }
    /// The number of elements.
    pub fn len(&self) -> usize {
        let bytes = match self.place {
            Place::Cpu(bytes) => bytes.len(),
            Place::Cuda { bytes, .. } => bytes,
        };
        bytes / self.dtype.size()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Their address on a CUDA device; `None` in host memory.
    pub(crate) fn pointer(&self) -> Option<u64> {
        self.place.pointer()
    }
    /// `len` elements from `start` on; panics if there are fewer.
    #[track_caller]
    pub fn part(self, start: usize, len: usize) -> Src<'a> {
        assert!(inside(start, len, self.len()), "part: {len} from {start} on of {} elements", self.len());
        let size = self.dtype.size();
        let place = match self.place {
            Place::Cpu(bytes) => Place::Cpu(&bytes[start * size..(start + len) * size]),
            Place::Cuda { number, pointer, .. } => {
                Place::Cuda { number, pointer: pointer + (start * size) as u64, bytes: len * size }
            }
        };
        Src { place, ..self }
    }
    /// The elements; panics if `T` is not their type, or if they are not in host memory.
    #[track_caller]
    pub fn slice<T: Element>(&self) -> &'a [T] {
        assert_eq!(self.dtype, T::DTYPE, "slice: the buffer holds another dtype than the kernel reads");
        let bytes = self.place.cpu();
        if bytes.is_empty() { &[] } else { bytemuck::cast_slice(bytes) }
    }
}

impl<'a> Dst<'a> {
    /// `bytes` of host memory, written as elements of `dtype`.
    pub fn cpu(dtype: DType, bytes: &'a mut [u8]) -> Self {
        Dst { dtype, place: Place::Cpu(bytes), life: PhantomData }
    }
    /// `bytes` bytes from `pointer` on, on a CUDA device; they must live as long as this.
    pub(crate) fn cuda(dtype: DType, number: u32, pointer: u64, bytes: usize) -> Self {
        Dst { dtype, place: Place::Cuda { number, pointer, bytes }, life: PhantomData }
    }
    /// No elements, of a dtype, for a kernel that does not use them.
    pub fn none(dtype: DType) -> Self {
        Dst::cpu(dtype, &mut [])
    }
    /// The dtype.
    pub fn dtype(&self) -> DType {
        self.dtype
    }
    /// The device.
    pub fn device(&self) -> Device {
        self.place.device()
    }
    /// The number of elements.
    pub fn len(&self) -> usize {
        let bytes = match &self.place {
            Place::Cpu(bytes) => bytes.len(),
            Place::Cuda { bytes, .. } => *bytes,
        };
        bytes / self.dtype.size()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Their address on a CUDA device; `None` in host memory.
    pub(crate) fn pointer(&self) -> Option<u64> {
        self.place.pointer()
    }
    /// The same elements, for one of several kernels that write to them.
    pub fn again(&mut self) -> Dst<'_> {
        let place = match &mut self.place {
            Place::Cpu(bytes) => Place::Cpu(&mut **bytes),
            &mut Place::Cuda { number, pointer, bytes } => Place::Cuda { number, pointer, bytes },
        };
        Dst { dtype: self.dtype, place, life: PhantomData }
    }
    /// `len` elements from `start` on; panics if there are fewer.
    #[track_caller]
    pub fn part(&mut self, start: usize, len: usize) -> Dst<'_> {
        assert!(inside(start, len, self.len()), "part: {len} from {start} on of {} elements", self.len());
        let size = self.dtype.size();
        let place = match &mut self.place {
            Place::Cpu(bytes) => Place::Cpu(&mut bytes[start * size..(start + len) * size]),
            &mut Place::Cuda { number, pointer, .. } => {
                Place::Cuda { number, pointer: pointer + (start * size) as u64, bytes: len * size }
            }
        };
        Dst { dtype: self.dtype, place, life: PhantomData }
    }
    /// The same elements, to read.
    pub fn src(&self) -> Src<'_> {
        let place = match &self.place {
            Place::Cpu(bytes) => Place::Cpu(&**bytes),
            &Place::Cuda { number, pointer, bytes } => Place::Cuda { number, pointer, bytes },
        };
        Src { dtype: self.dtype, place, life: PhantomData }
    }
    /// The elements; panics if `T` is not their type, or if they are not in host memory.
    #[track_caller]
    pub fn slice<T: Element>(self) -> &'a mut [T] {
        assert_eq!(self.dtype, T::DTYPE, "slice: the buffer holds another dtype than the kernel writes");
        let bytes = self.place.cpu();
        // An empty slice may have any address, also one that is not aligned for `T`.
        if bytes.is_empty() { &mut [] } else { bytemuck::cast_slice_mut(bytes) }
    }
}

impl fmt::Debug for Src<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Src({} x {} on {})", self.len(), self.dtype, self.device())
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

/// For elements in host memory, runs an expression with `T` set to the working float type of their dtype; for elements
/// on a CUDA device, runs the other expression. Returns [`Outcome::NoKernel`] if there is none for the
/// device or the dtype.
///
/// For example `on_device!(x, T => softmax_forward::<T>(x.slice(), y.slice(), cols), cuda => cuda::forward(x, y, cols))`.
macro_rules! on_device {
    ($x:expr, $t:ident => $cpu:expr) => {
        $crate::slice::on_device!($x, $t => $cpu, cuda => $crate::Outcome::NoKernel)
    };
    ($x:expr, $t:ident => $cpu:expr, cuda => $cuda:expr) => {
        match ($x.device(), $x.dtype()) {
            ($crate::Device::Cuda(_), _) => $cuda,
            (_, $crate::DType::F32) => {
                type $t = f32;
                $cpu;
                $crate::Outcome::Done
            }
            (_, $crate::DType::F64) => {
                type $t = f64;
                $cpu;
                $crate::Outcome::Done
            }
            _ => $crate::Outcome::NoKernel,
        }
    };
}
pub(crate) use on_device;

/// As [`on_device`], with `T` set to the Rust type of a dtype, whichever it is.
macro_rules! on_every {
    ($x:expr, $t:ident => $cpu:expr) => {
        $crate::slice::on_every!($x, $t => $cpu, cuda => $crate::Outcome::NoKernel)
    };
    ($x:expr, $t:ident => $cpu:expr, cuda => $cuda:expr) => {
        if let $crate::Device::Cuda(_) = $x.device() {
            $cuda
        } else {
            match $x.dtype() {
                $crate::DType::F32 => {
                    type $t = f32;
                    $cpu
                }
                $crate::DType::F64 => {
                    type $t = f64;
                    $cpu
                }
                $crate::DType::F16 => {
                    type $t = half::f16;
                    $cpu
                }
                $crate::DType::BF16 => {
                    type $t = half::bf16;
                    $cpu
                }
                $crate::DType::I64 => {
                    type $t = i64;
                    $cpu
                }
                $crate::DType::U32 => {
                    type $t = u32;
                    $cpu
                }
                $crate::DType::Bool => {
                    type $t = u8;
                    $cpu
                }
            }
            $crate::Outcome::Done
        }
    };
}
pub(crate) use on_every;
