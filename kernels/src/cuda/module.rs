use super::compiler::{Header, compile, options, surroundings};
use super::driver::is_emulated;
use super::gpu::Gpu;
use cudarc::driver::{result, sys};
use sha2::{Digest, Sha256};
use std::ffi::CString;
use std::path::PathBuf;
use std::sync::Mutex;

/// A `.cu` file with the headers that it includes, and its compiled modules so far.
pub struct Source {
    /// The file's name.
    pub name: &'static str,
    text: &'static str,
    headers: &'static [Header],
    loaded: Mutex<Vec<Module>>,
}

/// A source compiled for and loaded on one device.
struct Module {
    device: u32,
    handle: sys::CUmodule,
    functions: Vec<Function>,
}

/// A kernel of a module, and the shared memory that it is currently allowed to use.
struct Function {
    name: &'static str,
    handle: sys::CUfunction,
    shared: usize,
}

// SAFETY: modules and functions are handles that the driver lets any thread use.
unsafe impl Send for Module {}

/// The source in a file beside this one, with the headers beside it that it includes.
macro_rules! source {
    ($file:literal $(, $header:literal)*) => {
        $crate::cuda::Source::new($file, include_str!($file), &[$(($header, include_str!($header))),*])
    };
}
pub(crate) use source;

/// The shared memory that every block may use; more must be requested.
const FREELY_SHARED: usize = 48 * 1024;

impl Source {
    pub(crate) const fn new(name: &'static str, text: &'static str, headers: &'static [Header]) -> Self {
        Source { name, text, headers, loaded: Mutex::new(Vec::new()) }
    }

    /// The assembler's report on each kernel for an architecture (80 stands for sm_80): registers, shared memory, spills.
    ///
    /// # Errors
    /// The compiler's log, where it finds an error; that no compiler was found.
    pub fn assembled(&self, architecture: u32) -> Result<String, String> {
        let mut options = options(architecture);
        options.push("--ptxas-options=-v".into());
        compile(self.name, self.text, self.headers, &options).map(|(_, log)| log)
    }

    /// The names of its kernels, in their order. Headers have none.
    pub(crate) fn kernels(&self) -> impl Iterator<Item = &'static str> {
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
        let options = options(architecture);
        let mut key = Sha256::new();
        let own = self.headers.iter().map(|header| header.1).chain([self.text]).map(str::to_owned);
        for part in own.chain(surroundings(&options)) {
            key.update(part.len().to_le_bytes());
            key.update(part);
        }
        let key: String = key.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let file = cache().map(|folder| folder.join(format!("{}-{key}.cubin", self.name)));
        if let Some(code) = file.as_ref().and_then(|file| std::fs::read(file).ok()) {
            return code;
        }
        let (code, _) = compile(self.name, self.text, self.headers, &options)
            .unwrap_or_else(|log| panic!("{}: {log}", self.name));
        if let Some(file) = file {
            // A cache that cannot be written only costs time.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// NVRTC opens no file: it finds only what is embedded. The emulator's build script registers the kernels of `.cu` files.
    #[test]
    fn every_included_file_is_embedded_and_headers_have_no_kernels() {
        for Source { name, text, headers, .. } in crate::rungs::sources() {
            let texts = headers.iter().map(|header| header.1).chain([*text]);
            for line in texts.flat_map(str::lines) {
                let Some(included) = line.strip_prefix("#include \"").and_then(|rest| rest.strip_suffix('"'))
                else {
                    continue;
                };
                let known = ["prelude.cuh", "functions.cuh"].contains(&included)
                    || headers.iter().any(|header| header.0 == included);
                assert!(known, "{name}: {included} is not embedded: name it in the source! of {name}");
            }
            let found = headers.iter().find(|header| header.1.contains("\nKERNEL "));
            assert!(found.is_none(), "{name}: a kernel in {}, which is a header", found.unwrap().0);
        }
    }
}
