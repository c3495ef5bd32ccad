//! Work recorded once and replayed: a CUDA graph, and the memory that it works in.
//!
//! While a device records, kernels and copies are noted and not run. A replay queues all of them by one call to the
//! driver, with the same arguments, so everything that they touch must stay where it was: memory that the work asks for
//! comes from the recording's own store and never leaves it, and what anyone frees that was there before the recording
//! ended is kept until the graph is dropped.

use super::device::{Gpu, gpu};
use crate::Device;
use cudarc::driver::{result, sys};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// What a graph works in.
pub(super) struct Recording {
    device: u32,
    /// On the device, a `u64`: how many random streams further than recorded a replay draws.
    later: u64,
    store: Mutex<Store>,
}

/// Memory of a recording.
#[derive(Default)]
struct Store {
    /// What the recorded work asked for: all pieces, and those that are free to be asked for again.
    pieces: Vec<u64>,
    free: Vec<(usize, u64)>,
    /// What was freed elsewhere while the graph may still read it.
    kept: Vec<u64>,
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

    /// Keeps memory from elsewhere, which its owner is done with, as long as the graph lives.
    pub fn keep(&self, pointer: u64) {
        self.store().kept.push(pointer);
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
            for pointer in store.kept {
                gpu.expect("free memory", result::free_async(pointer, gpu.stream));
            }
            for start in store.uploads {
                gpu.expect("unpin memory", result::free_host(start.cast()));
            }
        }
    }
}

/// What a device records now, and the recordings whose graphs are alive.
#[derive(Default)]
pub(super) struct Recorder {
    now: Option<Arc<Recording>>,
    alive: Vec<(u64, Weak<Recording>)>,
    /// How many allocations were made: the clock by which one is older than a graph.
    born: u64,
}

impl Gpu {
    fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is recorded at this moment.
    pub fn recording(&self) -> Option<Arc<Recording>> {
        self.recorder().now.clone()
    }

    /// The number of a new allocation.
    pub fn birth(&self) -> u64 {
        let mut recorder = self.recorder();
        recorder.born += 1;
        recorder.born
    }

    /// Whose graph may still read an allocation with this number.
    pub fn reader(&self, born: u64) -> Option<Arc<Recording>> {
        let mut recorder = self.recorder();
        recorder.alive.retain(|(_, recording)| recording.strong_count() > 0);
        recorder.now.clone().or_else(|| {
            recorder.alive.iter().filter(|(ended, _)| born <= *ended).find_map(|(_, r)| r.upgrade())
        })
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
        gpu.recorder().now = None;
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
        let recording = Arc::new(Recording { device: number, later, store: Mutex::default() });
        {
            let mut recorder = gpu.recorder();
            assert!(recorder.now.is_none(), "record: {device} records already");
            recorder.now = Some(recording.clone());
        }
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
        {
            let mut recorder = gpu.recorder();
            let ended = recorder.born;
            recorder.alive.push((ended, Arc::downgrade(&recording)));
        }
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
        }
    }
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Graph on cuda:{}", self.recording.device)
    }
}
