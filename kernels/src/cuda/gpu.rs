//! A device's handles: its context and its stream.

use super::CudaError;
use super::driver::{Description, attribute, describe, is_emulated, said, text};
use cudarc::driver::{result, sys};

/// A device, its context, and the one stream on which all its work is queued.
pub(super) struct Gpu {
    pub ordinal: u32,
    pub name: String,
    /// 80 stands for sm_80.
    pub architecture: u32,
    /// The most shared memory that a block may ask for, bytes.
    pub shared_limit: usize,
    context: sys::CUcontext,
    pub stream: sys::CUstream,
}

// SAFETY: contexts and streams are handles that the driver lets any thread use.
unsafe impl Send for Gpu {}
// SAFETY: as above; the driver serialises what is queued on a stream.
unsafe impl Sync for Gpu {}

impl Gpu {
    /// Makes the context and the stream of a device.
    ///
    /// # Errors
    /// The device is too old for the kernels, has no memory pools, or the driver or the compiler is missing or fails.
    pub fn start(number: u32) -> Result<Gpu, CudaError> {
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
            super::compiler::version()?;
        }
        // SAFETY: the device is one that the driver gave; the context is kept until the process ends.
        let context = said("make a context", unsafe { result::primary_ctx::retain(device) })?;
        // SAFETY: the context was made just now.
        said("enter a context", unsafe { result::ctx::set_current(context) })?;
        let stream = said("make a stream", result::stream::create(result::stream::StreamKind::NonBlocking))?;
        keep_freed_memory(device)?;
        let shared_limit = attribute(device, SHARED)? as usize;
        Ok(Gpu { ordinal: number, name, architecture, shared_limit, context, stream })
    }

    /// Makes the context current on this thread.
    pub fn enter(&self) {
        // SAFETY: the context is kept until the process ends.
        self.expect("enter its context", unsafe { result::ctx::set_current(self.context) });
    }

    /// The driver's result; panics, with its message, if a call failed while work was running.
    pub fn expect<T>(&self, what: &str, answer: Result<T, result::DriverError>) -> T {
        answer
            .unwrap_or_else(|e| panic!("cuda:{} ({}) failed to {what}: {}", self.ordinal, self.name, text(e)))
    }

    /// Panics because the device is out of memory.
    pub fn out_of_memory(&self, bytes: usize) -> ! {
        let megabytes = |n: usize| n.div_ceil(1 << 20);
        let (free, all) = result::mem_get_info().unwrap_or((0, 0));
        panic!(
            "cuda:{} ({}) has no memory for {} MiB more: {} of {} MiB are free; use a smaller batch or shorter sequences",
            self.ordinal,
            self.name,
            megabytes(bytes),
            megabytes(free),
            megabytes(all)
        );
    }
}

/// Lets the driver keep freed memory, as the pool of host memory does: by default it returns memory to the system whenever
/// the host waits for the device.
fn keep_freed_memory(device: sys::CUdevice) -> Result<(), CudaError> {
    let mut all = u64::MAX;
    // SAFETY: the device is one that the driver gave, and the attribute has 64 bits.
    unsafe {
        let pool = said("find its memory pool", result::device::get_default_mem_pool(device))?;
        let answer = sys::cuMemPoolSetAttribute(
            pool,
            sys::CUmemPool_attribute_enum::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD,
            (&raw mut all).cast(),
        );
        said("keep freed memory", answer.result())
    }
}
