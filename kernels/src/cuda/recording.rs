//! The memory that a graph works in, and the state of a device's recordings.

use super::gpu::Gpu;
use cudarc::driver::result;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// What a graph works in.
pub(super) struct Recording {
    pub gpu: &'static Gpu,
    /// On the device, a `u64`: how many random streams further than recorded a replay draws.
    later: u64,
    /// When it began and when it ended, by the recorder's clock; while it records that is never.
    began: u64,
    ended: AtomicU64,
    store: Mutex<Store>,
}

/// Memory that its owner no longer uses.
pub(super) struct Freed {
    /// Its address, and the recording that owns it; none if it came from the driver's pool.
    pub pointer: u64,
    pub of: Option<Arc<Recording>>,
    /// When it was allocated and when it was freed.
    pub born: u64,
    pub freed: u64,
}

/// Memory of a recording.
#[derive(Default)]
struct Store {
    /// What the recorded work allocated: all pieces, and those that are free.
    pieces: Vec<u64>,
    free: Vec<(usize, u64)>,
    /// What was freed elsewhere while the graph may still read it.
    kept: Vec<Freed>,
    /// Pinned memory with what was copied to the device: a replay copies it again.
    uploads: Vec<*mut u8>,
}

// SAFETY: the store owns the memory that it points to.
unsafe impl Send for Store {}

impl Recording {
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Memory of the recording; panics if the device has no more.
    pub fn take(&self, bytes: usize) -> u64 {
        // Sizes are rounded up, so that pieces can be used again more often.
        let bytes = bytes.next_multiple_of(512);
        let mut store = self.store();
        // All work is in the order of one stream, so later work may write to a piece that was freed.
        if let Some(place) = store.free.iter().position(|&(size, _)| size == bytes) {
            return store.free.swap_remove(place).1;
        }
        // The driver's stream-ordered pool would make this a node of the graph, freed when the graph has run.
        // SAFETY: the memory is freed once, when the recording is dropped.
        let pointer = unsafe { result::malloc_sync(bytes) }.unwrap_or_else(|_| self.gpu.out_of_memory(bytes));
        store.pieces.push(pointer);
        pointer
    }

    /// Keeps memory, which the graph may read, until the graph is gone.
    pub fn keep(&self, memory: Freed) {
        self.store().kept.push(memory);
    }

    /// Everything that was kept.
    pub fn kept(&self) -> Vec<Freed> {
        std::mem::take(&mut self.store().kept)
    }

    /// Takes memory of the recording back.
    pub fn give_back(&self, bytes: usize, pointer: u64) {
        self.store().free.push((bytes.next_multiple_of(512), pointer));
    }

    /// Whether the graph may read this memory, which it does not own: the memory existed while the graph was recorded.
    fn may_read(self: &Arc<Self>, memory: &Freed) -> bool {
        let is_own = memory.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, self));
        !is_own && memory.born <= self.ended.load(Ordering::Acquire) && self.began <= memory.freed
    }

    /// Records a copy to the device, of bytes as they are now: every replay copies them.
    pub fn upload(&self, to: u64, bytes: &[u8]) {
        let gpu = self.gpu;
        // SAFETY: the copy has as many bytes as the caller's memory, and is freed once, with the graph.
        unsafe {
            let start: *mut u8 = gpu.expect("pin memory", result::malloc_host(bytes.len(), 0)).cast();
            self.store().uploads.push(start);
            let copy = std::slice::from_raw_parts_mut(start, bytes.len());
            copy.copy_from_slice(bytes);
            gpu.expect("record a copy", result::memcpy_htod_async(to, copy, gpu.stream));
        }
    }

    /// The address of the number of streams to skip.
    pub fn later(&self) -> u64 {
        self.later
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let (gpu, store) = (self.gpu, std::mem::take(&mut *self.store()));
        gpu.enter();
        // SAFETY: each pointer came from the driver's allocation of its kind and is freed once; replays that were queued
        // are waited for, as memory outside the stream's order does not wait by itself.
        unsafe {
            gpu.expect("finish a graph", result::stream::synchronize(gpu.stream));
            for pointer in store.pieces.into_iter().chain([self.later]) {
                gpu.expect("free a graph's memory", result::free_sync(pointer));
            }
            for start in store.uploads {
                gpu.expect("unpin memory", result::free_host(start.cast()));
            }
        }
    }
}

/// What a device records now, and the recordings that replay or will, this one among them.
#[derive(Default)]
pub(super) struct Recorder {
    pub now: Option<Arc<Recording>>,
    alive: Vec<Weak<Recording>>,
    /// Counts allocations, frees and recordings, to order them in time.
    clock: u64,
}

impl Recorder {
    /// This moment, later than all before.
    pub fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Begins a recording; the number of streams to skip is at `later`.
    pub fn begin(&mut self, gpu: &'static Gpu, later: u64) -> Arc<Recording> {
        let (began, ended) = (self.tick(), u64::MAX.into());
        let recording = Arc::new(Recording { gpu, later, began, ended, store: Mutex::default() });
        self.now = Some(recording.clone());
        self.alive.retain(|recording| recording.strong_count() > 0);
        self.alive.push(Arc::downgrade(&recording));
        recording
    }

    /// Ends what is recorded now.
    pub fn end(&mut self) {
        let ended = self.tick();
        if let Some(recording) = self.now.take() {
            recording.ended.store(ended, Ordering::Release);
        }
    }

    /// The recording that may still read memory that its owner no longer uses.
    pub fn reader_of(&self, memory: &Freed) -> Option<Arc<Recording>> {
        self.alive.iter().filter_map(Weak::upgrade).find(|recording| recording.may_read(memory))
    }

    /// Forgets a recording, whose graph is gone.
    pub fn forget(&mut self, recording: &Arc<Recording>) {
        self.alive.retain(|alive| alive.as_ptr() != Arc::as_ptr(recording));
    }
}
