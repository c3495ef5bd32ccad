//! NVRTC, which compiles CUDA sources to machine code.

use super::CudaError;
use crate::functions;
use cudarc::nvrtc::{result as nvrtc, sys as nvrtc_sys};
use std::ffi::{CStr, CString};

const PRELUDE: &str = include_str!("prelude.cuh");

/// All that the machine code of a source depends on besides its own text.
pub(super) fn surroundings(options: &[String]) -> [String; 4] {
    let (major, minor) = version().unwrap_or_else(|e| panic!("{e}"));
    [PRELUDE.into(), functions::header(), options.join(" "), format!("{major}.{minor}")]
}

/// The options for an architecture; 80 stands for sm_80.
pub(super) fn options(architecture: u32) -> Vec<String> {
    vec![format!("--gpu-architecture=sm_{architecture}"), "--std=c++17".into()]
}

/// The assembler's report on each kernel of a source for an architecture: registers, shared memory, spills.
///
/// # Errors
/// The compiler's log, where it finds an error.
pub fn assembled(name: &str, text: &str, architecture: u32) -> Result<String, String> {
    version().map_err(|e| e.to_string())?;
    let mut options = options(architecture);
    options.push("--ptxas-options=-v".into());
    compile(name, text, &options).map(|(_, log)| log)
}

/// Machine code of a source, and the compiler's log.
///
/// # Errors
/// The log, where the compiler finds an error.
pub(super) fn compile(name: &str, text: &str, options: &[String]) -> Result<(Vec<u8>, String), String> {
    let c_string = |s: &str| CString::new(s).map_err(|e| e.to_string());
    let (text, name) = (c_string(text)?, c_string(name)?);
    let (prelude, functions) = (c_string(PRELUDE)?, c_string(&functions::header())?);
    let headers = [prelude.as_ptr(), functions.as_ptr()];
    let names = [c"prelude.cuh".as_ptr(), c"functions.cuh".as_ptr()];
    let failed = |e: nvrtc::NvrtcError| e.to_string();
    let mut program = std::ptr::null_mut();
    // SAFETY: all strings end with 0 and outlive the program, which is destroyed below; the buffers have the sizes
    // that were asked for.
    unsafe {
        nvrtc_sys::nvrtcCreateProgram(
            &raw mut program,
            text.as_ptr(),
            name.as_ptr(),
            headers.len() as i32,
            headers.as_ptr(),
            names.as_ptr(),
        )
        .result()
        .map_err(failed)?;
        let outcome = nvrtc::compile_program(program, options);
        let log = nvrtc::get_program_log(program).map_err(failed)?;
        let log = CStr::from_ptr(log.as_ptr()).to_string_lossy().into_owned();
        let code = match outcome {
            Ok(()) => {
                let mut size = 0;
                nvrtc_sys::nvrtcGetCUBINSize(program, &raw mut size).result().map_err(failed)?;
                let mut code = vec![0u8; size];
                nvrtc_sys::nvrtcGetCUBIN(program, code.as_mut_ptr().cast()).result().map_err(failed)?;
                Ok((code, log))
            }
            Err(error) => Err(format!("{error}\n{log}")),
        };
        nvrtc::destroy_program(program).map_err(failed)?;
        code
    }
}

/// NVRTC's version.
pub(super) fn version() -> Result<(u32, u32), CudaError> {
    // SAFETY: asks whether a library can be opened, then for two numbers.
    unsafe {
        if !nvrtc_sys::is_culib_present() {
            return Err(CudaError::NoCompiler);
        }
        let (mut major, mut minor) = (0, 0);
        match nvrtc_sys::nvrtcVersion(&raw mut major, &raw mut minor).result() {
            Ok(()) => Ok((major as u32, minor as u32)),
            Err(_) => Err(CudaError::NoCompiler),
        }
    }
}
