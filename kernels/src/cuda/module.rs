use super::CudaError;
use super::device::{Gpu, is_emulated};
use crate::functions;
use cudarc::driver::{result, sys};
use cudarc::nvrtc::{result as nvrtc, sys as nvrtc_sys};
use sha2::{Digest, Sha256};
use std::ffi::{CStr, CString};
use std::path::PathBuf;
use std::sync::Mutex;

const PRELUDE: &str = include_str!("prelude.cuh");

/// A `.cu` file, and what was made of it so far.
pub(crate) struct Source {
    pub name: &'static str,
    text: &'static str,
    loaded: Mutex<Vec<Module>>,
}

/// A source compiled for and loaded on one device.
struct Module {
    device: u32,
    handle: sys::CUmodule,
    functions: Vec<Function>,
}

/// A kernel of a module, and the shared memory that it was allowed so far.
struct Function {
    name: &'static str,
    handle: sys::CUfunction,
    shared: usize,
}

// SAFETY: modules and functions are handles that the driver lets any thread use.
unsafe impl Send for Module {}

/// The source in a file beside this one.
macro_rules! source {
    ($file:literal) => {
        $crate::cuda::Source::new($file, include_str!($file))
    };
}
pub(crate) use source;

/// So much shared memory any block may have; more must be asked for.
const FREELY_SHARED: usize = 48 * 1024;

impl Source {
    pub const fn new(name: &'static str, text: &'static str) -> Self {
        Source { name, text, loaded: Mutex::new(Vec::new()) }
    }

    /// The names of its kernels, in their order.
    pub fn kernels(&self) -> impl Iterator<Item = &'static str> {
        self.text.split("\nKERNEL ").skip(1).filter_map(|kernel| kernel.split('(').next())
    }

    /// A kernel on a device, compiled and loaded if it was not yet.
    pub(super) fn function(&self, gpu: &Gpu, kernel: &'static str, shared: usize) -> sys::CUfunction {
        let mut loaded = self.loaded.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let place = loaded.iter().position(|m| m.device == gpu.ordinal).unwrap_or_else(|| {
            loaded.push(Module { device: gpu.ordinal, handle: self.load(gpu), functions: vec![] });
            loaded.len() - 1
        });
        let Module { handle, functions, .. } = &mut loaded[place];
        let place = functions.iter().position(|f| f.name == kernel).unwrap_or_else(|| {
            let name = CString::new(kernel).expect("kernels have plain names");
            // SAFETY: the module was loaded and is never unloaded.
            let found = unsafe { result::module::get_function(*handle, name) };
            let handle = gpu.expect(&format!("find the kernel {kernel} in {}", self.name), found);
            functions.push(Function { name: kernel, handle, shared: FREELY_SHARED });
            functions.len() - 1
        });
        let function = &mut functions[place];
        if shared > function.shared {
            assert!(
                shared <= gpu.shared_limit,
                "{kernel}: {shared} bytes of shared memory, and {} has {} for a block",
                gpu.name,
                gpu.shared_limit
            );
            let limit = sys::CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
            let bytes = i32::try_from(shared).expect("a block's shared memory is some kilobytes");
            // SAFETY: the function belongs to a module that is never unloaded.
            let answer = unsafe { result::function::set_function_attribute(function.handle, limit, bytes) };
            gpu.expect(&format!("give {kernel} {shared} bytes of shared memory"), answer);
            function.shared = shared;
        }
        function.handle
    }

    fn load(&self, gpu: &Gpu) -> sys::CUmodule {
        // The emulator's kernels were compiled with it.
        let image = match is_emulated() {
            true => b"emulated\0".to_vec(),
            false => self.compiled(gpu.architecture),
        };
        // SAFETY: the image is a cubin, or for the emulator a text that ends with 0; the driver copies it.
        gpu.expect(&format!("load {}", self.name), unsafe {
            result::module::load_data(image.as_ptr().cast())
        })
    }

    /// The machine code, from the disk if it was compiled before.
    fn compiled(&self, architecture: u32) -> Vec<u8> {
        let (major, minor) = compiler_version().unwrap_or_else(|e| panic!("{e}"));
        let options = options(architecture);
        let mut key = Sha256::new();
        for part in
            [self.text, PRELUDE, &functions::header(), &options.join(" "), &format!("{major}.{minor}")]
        {
            key.update(part.len().to_le_bytes());
            key.update(part);
        }
        let key: String = key.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let file = cache().map(|folder| folder.join(format!("{}-{key}.cubin", self.name)));
        if let Some(code) = file.as_ref().and_then(|file| std::fs::read(file).ok()) {
            return code;
        }
        let (code, _) =
            compile(self.name, self.text, &options).unwrap_or_else(|log| panic!("{}: {log}", self.name));
        if let Some(file) = file {
            // A cache that cannot be written costs time and nothing else.
            let unfinished = file.with_extension(std::process::id().to_string());
            let _ = std::fs::create_dir_all(file.parent().expect("it has a folder"))
                .and_then(|()| std::fs::write(&unfinished, &code))
                .and_then(|()| std::fs::rename(&unfinished, &file));
        }
        code
    }
}

/// Where compiled kernels are kept: GRADUS_CACHE, or the user's folder for such files.
fn cache() -> Option<PathBuf> {
    let given = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    given("GRADUS_CACHE")
        .or_else(|| given("XDG_CACHE_HOME").map(|folder| folder.join("gradus")))
        .or_else(|| given("HOME").map(|folder| folder.join(".cache/gradus")))
}

fn options(architecture: u32) -> Vec<String> {
    vec![format!("--gpu-architecture=sm_{architecture}"), "--std=c++17".into()]
}

/// What the assembler says of each kernel of a source on an architecture: registers, shared memory, spills.
///
/// # Errors
/// The compiler's log, where it finds an error.
pub fn assembled(name: &str, text: &str, architecture: u32) -> Result<String, String> {
    compiler_version().map_err(|e| e.to_string())?;
    let mut options = options(architecture);
    options.push("--ptxas-options=-v".into());
    compile(name, text, &options).map(|(_, log)| log)
}

/// Compiles a source to machine code, and the compiler's log; that alone where it finds an error.
fn compile(name: &str, text: &str, options: &[String]) -> Result<(Vec<u8>, String), String> {
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
pub(super) fn compiler_version() -> Result<(u32, u32), CudaError> {
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
