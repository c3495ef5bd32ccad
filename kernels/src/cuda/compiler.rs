//! NVRTC, which compiles CUDA sources to machine code.

use super::CudaError;
use crate::functions;
use cudarc::nvrtc::{result as nvrtc, sys as nvrtc_sys};
use std::ffi::{CStr, CString};

const PRELUDE: &str = include_str!("prelude.cuh");

/// A file that sources include: its name and its text.
pub(crate) type Header = (&'static str, &'static str);

/// Everything that the machine code of a source depends on, except its own text and the headers beside it.
pub(super) fn surroundings(options: &[String]) -> [String; 4] {
    let (major, minor) = version().unwrap_or_else(|e| panic!("{e}"));
    [PRELUDE.into(), functions::header(), options.join(" "), format!("{major}.{minor}")]
}

/// The options for an architecture; 80 stands for sm_80.
pub(super) fn options(architecture: u32) -> Vec<String> {
    vec![format!("--gpu-architecture=sm_{architecture}"), "--std=c++17".into()]
}

/// Machine code of a source that includes some headers, and the compiler's log.
///
/// # Errors
/// The log, where the compiler finds an error; that no compiler was found.
pub(super) fn compile(
    name: &str,
    text: &str,
    headers: &[Header],
    options: &[String],
) -> Result<(Vec<u8>, String), String> {
    version().map_err(|e| e.to_string())?;
    let c_string = |s: &str| CString::new(s).map_err(|e| e.to_string());
    let (text, name) = (c_string(text)?, c_string(name)?);
    let functions = functions::header();
    let everywhere = [("prelude.cuh", PRELUDE), ("functions.cuh", &functions)];
    let included: Vec<_> = headers.iter().chain(&everywhere).collect();
    let names = included.iter().map(|header| c_string(header.0)).collect::<Result<Vec<_>, _>>()?;
    let texts = included.iter().map(|header| c_string(header.1)).collect::<Result<Vec<_>, _>>()?;
    let [names, headers] = [&names, &texts].map(|all| all.iter().map(|s| s.as_ptr()).collect::<Vec<_>>());
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
