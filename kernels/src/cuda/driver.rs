//! The driver: whether it is present, its errors, its devices, and the emulator in its place.

use super::CudaError;
use cudarc::driver::{result, sys};
#[cfg(feature = "cuda-emulator")]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

static EMULATED: AtomicBool = AtomicBool::new(false);

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

pub(super) fn version_and_devices() -> Result<(u32, Vec<Description>), CudaError> {
    let count = devices()?;
    let mut version = 0;
    // SAFETY: writes one integer.
    said("report its version", unsafe { sys::cuDriverGetVersion(&raw mut version) }.result())?;
    Ok((version as u32, (0..count).map(describe).collect::<Result<_, _>>()?))
}

/// The number of devices that the driver knows.
pub(super) fn devices() -> Result<u32, CudaError> {
    // SAFETY: only asks whether a library can be opened; every other call panics if it cannot.
    if !unsafe { sys::is_culib_present() } {
        return Err(CudaError::NoDriver);
    }
    said("start", result::init())?;
    Ok(said("count devices", result::device::get_count())? as u32)
}

/// The driver's description of a device.
pub(super) fn describe(number: u32) -> Result<Description, CudaError> {
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

/// An attribute of a device.
pub(super) fn attribute(device: sys::CUdevice, which: sys::CUdevice_attribute) -> Result<u32, CudaError> {
    // SAFETY: the device is one that the driver gave.
    Ok(said("describe a device", unsafe { result::device::get_attribute(device, which) })? as u32)
}

/// The driver's answer while devices are looked for and opened.
pub(super) fn said<T>(what: &str, answer: Result<T, result::DriverError>) -> Result<T, CudaError> {
    answer.map_err(|e| CudaError::Driver { what: what.into(), why: text(e) })
}

/// The driver's message.
pub(super) fn text(error: result::DriverError) -> String {
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
pub(super) fn emulate() -> Result<(), CudaError> {
    static LIBRARY: OnceLock<Result<libloading::Library, String>> = OnceLock::new();
    let path = std::env::var("GRADUS_CUDA_EMULATOR").unwrap_or_else(|_| env!("GRADUS_CUDA_EMULATOR").into());
    // Its name inside is libcuda.so: once it is loaded, that is what the search for the driver finds.
    // SAFETY: the library is ours; loading it only registers kernels.
    let library = LIBRARY.get_or_init(|| unsafe { libloading::Library::new(&path) }.map_err(reason));
    if let Err(why) = library {
        return Err(CudaError::Emulator { path, why: why.clone() });
    }
    EMULATED.store(true, Ordering::Release);
    Ok(())
}

/// The dynamic linker's message, which the error contains.
#[cfg(feature = "cuda-emulator")]
fn reason(error: libloading::Error) -> String {
    use std::error::Error;
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(not(feature = "cuda-emulator"))]
pub(super) fn emulate() -> Result<(), CudaError> {
    Err(CudaError::NotEmulated)
}
