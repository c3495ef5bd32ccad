//! Work recorded once and replayed: a CUDA graph.
//!
//! While a device records, kernels and copies are noted and not run. A replay queues all of them by one call to the driver,
//! with the same arguments, so all memory that they use must stay where it is. Memory that the recorded work allocates comes
//! from the recording's own store and is never given back. Memory that existed during the recording and is freed later is kept
//! until the graph is dropped.

use super::device::{Open, opened};
use super::recording::Recording;
use crate::Device;
use cudarc::driver::{result, sys};
use std::sync::Arc;

/// Kernels and copies, recorded in their order.
pub struct Graph {
    recording: Arc<Recording>,
    ready: sys::CUgraphExec,
}

// SAFETY: a graph is a handle that the driver lets any one thread use at a time, and `replay` locks.
unsafe impl Send for Graph {}
// SAFETY: as above.
unsafe impl Sync for Graph {}

/// Ends the recording, also if the work panics.
struct Ending<'a>(&'a Open);

impl Ending<'_> {
    fn end(self) -> sys::CUgraph {
        let gpu = self.0;
        std::mem::forget(self);
        // SAFETY: the stream records since `record` began.
        let graph = gpu.expect("end a recording", unsafe { result::stream::end_capture(gpu.stream) });
        gpu.recorder().end();
        graph
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        // SAFETY: as in `end`; the recording so far is discarded.
        let ended = unsafe { result::stream::end_capture(self.0.stream) };
        if let Ok(graph) = ended {
            // SAFETY: the graph was made just now.
            let _ = unsafe { result::graph::destroy(graph) };
        }
        self.0.recorder().now = None;
    }
}

impl Graph {
    /// Records what `work` queues on a device; nothing of it runs. Other threads must not use the device meanwhile, because their
    /// work would be recorded too.
    ///
    /// Panics if the device is the CPU, if it is already recording, and if `work` reads values into host memory.
    #[track_caller]
    pub fn record<T>(device: Device, work: impl FnOnce() -> T) -> (Graph, T) {
        let Device::Cuda(number) = device else { panic!("record: the CPU has no graphs") };
        let open = opened(number);
        // SAFETY: freed once, when the recording is dropped.
        let later = open.expect("allocate memory for a graph", unsafe { result::malloc_sync(8) });
        let recording = {
            let mut recorder = open.recorder();
            assert!(recorder.now.is_none(), "record: {device} records already");
            recorder.begin(&open.gpu, later)
        };
        // Relaxed: a kernel that is first used here may be loaded.
        let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_RELAXED;
        let ending = Ending(open);
        // SAFETY: the stream is the device's own and does not record.
        open.expect("record", unsafe { result::stream::begin_capture(open.stream, mode) });
        let made = work();
        let graph = ending.end();
        // SAFETY: the graph was made just now; its executable form does not need it any more.
        let ready = unsafe {
            let ready = result::graph::instantiate(graph, sys::CUgraphInstantiate_flags(0));
            open.expect("let a graph go", result::graph::destroy(graph));
            open.expect("make a graph ready", ready)
        };
        (Graph { recording, ready }, made)
    }

    /// Queues everything that was recorded. Random numbers come from streams that are `later` further than the recorded ones.
    pub fn replay(&self, later: u64) {
        let gpu = opened(self.recording.gpu.ordinal);
        let recorder = gpu.recorder();
        assert!(recorder.now.is_none(), "replay: the device records");
        // SAFETY: `later` has eight bytes, which the driver has read when the call returns; the graph's memory lives as
        // long as `self.recording`, and all else that it touches is kept by it.
        unsafe {
            let answer = result::memcpy_htod_async(self.recording.later(), &later.to_le_bytes(), gpu.stream);
            gpu.expect("copy to the device", answer);
            gpu.expect("replay a graph", result::graph::launch(self.ready, gpu.stream));
        }
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let gpu = opened(self.recording.gpu.ordinal);
            // SAFETY: it was instantiated once, and queued replays are waited for.
            unsafe {
                gpu.expect("finish a graph", result::stream::synchronize(gpu.stream));
                gpu.expect("let a graph go", result::graph::exec_destroy(self.ready));
            }
            gpu.recorder().forget(&self.recording);
            // Another graph may read it, too.
            self.recording.kept().into_iter().for_each(|memory| gpu.release(memory));
        }
    }
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Graph on cuda:{}", self.recording.gpu.ordinal)
    }
}
