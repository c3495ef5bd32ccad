//! Work recorded once and replayed: a CUDA graph, and the memory that it works in.
//!
//! While a device records, kernels and copies are noted and not run. A replay queues all of them by one call to the
//! driver, with the same arguments, so everything that they touch must stay where it was: memory that the work asks for
//! comes from the recording's own store and never leaves it, and what anyone frees later of what was there while it
//! recorded is kept until the graph is dropped.

use super::device::{Gpu, gpu};
use crate::Device;
use cudarc::driver::{result, sys};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// What a graph works in.
pub(super) struct Recording {
    device: u32,
    /// On the device, a `u64`: how many random streams further than recorded a replay draws.
    later: u64,
    /// When it began and when it ended, by the recorder's clock; while it records that is never.
    began: u64,
    ended: AtomicU64,
    store: Mutex<Store>,
}

/// Memory that its owner is done with.
pub(super) struct Freed {
    /// Where it lies, and which recording's it is; of none what came from the driver's pool.
    pub pointer: u64,
    pub of: Option<Arc<Recording>>,
    /// When it was asked for and when it was freed.
    pub born: u64,
    pub freed: u64,
}

/// Memory of a recording.
#[derive(Default)]
struct Store {
    /// What the recorded work asked for: all pieces, and those that are free to be asked for again.
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

    /// Memory of the recording; panics where the device has no more.
    pub fn take(&self, gpu: &Gpu, bytes: usize) -> u64 {
        // Sizes are rounded, so that more pieces can be used again.
        let bytes = bytes.next_multiple_of(512);
        let mut store = self.store();
        // All work is in the order of one stream: a piece that was given back may be written to by what follows.
        if let Some(place) = store.free.iter().position(|&(size, _)| size == bytes) {
            return store.free.swap_remove(place).1;
        }
        // The driver's stream-ordered pool would make this a node of the graph, freed when the graph has run.
        // SAFETY: the memory is freed once, when the recording is dropped.
        let pointer = unsafe { result::malloc_sync(bytes) }
            .unwrap_or_else(|_| super::memory::out_of_memory(gpu, bytes));
        store.pieces.push(pointer);
        pointer
    }

    /// Takes memory of the recording back.
    pub fn give_back(&self, bytes: usize, pointer: u64) {
        self.store().free.push((bytes.next_multiple_of(512), pointer));
    }

    /// Whether the graph may read this memory, which is not its own: both were there at one time while it recorded.
    fn may_read(self: &Arc<Self>, memory: &Freed) -> bool {
        let is_own = memory.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, self));
        !is_own && memory.born <= self.ended.load(Ordering::Acquire) && self.began <= memory.freed
    }

    /// Records a copy to the device, of bytes as they are now: every replay copies them.
    pub fn upload(&self, gpu: &Gpu, to: u64, bytes: &[u8]) {
        // SAFETY: the copy has as many bytes as the caller's memory, and is freed once, with the graph.
        unsafe {
            let start: *mut u8 = gpu.expect("pin memory", result::malloc_host(bytes.len(), 0)).cast();
            self.store().uploads.push(start);
            let copy = std::slice::from_raw_parts_mut(start, bytes.len());
            copy.copy_from_slice(bytes);
            gpu.expect("record a copy", result::memcpy_htod_async(to, copy, gpu.stream));
        }
    }

    /// Where the number of streams to go further lies.
    pub fn later(&self) -> u64 {
        self.later
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let (gpu, store) = (gpu(self.device), std::mem::take(&mut *self.store()));
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
    now: Option<Arc<Recording>>,
    alive: Vec<Weak<Recording>>,
    /// Counts allocations, frees and recordings, to tell what was before what.
    clock: u64,
}

impl Recorder {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }
}

impl Gpu {
    fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is recorded at this moment.
    pub fn recording(&self) -> Option<Arc<Recording>> {
        self.recorder().now.clone()
    }

    /// This moment, later than all before.
    pub fn now(&self) -> u64 {
        self.recorder().tick()
    }

    /// Gives memory back to the driver, or to a graph that may still read it.
    pub fn release(&self, memory: Freed) {
        let reader = self.recorder().alive.iter().filter_map(Weak::upgrade).find(|r| r.may_read(&memory));
        match (reader, &memory.of) {
            (Some(recording), _) => recording.store().kept.push(memory),
            // It goes with the rest of its recording, when nobody has any of it.
            (None, Some(_)) => {}
            (None, None) => {
                // SAFETY: the memory came from the pool and is freed once, here, behind all work on it in the stream.
                let answer = unsafe { result::free_async(memory.pointer, self.stream) };
                self.expect("free memory", answer);
            }
        }
    }
}

