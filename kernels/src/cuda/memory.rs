use super::device::opened;
use super::recording::{Freed, Recording};
use crate::{DType, Device, Src};
use cudarc::driver::result;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

static COPIES: AtomicU64 = AtomicU64::new(0);

/// The number of copies from CUDA devices to host memory since the process began; each waits for the device.
pub fn copies_to_host() -> u64 {
    COPIES.load(Ordering::Relaxed)
}

/// Memory of a device, allocated and freed in the order of its stream: freed memory may be used by the next allocation
/// immediately, because every kernel that used it is earlier in the queue.
pub(crate) struct Allocation {
    pub device: u32,
    pub pointer: u64,
    bytes: usize,
    /// The recording that owns it; none if it came from the driver's pool.
    of: Option<Arc<Recording>>,
    /// The time of its allocation.
    born: u64,
}

impl Allocation {
    /// `bytes` of memory with unspecified contents; panics if the device has no more.
    pub fn new(device: u32, bytes: usize) -> Self {
        if bytes == 0 {
            return Allocation { device, pointer: 0, bytes, of: None, born: 0 };
        }
        let gpu = opened(device);
        let (of, born) = (gpu.recording(), gpu.now());
        let pointer = match &of {
            Some(recording) => recording.take(bytes),
            // SAFETY: the stream is the device's own and lives as long as the process.
            None => unsafe { result::malloc_async(gpu.stream, bytes) }
                .unwrap_or_else(|_| gpu.out_of_memory(bytes)),
        };
        Allocation { device, pointer, bytes, of, born }
    }

    /// Writes every byte 0.
    pub fn clear(&mut self) {
        if self.bytes > 0 {
            let gpu = opened(self.device);
            // SAFETY: the allocation has that many bytes.
            let answer = unsafe { result::memset_d8_async(self.pointer, 0, self.bytes, gpu.stream) };
            gpu.expect("clear memory", answer);
        }
    }

    /// Copies from host memory, after the work that is queued and without waiting for it.
    pub fn write(&mut self, from: &[u8]) {
        assert_eq!(from.len(), self.bytes, "cuda: a copy of another size");
        if self.bytes > 0 {
            let gpu = opened(self.device);
            match gpu.recording() {
                Some(recording) => recording.upload(self.pointer, from),
                None => gpu.upload(self.pointer, from),
            }
        }
    }

    /// Copies from another allocation of this device.
    pub fn copy(&mut self, from: &Allocation) {
        assert_eq!(
            (self.device, self.bytes),
            (from.device, from.bytes),
            "cuda: a copy of another size or device"
        );
        if self.bytes > 0 {
            let gpu = opened(self.device);
            // SAFETY: both have that many bytes, and `&mut self` guarantees that they are different.
            let answer =
                unsafe { result::memcpy_dtod_async(self.pointer, from.pointer, self.bytes, gpu.stream) };
            gpu.expect("copy on the device", answer);
        }
    }
}

impl Drop for Allocation {
    fn drop(&mut self) {
        // A failure of the driver was reported before; while a panic unwinds, it must not panic again.
        if self.bytes > 0 && !std::thread::panicking() {
            let gpu = opened(self.device);
            if let Some(recording) = &self.of {
                recording.give_back(self.bytes, self.pointer);
            }
            let &mut Allocation { pointer, born, .. } = self;
            gpu.release(Freed { pointer, of: self.of.take(), born, freed: gpu.now() });
        }
    }
}

/// Copies elements of a device to host memory, after all queued work.
pub(crate) fn read(device: u32, pointer: u64, to: &mut [u8]) {
    COPIES.fetch_add(1, Ordering::Relaxed);
    if to.is_empty() {
        return;
    }
    let gpu = opened(device);
    let recorded = gpu.recording().is_some();
    assert!(
        !recorded,
        "cuda: values were read into host memory while a graph was recorded, which would wait for the device"
    );
    // SAFETY: the caller's `Src` has at least as many bytes as `to`; the copy is complete before `to` is returned.
    unsafe {
        gpu.expect("copy to host memory", result::memcpy_dtoh_async(to, pointer, gpu.stream));
        gpu.expect("finish its work", result::stream::synchronize(gpu.stream));
    }
}

/// One `f64` of a device.
pub(crate) fn read_f64(x: Src) -> f64 {
    assert_eq!((x.dtype(), x.len()), (DType::F64, 1), "cuda: not one f64");
    let (Device::Cuda(device), Some(pointer)) = (x.device(), x.pointer()) else {
        panic!("cuda: not on a device");
    };
    let mut bytes = [0; 8];
    read(device, pointer, &mut bytes);
    f64::from_le_bytes(bytes)
}
