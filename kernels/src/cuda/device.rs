use super::CudaError;
use super::graph::Recorder;
use super::pinned::Pinned;
use crate::Device;
use cudarc::driver::{result, sys};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

/// A device that was opened: its context, and the one stream on which all its work is queued.
pub(super) struct Gpu {
    pub ordinal: u32,
    pub name: String,
    /// 80 stands for sm_80.
    pub architecture: u32,
    /// The most shared memory that a block may ask for, bytes.
    pub shared_limit: usize,
    context: sys::CUcontext,
    pub stream: sys::CUstream,
    pub recorder: Mutex<Recorder>,
    pub pinned: Mutex<Pinned>,
}

// SAFETY: contexts and streams are handles that the driver lets any thread use.
unsafe impl Send for Gpu {}
// SAFETY: as above; the driver serialises what is queued on a stream.
unsafe impl Sync for Gpu {}

/// More devices than any machine that these kernels will meet has.
const MOST: usize = 16;
static GPUS: [OnceLock<Gpu>; MOST] = [const { OnceLock::new() }; MOST];
static EMULATED: AtomicBool = AtomicBool::new(false);

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

/// A device as `gradus devices` lists it.
#[derive(Clone, Debug)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// 80 stands for sm_80.
    pub architecture: u32,
    /// Bytes of memory.
    pub memory: usize,
}

/// What there is of CUDA on this machine.
#[derive(Debug)]
pub struct Found {
    /// The driver's version, such as 12080 for 12.8, and its devices.
    pub driver: Result<(u32, Vec<Description>), CudaError>,
    /// NVRTC's version.
    pub compiler: Result<(u32, u32), CudaError>,
}

/// Looks for the driver, its devices and the compiler.
pub fn found() -> Found {
    Found { driver: driver_and_devices(), compiler: super::module::compiler_version() }
}

fn driver_and_devices() -> Result<(u32, Vec<Description>), CudaError> {
    let count = devices()?;
    let mut version = 0;
    // SAFETY: writes one number.
    said("tell its version", unsafe { sys::cuDriverGetVersion(&raw mut version) }.result())?;
    Ok((version as u32, (0..count).map(describe).collect::<Result<_, _>>()?))
}

/// How many devices the driver knows.
fn devices() -> Result<u32, CudaError> {
    // SAFETY: only asks whether a library can be opened; every other call panics where it cannot.
    if !unsafe { sys::is_culib_present() } {
        return Err(CudaError::NoDriver);
    }
    said("start", result::init())?;
    Ok(said("count devices", result::device::get_count())? as u32)
}

fn describe(number: u32) -> Result<Description, CudaError> {
    use sys::CUdevice_attribute_enum::{
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR as MAJOR,
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR as MINOR,
    };
    let device = said("find a device", result::device::get(number as i32))?;
    let name = said("name a device", result::device::get_name(device))?;
    // SAFETY: the device is one that the driver gave.
    let memory = said("measure a device's memory", unsafe { result::device::total_mem(device) })?;
    let version = attribute(device, MAJOR)? * 10 + attribute(device, MINOR)?;
    Ok(Description { name, architecture: version, memory })
}

fn attribute(device: sys::CUdevice, which: sys::CUdevice_attribute) -> Result<u32, CudaError> {
    // SAFETY: the device is one that the driver gave.
    Ok(said("describe a device", unsafe { result::device::get_attribute(device, which) })? as u32)
}

/// Opens a device unless it is open already.
fn open(number: u32) -> Result<(), CudaError> {
    let count = devices()?.min(MOST as u32);
    if number >= count {
        return Err(CudaError::NoDevice { wanted: number, count });
    }
    if GPUS[number as usize].get().is_none() {
        let gpu = start(number)?;
        // Another thread may have been faster: then this context is the same one, and only its stream is idle.
        let _ = GPUS[number as usize].set(gpu);
    }
    Ok(())
}