/// Kernels and copies, recorded in their order.
pub struct Graph {
    recording: Arc<Recording>,
    ready: sys::CUgraphExec,
}

// SAFETY: a graph is a handle that the driver lets any one thread use at a time, and `replay` locks.
unsafe impl Send for Graph {}
// SAFETY: as above.
unsafe impl Sync for Graph {}

/// Ends what is recorded, also where the work panics.
struct Ending<'a>(&'a Gpu);

impl Ending<'_> {
    fn end(self) -> sys::CUgraph {
        let gpu = self.0;
        std::mem::forget(self);
        // SAFETY: the stream records since `record` began.
        let graph = gpu.expect("end a recording", unsafe { result::stream::end_capture(gpu.stream) });
        let mut recorder = gpu.recorder();
        let ended = recorder.tick();
        if let Some(recording) = recorder.now.take() {
            recording.ended.store(ended, Ordering::Release);
        }
        graph
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        // SAFETY: as in `end`; what was recorded so far is of no use.
        let ended = unsafe { result::stream::end_capture(self.0.stream) };
        if let Ok(graph) = ended {
            // SAFETY: the graph was made just now.
            let _ = unsafe { result::graph::destroy(graph) };
        }
        self.0.recorder().now = None;
    }
}

impl Graph {
    /// Records what `work` queues on a device; nothing of it runs. Other threads leave the device alone meanwhile, for what they
    /// queue would be recorded, too.
    ///
    /// Panics where the device is the CPU, where it records already, and where `work` asks for numbers in main memory.
    #[track_caller]
    pub fn record<T>(device: Device, work: impl FnOnce() -> T) -> (Graph, T) {
        let Device::Cuda(number) = device else { panic!("record: the CPU has no graphs") };
        let gpu = gpu(number);
        // SAFETY: freed once, when the recording is dropped.
        let later = gpu.expect("make room for a graph", unsafe { result::malloc_sync(8) });
        let recording = {
            let mut recorder = gpu.recorder();
            assert!(recorder.now.is_none(), "record: {device} records already");
            let (began, ended) = (recorder.tick(), u64::MAX.into());
            let recording =
                Arc::new(Recording { device: number, later, began, ended, store: Mutex::default() });
            recorder.now = Some(recording.clone());
            recorder.alive.retain(|recording| recording.strong_count() > 0);
            recorder.alive.push(Arc::downgrade(&recording));
            recording
        };
        // Relaxed: a kernel that is first met here may be loaded.
        let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_RELAXED;
        let ending = Ending(gpu);
        // SAFETY: the stream is the device's own and does not record.
        gpu.expect("record", unsafe { result::stream::begin_capture(gpu.stream, mode) });
        let made = work();
        let graph = ending.end();
        // SAFETY: the graph was made just now; what is made ready of it does not need it any more.
        let ready = unsafe {
            let ready = result::graph::instantiate(graph, sys::CUgraphInstantiate_flags(0));
            gpu.expect("let a graph go", result::graph::destroy(graph));
            gpu.expect("make a graph ready", ready)
        };
        (Graph { recording, ready }, made)
    }

    /// Queues all that was recorded. Random numbers come from streams so many further than those recorded.
    pub fn replay(&self, later: u64) {
        let gpu = gpu(self.recording.device);
        let recorder = gpu.recorder();
        assert!(recorder.now.is_none(), "replay: the device records");
        // SAFETY: `later` has eight bytes, which the driver has read when the call returns; the graph's memory lives as
        // long as `self.recording`, and all else that it touches is kept by it.
        unsafe {
            let answer = result::memcpy_htod_async(self.recording.later, &later.to_le_bytes(), gpu.stream);
            gpu.expect("copy to the device", answer);
            gpu.expect("replay a graph", result::graph::launch(self.ready, gpu.stream));
        }
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let gpu = gpu(self.recording.device);
            // SAFETY: it was made ready once; replays that were queued are waited for.
            unsafe {
                gpu.expect("finish a graph", result::stream::synchronize(gpu.stream));
                gpu.expect("let a graph go", result::graph::exec_destroy(self.ready));
            }
            gpu.recorder().alive.retain(|recording| recording.as_ptr() != Arc::as_ptr(&self.recording));
            let kept = std::mem::take(&mut self.recording.store().kept);
            // Another graph may read it, too.
            kept.into_iter().for_each(|memory| gpu.release(memory));
        }
    }
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Graph on cuda:{}", self.recording.device)
    }
}
