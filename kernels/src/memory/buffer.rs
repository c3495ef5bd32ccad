use super::pool::{self, Block};
use crate::cuda::{self, Allocation};
use crate::sizes::inside;
use crate::{DType, Device, Dst, Element, Kind, Src};
use std::mem::ManuallyDrop;

/// `len` elements of one dtype on one device. In host memory they are 64-byte aligned and come from the pool.
pub struct Buffer {
    memory: Memory,
    dtype: DType,
    len: usize,
}

enum Memory {
    Cpu(ManuallyDrop<Block>),
    Cuda(Allocation),
}

impl Buffer {
    /// A buffer with unspecified contents, for a kernel that writes every element.
    ///
    /// In debug builds floats start as NaN, so that an element that a kernel forgets is noticed.
    pub fn for_overwrite(kind: impl Into<Kind>, len: usize) -> Self {
        let (mut buffer, _) = Self::take(kind.into(), len);
        if cfg!(debug_assertions) && buffer.device() == Device::Cpu {
            // Bytes of ones are NaN in every float type, and −1 in i64.
            let fill = if buffer.dtype == DType::Bool { 0 } else { 0xff };
            buffer.bytes_mut().fill(fill);
        }
        buffer
    }

    /// A buffer of zeros. New memory from the operating system is zero already, and is not written.
    pub fn zeros(kind: impl Into<Kind>, len: usize) -> Self {
        let (mut buffer, zeros) = Self::take(kind.into(), len);
        match &mut buffer.memory {
            Memory::Cpu(_) if !zeros => buffer.bytes_mut().fill(0),
            Memory::Cpu(_) => {}
            Memory::Cuda(memory) => memory.clear(),
        }
        buffer
    }

    /// A buffer, and whether it holds zeros.
    fn take(Kind { dtype, device }: Kind, len: usize) -> (Self, bool) {
        let bytes = len.checked_mul(dtype.size());
        let bytes = bytes
            .unwrap_or_else(|| panic!("buffer: {len} x {dtype} are more bytes than memory has addresses"));
        let (memory, zeros) = match device {
            Device::Cpu => {
                let (block, zeros) = pool::take(bytes);
                (Memory::Cpu(ManuallyDrop::new(block)), zeros)
            }
            Device::Cuda(number) => (Memory::Cuda(Allocation::new(number, bytes)), false),
        };
        (Buffer { memory, dtype, len }, zeros)
    }

    /// A copy of a slice, in host memory.
    pub fn from_slice<T: Element>(x: &[T]) -> Self {
        let mut buffer = Self::for_overwrite(T::DTYPE, x.len());
        buffer.slice_mut().copy_from_slice(x);
        buffer
    }