fn start(number: u32) -> Result<Gpu, CudaError> {
    use sys::CUdevice_attribute_enum::{
        CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN as SHARED,
        CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED as POOLS,
    };
    let Description { name, architecture, .. } = describe(number)?;
    if architecture < 75 {
        return Err(CudaError::TooOld { name, found: architecture });
    }
    let device = said("find a device", result::device::get(number as i32))?;
    if attribute(device, POOLS)? == 0 {
        return Err(CudaError::NoPools(name));
    }
    if !is_emulated() {
        super::module::compiler_version()?;
    }
    // SAFETY: the device is one that the driver gave; the context is kept until the process ends.
    let context = said("make a context", unsafe { result::primary_ctx::retain(device) })?;
    // SAFETY: the context was made just now.
    said("enter a context", unsafe { result::ctx::set_current(context) })?;
    let stream = said("make a stream", result::stream::create(result::stream::StreamKind::NonBlocking))?;
    super::memory::keep_freed_memory(device)?;
    let shared_limit = attribute(device, SHARED)? as usize;
    let (recorder, pinned) = (Mutex::default(), Mutex::default());
    Ok(Gpu { ordinal: number, name, architecture, shared_limit, context, stream, recorder, pinned })
}

/// An open device, with its context current on this thread.
pub(super) fn gpu(number: u32) -> &'static Gpu {
    let gpu =
        GPUS[number as usize].get().unwrap_or_else(|| panic!("cuda:{number} was not opened by Device::open"));
    // SAFETY: the context is kept until the process ends.
    gpu.expect("enter its context", unsafe { result::ctx::set_current(gpu.context) });
    gpu
}

/// The architecture of an open device: 80 stands for sm_80. Panics for the CPU.
pub(crate) fn architecture(device: Device) -> u32 {
    match device {
        Device::Cuda(number) => gpu(number).architecture,
        Device::Cpu => panic!("architecture: the CPU has none"),
    }
}

/// The most shared memory that a block of an open device may have, bytes. Panics for the CPU.
pub(crate) fn shared_limit(device: Device) -> usize {
    match device {
        Device::Cuda(number) => gpu(number).shared_limit,
        Device::Cpu => panic!("shared_limit: the CPU has none"),
    }
}

impl Gpu {
    /// What the driver answered; panics, with its message, where it failed in the midst of work.
    pub fn expect<T>(&self, what: &str, answer: Result<T, result::DriverError>) -> T {
        answer
            .unwrap_or_else(|e| panic!("cuda:{} ({}) failed to {what}: {}", self.ordinal, self.name, text(e)))
    }
}

/// The driver's answer while devices are looked for and opened.
pub(super) fn said<T>(what: &str, answer: Result<T, result::DriverError>) -> Result<T, CudaError> {
    answer.map_err(|e| CudaError::Driver { what: what.into(), why: text(e) })
}

fn text(error: result::DriverError) -> String {
    if error.0 == sys::CUresult::CUDA_ERROR_STUB_LIBRARY {
        return "the libcuda that was found is the toolkit's stub, which is there to be linked with; take its folder, \
                stubs, out of LD_LIBRARY_PATH"
            .into();
    }
    let words =
        |s: Result<&std::ffi::CStr, _>| s.map_or("unknown".into(), |s| s.to_string_lossy().into_owned());
    format!("{} ({})", words(error.error_string()), words(error.error_name()))
}

/// Whether the driver is the emulator.
pub(super) fn is_emulated() -> bool {
    EMULATED.load(Ordering::Acquire)
}

/// Whether this build has the emulator, in words.
pub fn emulator() -> &'static str {
    match cfg!(feature = "cuda-emulator") {
        true => "the CUDA kernels, run on the CPU thread by thread",
        false => "not in this build: it is in one with --features cuda-emulator",
    }
}

/// Makes the emulator this process's driver.
#[cfg(feature = "cuda-emulator")]
fn emulate() -> Result<(), CudaError> {
    static LIBRARY: OnceLock<Result<libloading::Library, String>> = OnceLock::new();
    let path = std::env::var("GRADUS_CUDA_EMULATOR").unwrap_or_else(|_| env!("GRADUS_CUDA_EMULATOR").into());
    // Its name inside is libcuda.so: once it is loaded, that is what the search for the driver finds.
    // SAFETY: the library is ours; loading it registers kernels and does nothing else.
    let library = LIBRARY.get_or_init(|| unsafe { libloading::Library::new(&path) }.map_err(reason));
    if let Err(why) = library {
        return Err(CudaError::Emulator { path, why: why.clone() });
    }
    EMULATED.store(true, Ordering::Release);
    Ok(())
}

/// What the dynamic linker said, which stands behind the error.
#[cfg(feature = "cuda-emulator")]
fn reason(error: libloading::Error) -> String {
    use std::error::Error;
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(not(feature = "cuda-emulator"))]
fn emulate() -> Result<(), CudaError> {
    Err(CudaError::NotEmulated)
}
