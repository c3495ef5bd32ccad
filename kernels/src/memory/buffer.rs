use super::pool::{self, Block};
use crate::{DType, Device, Dst, Element, Src};
use std::mem::ManuallyDrop;

/// `len` numbers of one dtype on one device, 64-byte aligned, from the pool.
pub struct Buffer {
    block: ManuallyDrop<Block>,
    dtype: DType,
    len: usize,
}

impl Buffer {
    /// A buffer whose contents are unspecified, for a kernel that writes every element.
    ///
    /// In debug builds floats start as NaN, so that an element that was forgotten is seen.
    pub fn for_overwrite(dtype: DType, len: usize) -> Self {
        let (mut buffer, _) = Self::take(dtype, len);
        if cfg!(debug_assertions) {
            // All ones is a NaN of every float type and the number -1.
            let fill = if dtype == DType::Bool { 0 } else { 0xff };
            buffer.bytes_mut().fill(fill);
        }
        buffer
    }

    /// A buffer of zeros. Fresh memory is zeros already, and is not written.
    pub fn zeros(dtype: DType, len: usize) -> Self {
        let (mut buffer, zeros) = Self::take(dtype, len);
        if !zeros {
            buffer.bytes_mut().fill(0);
        }
        buffer
    }

    /// A buffer from the pool, and whether it holds zeros.
    fn take(dtype: DType, len: usize) -> (Self, bool) {
        let bytes = len.checked_mul(dtype.size()).expect("buffer: more bytes than addresses");
        let (block, zeros) = pool::take(bytes);
        (Buffer { block: ManuallyDrop::new(block), dtype, len }, zeros)
    }

    /// A copy of a slice.
    pub fn from_slice<T: Element>(x: &[T]) -> Self {
        let mut buffer = Self::for_overwrite(T::DTYPE, x.len());
        buffer.slice_mut().copy_from_slice(x);
        buffer
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
        Device::Cpu
    }
    /// The elements as bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the block is larger than that and was initialised when it was first allocated.
        unsafe { std::slice::from_raw_parts(self.block.ptr.as_ptr(), self.len * self.dtype.size()) }
    }
    /// The elements as bytes, to write to.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`; `&mut self` makes the access unique.
        unsafe { std::slice::from_raw_parts_mut(self.block.ptr.as_ptr(), self.len * self.dtype.size()) }
    }
    /// The elements; panics where `T` is another type than they are of.
    #[track_caller]
    pub fn slice<T: Element>(&self) -> &[T] {
        self.src().slice()
    }
    /// The elements, to write to; panics where `T` is another type than they are of.
    #[track_caller]
    pub fn slice_mut<T: Element>(&mut self) -> &mut [T] {
        self.dst().slice()
    }
    /// All elements, for a kernel to read.
    pub fn src(&self) -> Src<'_> {
        Src::cpu(self.dtype, self.bytes())
    }
    /// The elements from `start`, `len` of them, for a kernel to read.
    pub fn src_range(&self, start: usize, len: usize) -> Src<'_> {
        let size = self.dtype.size();
        Src::cpu(self.dtype, &self.bytes()[start * size..(start + len) * size])
    }
    /// All elements, for a kernel to write.
    pub fn dst(&mut self) -> Dst<'_> {
        Dst::cpu(self.dtype, self.bytes_mut())
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: the block is taken once, here, and the buffer is gone after.
        pool::give_back(unsafe { ManuallyDrop::take(&mut self.block) });
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        let mut copy = Self::for_overwrite(self.dtype, self.len);
        copy.bytes_mut().copy_from_slice(self.bytes());
        copy
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Buffer({} x {})", self.len, self.dtype)
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
