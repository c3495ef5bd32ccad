use super::CudaError;
use super::device::opened;
use super::driver::said;
use super::gpu::Gpu;
use crate::Device;
use cudarc::driver::{result, sys};

/// A stopwatch in the stream of a device: it times what the device does, not how long the host takes to queue it.
pub struct Timer {
    gpu: &'static Gpu,
    start: sys::CUevent,
    end: sys::CUevent,
}

impl Timer {
    /// A stopwatch of an open CUDA device; panics for the CPU, which has no stream.
    ///
    /// # Errors
    /// The driver has no events left.
    pub fn new(device: Device) -> Result<Self, CudaError> {
        let Device::Cuda(number) = device else { panic!("Timer: the CPU has no stream") };
        let gpu = &opened(number).gpu;
        let event = || said("make an event", result::event::create(sys::CUevent_flags::CU_EVENT_DEFAULT));
        Ok(Timer { gpu, start: event()?, end: event()? })
    }

    /// Milliseconds from when the device begins with the work that `work` queues to when it is done. Where the host
    /// queues slower than the device works, the device's waiting counts.
    ///
    /// # Errors
    /// The work failed on the device.
    pub fn time(&mut self, work: impl FnOnce()) -> Result<f64, CudaError> {
        self.record(self.start)?;
        work();
        self.record(self.end)?;
        // SAFETY: both events were made by `new`, recorded on one stream, and live until this is dropped.
        let milliseconds = unsafe {
            said("finish what is timed", result::event::synchronize(self.end))?;
            said("measure the time between two events", result::event::elapsed(self.start, self.end))?
        };
        Ok(f64::from(milliseconds))
    }

    fn record(&self, event: sys::CUevent) -> Result<(), CudaError> {
        // SAFETY: the event was made by `new`; the stream lives as long as the process.
        said("record an event", unsafe { result::event::record(event, self.gpu.stream) })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        for event in [self.start, self.end] {
            // SAFETY: each event is destroyed once, here. A driver that failed has said so before.
            let _ = unsafe { result::event::destroy(event) };
        }
    }
}

#[cfg(all(test, feature = "cuda-emulator"))]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_what_lies_between() {
        let device = Device::open("cuda-emulated").unwrap_or_else(|e| panic!("{e}"));
        let mut timer = Timer::new(device).unwrap_or_else(|e| panic!("{e}"));
        let took = timer.time(|| std::thread::sleep(Duration::from_millis(20)));
        let took = took.unwrap_or_else(|e| panic!("{e}"));
        assert!((20.0..20_000.0).contains(&took), "{took} ms for a sleep of 20");
    }
}