    /// A copy on a device. A copy to host memory waits for the device and is complete when the call returns.
    pub fn to_device(&self, device: Device) -> Self {
        let (mut copy, _) = Self::take(Kind { dtype: self.dtype, device }, self.len);
        match (&self.memory, &mut copy.memory) {
            (Memory::Cpu(_), Memory::Cpu(_)) => copy.bytes_mut().copy_from_slice(self.bytes()),
            (Memory::Cpu(_), Memory::Cuda(to)) => to.write(self.bytes()),
            (Memory::Cuda(from), Memory::Cpu(_)) => cuda::read(from.device, from.pointer, copy.bytes_mut()),
            (Memory::Cuda(from), Memory::Cuda(to)) if from.device == to.device => to.copy(from),
            (Memory::Cuda(_), Memory::Cuda(to)) => to.write(self.to_device(Device::Cpu).bytes()),
        }
        copy
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.len
    }
    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// The dtype.
    pub fn dtype(&self) -> DType {
        self.dtype
    }
    /// The device.
    pub fn device(&self) -> Device {
        match &self.memory {
            Memory::Cpu(_) => Device::Cpu,
            Memory::Cuda(memory) => Device::Cuda(memory.device),
        }
    }
    /// The dtype and the device.
    pub fn kind(&self) -> Kind {
        Kind { dtype: self.dtype, device: self.device() }
    }
    /// The size of the elements in bytes.
    pub fn size(&self) -> usize {
        self.len * self.dtype.size()
    }
    /// The address of the first element, on its device. It changes if the buffer is replaced by another.
    pub fn address(&self) -> u64 {
        match &self.memory {
            Memory::Cpu(block) => block.ptr.addr().get() as u64,
            Memory::Cuda(memory) => memory.pointer,
        }
    }
    /// The elements as bytes; panics if they are not in host memory.
    #[track_caller]
    pub fn bytes(&self) -> &[u8] {
        let Memory::Cpu(block) = &self.memory else { self.elsewhere() };
        // SAFETY: the block is at least that large, and was initialised when it was first allocated.
        unsafe { std::slice::from_raw_parts(block.ptr.as_ptr(), self.size()) }
    }
    /// The elements as bytes, to write to; panics if they are not in host memory.
    #[track_caller]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let size = self.size();
        let Memory::Cpu(block) = &mut self.memory else { self.elsewhere() };
        // SAFETY: as in `bytes`; `&mut self` makes the access unique.
        unsafe { std::slice::from_raw_parts_mut(block.ptr.as_ptr(), size) }
    }
    #[track_caller]
    fn check(&self, start: usize, len: usize) {
        assert!(inside(start, len, self.len), "buffer: {len} elements from {start} on of {}", self.len);
    }
    #[track_caller]
    fn elsewhere(&self) -> ! {
        panic!("buffer: it is on {}; copy it with to_device(Device::Cpu) first", self.device())
    }
    /// The elements; panics if `T` is not their type, or if they are not in host memory.
    #[track_caller]
    pub fn slice<T: Element>(&self) -> &[T] {
        self.src().slice()
    }
    /// The elements, to write to; panics if `T` is not their type, or if they are not in host memory.
    #[track_caller]
    pub fn slice_mut<T: Element>(&mut self) -> &mut [T] {
        self.dst().slice()
    }
    /// All elements, for a kernel to read.
    pub fn src(&self) -> Src<'_> {
        self.src_range(0, self.len)
    }
    /// `len` elements from `start` on, for a kernel to read; panics if there are fewer.
    #[track_caller]
    pub fn src_range(&self, start: usize, len: usize) -> Src<'_> {
        self.check(start, len);
        let size = self.dtype.size();
        match &self.memory {
            Memory::Cpu(_) => Src::cpu(self.dtype, &self.bytes()[start * size..(start + len) * size]),
            Memory::Cuda(memory) => {
                let pointer = memory.pointer + (start * size) as u64;
                Src::cuda(self.dtype, memory.device, pointer, len * size)
            }
        }
    }
    /// `len` elements from `start` on, for a kernel to write; panics if there are fewer.
    #[track_caller]
    pub fn dst_range(&mut self, start: usize, len: usize) -> Dst<'_> {
        self.check(start, len);
        let size = self.dtype.size();
        match &self.memory {
            Memory::Cpu(_) => Dst::cpu(self.dtype, &mut self.bytes_mut()[start * size..(start + len) * size]),
            Memory::Cuda(memory) => {
                Dst::cuda(self.dtype, memory.device, memory.pointer + (start * size) as u64, len * size)
            }
        }
    }
    /// All elements, for a kernel to write.
    pub fn dst(&mut self) -> Dst<'_> {
        self.dst_range(0, self.len)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Memory::Cpu(block) = &mut self.memory {
            // SAFETY: the block is taken once, here, and the buffer is not used afterwards.
            pool::give_back(unsafe { ManuallyDrop::take(block) });
        }
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        self.to_device(self.device())
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Buffer({} x {} on {})", self.len, self.dtype, self.device())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligned_typed_and_recycled() {
        let b = Buffer::from_slice(&[1.0f32, 2.0, 3.0]);
        assert_eq!(b.bytes().as_ptr() as usize % 64, 0);
        assert_eq!(b.slice::<f32>(), [1.0, 2.0, 3.0]);
        assert_eq!(b.src_range(1, 2).slice::<f32>(), [2.0, 3.0]);
        assert_eq!(Buffer::zeros(DType::I64, 3).slice::<i64>(), [0; 3]);
        assert!(Buffer::for_overwrite(DType::F32, 0).is_empty());
    }

    #[test]
    #[should_panic(expected = "another dtype")]
    fn another_dtype_is_refused() {
        Buffer::zeros(DType::F32, 2).slice::<f64>();
    }
}
