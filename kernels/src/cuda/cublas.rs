//! cuBLAS, NVIDIA's matmuls, only for timing and comparison with ours.

use super::CudaError;
use super::device::opened;
use super::driver::is_emulated;
use crate::gemm::Matmul;
use crate::{DType, Device, Dst, Precision, Src};
use cudarc::cublas::{result, sys};
use std::ffi::{c_int, c_void};

/// cuBLAS on one device, its work queued on the device's stream.
pub struct Cublas {
    number: u32,
    handle: sys::cublasHandle_t,
}

impl Cublas {
    /// cuBLAS on an open CUDA device, `None` if the machine has no such library. Panics for the CPU.
    ///
    /// The real library cannot use the emulator's memory. So on the emulated device it counts as absent, unless the environment
    /// variable `EMULATED_CUBLAS` states that the dynamic linker finds `emulator/cublas.cpp` under its name.
    ///
    /// # Errors
    /// The library is present but cannot be started.
    pub fn new(device: Device) -> Result<Option<Self>, CudaError> {
        let Device::Cuda(number) = device else { panic!("cublas: the CPU is no CUDA device") };
        let unknown = is_emulated() && std::env::var_os("EMULATED_CUBLAS").is_none();
        // SAFETY: only asks whether a library can be opened; every other call panics if it cannot.
        if unknown || !unsafe { sys::is_culib_present() } {
            return Ok(None);
        }
        let stream = opened(number).stream;
        let cublas = Cublas { number, handle: answer("start", result::create_handle())? };
        // SAFETY: the handle was made just now, and the stream lives as long as the process; its type, the driver's, is
        // that of the same name here.
        answer("work in a stream", unsafe { result::set_stream(cublas.handle, stream.cast()) })?;
        Ok(Some(cublas))
    }

    /// Its version, such as 120804 for 12.8.4.
    ///
    /// # Errors
    /// The library reports no version.
    pub fn version(&self) -> Result<u32, CudaError> {
        let mut version: c_int = 0;
        // SAFETY: the handle is alive; one integer is written.
        let found = unsafe { sys::cublasGetVersion_v2(self.handle, &raw mut version) };
        answer("report its version", found.result())?;
        Ok(version as u32)
    }

    /// C = A·B, one matmul. The operands are `f32`, which cuBLAS rounds to the matmul's precision, or `f16`; sums and C,
    /// [M, N] row-major, are `f32`.
    ///
    /// Panics if operands lie on another device, are of other dtypes or shorter than the matmul reads, or have
    /// neither contiguous rows nor contiguous columns.
    ///
    /// # Errors
    /// cuBLAS has no such matmul.
    pub fn multiply(&mut self, matmul: Matmul, a: Src, b: Src, c: Dst) -> Result<(), CudaError> {
        let Matmul { count, m, k, n, a_strides, b_strides, precision } = matmul;
        assert_eq!(count, 1, "cublas: one matmul at a time");
        let here = Device::Cuda(self.number);
        assert_eq!([a.device(), b.device(), c.device()], [here; 3], "cublas: operands on other devices");
        let results = (c.dtype(), c.len());
        assert_eq!(results, (DType::F32, m * n), "cublas: the result is no f32 of [{m}, {n}]");
        let (dtype, compute) = types(a.dtype(), precision);
        assert_eq!(a.dtype(), b.dtype(), "cublas: operands of two dtypes");
        let (a_turned, a_apart) = layout("A", a, [m, k], a_strides);
        let (b_turned, b_apart) = layout("B", b, [k, n], b_strides);
        let pointers = [a.pointer(), b.pointer(), c.pointer()].map(Option::unwrap_or_default);
        let [a, b, c] = pointers.map(|pointer| pointer as usize as *mut c_void);
        let [m, k, n] = [m, k, n].map(int);
        let (one, zero) = (1.0f32, 0.0f32);
        let (one, zero): (*const f32, *const f32) = (&raw const one, &raw const zero);
        // Makes the device's context current on this thread.
        opened(self.number);
        // SAFETY: it was checked that the operands lie on this device and are as long as the matmul reads and writes;
        // they live until the work queued on the stream is done (they are freed in its order). The two factors are read
        // before the call returns.
        let multiplied = unsafe {
            // cuBLAS is column-major: a row-major matrix is its transpose there, and Cᵀ = Bᵀ·Aᵀ.
            result::gemm_ex(
                self.handle,
                b_turned,
                a_turned,
                n,
                m,
                k,
                one.cast(),
                b,
                dtype,
                b_apart,
                a,
                dtype,
                a_apart,
                zero.cast(),
                c,
                sys::cudaDataType::CUDA_R_32F,
                n,
                compute,
                sys::cublasGemmAlgo_t::CUBLAS_GEMM_DEFAULT,
            )
        };
        answer("multiply", multiplied)
    }
}

impl Drop for Cublas {
    fn drop(&mut self) {
        // SAFETY: the handle is destroyed once, here. A library that failed has reported it before.
        let _ = unsafe { result::destroy_handle(self.handle) };
    }
}

/// The operands' type, and the precision of the multiplication.
fn types(dtype: DType, precision: Precision) -> (sys::cudaDataType, sys::cublasComputeType_t) {
    use sys::cublasComputeType_t::{
        CUBLAS_COMPUTE_32F, CUBLAS_COMPUTE_32F_FAST_16BF, CUBLAS_COMPUTE_32F_FAST_16F,
        CUBLAS_COMPUTE_32F_FAST_TF32,
    };
    match dtype {
        DType::F16 => (sys::cudaDataType::CUDA_R_16F, CUBLAS_COMPUTE_32F),
        DType::F32 => {
            let compute = match precision {
                Precision::F32 => CUBLAS_COMPUTE_32F,
                Precision::Tf32 => CUBLAS_COMPUTE_32F_FAST_TF32,
                Precision::Bf16 => CUBLAS_COMPUTE_32F_FAST_16BF,
                Precision::F16 => CUBLAS_COMPUTE_32F_FAST_16F,
            };
            (sys::cudaDataType::CUDA_R_32F, compute)
        }
        other => panic!("cublas: operands are f32 or f16, not {other}"),
    }
}

/// Whether cuBLAS must transpose a matrix (to cuBLAS, which is column-major, a row-major matrix is the transposed one), and the
/// distance between its rows or columns.
#[track_caller]
fn layout(
    name: &str,
    x: Src,
    [rows, cols]: [usize; 2],
    [_, row, col]: [usize; 3],
) -> (sys::cublasOperation_t, c_int) {
    let reach = rows.saturating_sub(1) * row + cols.saturating_sub(1) * col + 1;
    assert!(x.len() >= reach, "cublas: {name} of [{rows}, {cols}] in {} elements, needs {reach}", x.len());
    match (row, col) {
        (row, 1) if row >= cols => (sys::cublasOperation_t::CUBLAS_OP_N, int(row)),
        (1, col) if col >= rows => (sys::cublasOperation_t::CUBLAS_OP_T, int(col)),
        _ => panic!("cublas: {name} of [{rows}, {cols}] has strides [{row}, {col}]; one must be 1"),
    }
}

#[track_caller]
fn int(x: usize) -> c_int {
    c_int::try_from(x).unwrap_or_else(|_| panic!("cublas: it counts to 2³¹ − 1, not to {x}"))
}

fn answer<T>(what: &str, answer: Result<T, result::CublasError>) -> Result<T, CudaError> {
    answer.map_err(|e| CudaError::Cublas { what: what.into(), why: format!("{:?}", e.0) })
}
