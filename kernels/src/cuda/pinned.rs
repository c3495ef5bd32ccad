//! Copies to a device that do not wait, through pinned host memory, which the device reads by itself.
//!
//! A copy from ordinary memory makes the driver wait for queued work, unless it is small, because the memory could change
//! meanwhile. Here the bytes are first copied into pinned memory, which is used again once the device has read it. So a batch
//! is copied while the step before it is still being computed.

use super::gpu::Gpu;
use cudarc::driver::{result, sys};

/// Larger copies are made directly, and wait: parameters, when a model is moved to a device.
const LARGEST: usize = 4 << 20;
/// The most pinned memory that is used; beyond it a copy waits for the oldest one.
const ALL: usize = 64 << 20;
/// The smallest piece.
const SMALLEST: usize = 4 << 10;

/// The pinned memory of a device.
#[derive(Default)]
pub(super) struct Pinned {
    /// In the order in which their copies began.
    pieces: Vec<Piece>,
    bytes: usize,
}

/// Pinned memory, and the event that marks when the device has read it.
struct Piece {
    start: *mut u8,
    bytes: usize,
    read: sys::CUevent,
}

// SAFETY: a piece owns its memory, and events are handles that the driver lets any thread use.
unsafe impl Send for Piece {}

impl Pinned {
    /// A piece of this many bytes that is not being read.
    fn take(&mut self, gpu: &Gpu, bytes: usize) -> Piece {
        let size = bytes.next_power_of_two().max(SMALLEST);
        // SAFETY: the events of pieces live as long as they do.
        let is_read = |piece: &Piece| unsafe { result::event::query(piece.read) }.is_ok();
        if let Some(place) = self.pieces.iter().position(|p| p.bytes == size && is_read(p)) {
            return self.pieces.remove(place);
        }
        while self.bytes + size > ALL && !self.pieces.is_empty() {
            let piece = self.pieces.remove(0);
            self.bytes -= piece.bytes;
            piece.free(gpu);
        }
        self.bytes += size;
        // SAFETY: the memory is freed with the piece.
        let start = gpu.expect("pin memory", unsafe { result::malloc_host(size, 0) }).cast();
        let read = result::event::create(sys::CUevent_flags::CU_EVENT_DISABLE_TIMING);
        Piece { start, bytes: size, read: gpu.expect("make an event", read) }
    }

    /// Queues a copy to the device; the bytes are read when the call returns.
    pub fn upload(&mut self, gpu: &Gpu, to: u64, bytes: &[u8]) {
        if bytes.len() > LARGEST {
            // SAFETY: the caller's memory has that many bytes, and the driver has read pageable memory when it returns.
            let answer = unsafe { result::memcpy_htod_async(to, bytes, gpu.stream) };
            return gpu.expect("copy to the device", answer);
        }
        let piece = self.take(gpu, bytes.len());
        // SAFETY: the piece has as many bytes, no copy reads them now, and it lives until its event reports that they were read.
        unsafe {
            let copy = std::slice::from_raw_parts_mut(piece.start, bytes.len());
            copy.copy_from_slice(bytes);
            gpu.expect("copy to the device", result::memcpy_htod_async(to, copy, gpu.stream));
            gpu.expect("note a copy", result::event::record(piece.read, gpu.stream));
        }
        self.pieces.push(piece);
    }
}

impl Piece {
    fn free(self, gpu: &Gpu) {
        // SAFETY: the event and the memory are the piece's own; the device has read it when the first call returns.
        unsafe {
            gpu.expect("wait for a copy", result::event::synchronize(self.read));
            gpu.expect("let an event go", result::event::destroy(self.read));
            gpu.expect("unpin memory", result::free_host(self.start.cast()));
        }
    }
}
