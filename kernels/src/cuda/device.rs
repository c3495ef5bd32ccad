//! The devices that are open.

use super::CudaError;
use super::driver::{Description, devices, emulate, version_and_devices};
use super::gpu::Gpu;
use super::pinned::Pinned;
use super::recording::{Freed, Recorder, Recording};
use crate::Device;
use cudarc::driver::result;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// An open device: its handles, what it records, and its pinned memory.
pub(super) struct Open {
    pub gpu: Gpu,
    recorder: Mutex<Recorder>,
    pinned: Mutex<Pinned>,
}

impl Deref for Open {
    type Target = Gpu;
    fn deref(&self) -> &Gpu {
        &self.gpu
    }
}

/// The most devices, which is more than any machine has.
const MOST: usize = 16;
static DEVICES: [OnceLock<Open>; MOST] = [const { OnceLock::new() }; MOST];

impl Device {
    /// The device of a name, `cpu`, `cuda`, `cuda:N` or `cuda-emulated`, opened and ready.
    ///
    /// # Errors
    /// There is no such device, or its driver or compiler is missing.
    pub fn open(name: &str) -> Result<Device, CudaError> {
        let number = match name {
            "cpu" => return Ok(Device::Cpu),
            "cuda" => Some(0),
            "cuda-emulated" => {
                emulate()?;
                Some(0)
            }
            _ => name.strip_prefix("cuda:").and_then(|n| n.parse().ok()),
        };
        let number = number.ok_or_else(|| CudaError::Name(name.into()))?;
        open(number)?;
        Ok(Device::Cuda(number))
    }
}

/// The CUDA driver, devices and compiler of this machine.
#[derive(Debug)]
pub struct Found {
    /// The driver's version, such as 12080 for 12.8, and its devices.
    pub driver: Result<(u32, Vec<Description>), CudaError>,
    /// NVRTC's version.
    pub compiler: Result<(u32, u32), CudaError>,
}

/// Looks for the driver, its devices and the compiler.
pub fn found() -> Found {
    Found { driver: version_and_devices(), compiler: super::compiler::version() }
}

/// Opens a device unless it is open already.
fn open(number: u32) -> Result<(), CudaError> {
    let count = devices()?.min(MOST as u32);
    if number >= count {
        return Err(CudaError::NoDevice { requested: number, count });
    }
    if DEVICES[number as usize].get().is_none() {
        let (recorder, pinned) = (Mutex::default(), Mutex::default());
        let open = Open { gpu: Gpu::start(number)?, recorder, pinned };
        // Another thread may have been faster: then this context is the same one, and only its stream is idle.
        let _ = DEVICES[number as usize].set(open);
    }
    Ok(())
}

/// An open device, with its context current on this thread.
pub(super) fn opened(number: u32) -> &'static Open {
    let open = DEVICES[number as usize]
        .get()
        .unwrap_or_else(|| panic!("cuda:{number} was not opened by Device::open"));
    open.gpu.enter();
    open
}

/// The architecture of an open device: 80 stands for sm_80. Panics for the CPU.
pub(crate) fn architecture(device: Device) -> u32 {
    match device {
        Device::Cuda(number) => opened(number).architecture,
        Device::Cpu => panic!("architecture: the CPU has none"),
    }
}

/// The most shared memory that a block of an open device may have, bytes. Panics for the CPU.
pub(crate) fn shared_limit(device: Device) -> usize {
    match device {
        Device::Cuda(number) => opened(number).shared_limit,
        Device::Cpu => panic!("shared_limit: the CPU has none"),
    }
}

impl Open {
    /// The state of the device's recording and of its graphs.
    pub fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current recording.
    pub fn recording(&self) -> Option<Arc<Recording>> {
        self.recorder().now.clone()
    }

    /// A time stamp, later than all before.
    pub fn now(&self) -> u64 {
        self.recorder().tick()
    }

    /// Queues a copy to the device; the bytes are read when the call returns.
    pub fn upload(&self, to: u64, bytes: &[u8]) {
        self.pinned.lock().unwrap_or_else(PoisonError::into_inner).upload(&self.gpu, to, bytes);
    }

    /// Gives memory back to the driver, or to a graph that may still read it.
    pub fn release(&self, memory: Freed) {
        let reader = self.recorder().reader_of(&memory);
        match (reader, &memory.of) {
            (Some(recording), _) => recording.keep(memory),
            // It is freed with the rest of its recording, when none of it is in use.
            (None, Some(_)) => {}
            (None, None) => {
                // SAFETY: the memory came from the pool and is freed once, here, after all work on it in the stream.
                let answer = unsafe { result::free_async(memory.pointer, self.stream) };
                self.expect("free memory", answer);
            }
        }
    }
}
