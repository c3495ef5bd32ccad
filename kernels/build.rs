//! Builds the CUDA emulator for the feature `cuda-emulator`: every kernel, compiled for the CPU once for
//! each architecture, with the engine that runs it and a stand-in for the driver, in one shared library.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "cuda-emulator")]
    emulator::build();
}

#[cfg(feature = "cuda-emulator")]
#[path = "src/functions.rs"]
#[allow(dead_code, reason = "only the header is used here")]
mod functions;

#[cfg(feature = "cuda-emulator")]
mod emulator {
    use super::functions;
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::{env, fs};

    /// What `__CUDA_ARCH__` is: kernels may choose by it.
    const ARCHITECTURES: [u32; 3] = [750, 800, 900];

    pub fn build() {
        let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
        let sanitizer = env::var("GRADUS_EMULATOR_SANITIZER").unwrap_or_default();
        // Each in its own folder, so that a program that was built before still finds its library.
        let out = out.join(if sanitizer.is_empty() { "plain".into() } else { sanitizer.replace(',', "-") });
        fs::create_dir_all(&out).expect("OUT_DIR can be written");
        println!("cargo:rerun-if-env-changed=GRADUS_EMULATOR_SANITIZER");
        println!("cargo:rerun-if-changed=src/cuda");
        println!("cargo:rerun-if-changed=src/functions.rs");
        println!("cargo:rerun-if-changed=emulator");
        write_if_new(&out.join("functions.cuh"), &functions::header());
        let mut kernels = vec![];
        find(Path::new("src"), &mut kernels);
        let mut objects = compiler(&sanitizer, &out, false)
            .out_dir(&out)
            .files(
                ["fibers", "meetings", "order", "grid", "driver"].map(|part| format!("emulator/{part}.cpp")),
            )
            .compile_intermediates();
        let units: Vec<PathBuf> = kernels.iter().map(|file| unit(file, &out)).collect();
        // Sanitizers watch the kernels of one: they take minutes for all.
        let architectures = if sanitizer.is_empty() { &ARCHITECTURES[..] } else { &[800] };
        for architecture in architectures {
            let mut compiler = compiler(&sanitizer, &out, true);
            let folder = out.join(architecture.to_string());
            fs::create_dir_all(&folder).expect("OUT_DIR can be written");
            compiler.define("EMULATED_ARCH", architecture.to_string().as_str()).out_dir(folder);
            objects.extend(compiler.files(&units).compile_intermediates());
        }
        // Its internal name is libcuda.so: once it is loaded by its path, every search for the driver finds it. It must not
        // be named libcuda.so.1, which NVRTC opens for calls that are not here.
        let library = out.join("libgradus-cuda-emulator.so");
        let tool = compiler(&sanitizer, &out, true).get_compiler();
        let mut link = Command::new(tool.path());
        link.arg("-shared").args(&objects).args(["-lpthread", "-Wl,-soname,libcuda.so", "-o"]).arg(&library);
        if !sanitizer.is_empty() {
            link.arg(format!("-fsanitize={sanitizer}"));
        }
        let linked = link.status().is_ok_and(|status| status.success());
        assert!(linked, "the CUDA emulator could not be linked by {}", tool.path().display());
        println!("cargo:rustc-env=GRADUS_CUDA_EMULATOR={}", library.display());
    }

    /// All `.cu` files below a folder. They and their headers are watched.
    fn find(folder: &Path, found: &mut Vec<PathBuf>) {
        let mut entries: Vec<PathBuf> = fs::read_dir(folder)
            .expect("the crate's sources can be read")
            .map(|entry| entry.expect("the crate's sources can be read").path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                find(&path, found);
            } else if path.extension().is_some_and(|e| e == "cu" || e == "cuh") {
                println!("cargo:rerun-if-changed={}", path.display());
                if path.extension().is_some_and(|e| e == "cu") {
                    found.push(path);
                }
            }
        }
    }

    /// A file that includes a source and makes its kernels known.
    fn unit(source: &Path, out: &Path) -> PathBuf {
        let text = fs::read_to_string(source).expect("the crate's sources can be read");
        assert!(
            !text.contains("__shared__"),
            "{}: shared memory is written SHARED(type, name, [size]) or DYN_SHARED(type, name)",
            source.display()
        );
        let path = fs::canonicalize(source).expect("the crate's sources can be read");
        let mut unit = format!("#include \"{}\"\n", path.display());
        for kernel in text.split("\nKERNEL ").skip(1) {
            let name = kernel.split('(').next().expect("a split has a first part").trim();
            unit += &format!("REGISTER({name})\n");
        }
        let file = out.join(source.file_stem().expect("a source has a name")).with_extension("cpp");
        write_if_new(&file, &unit);
        file
    }

    fn write_if_new(file: &Path, text: &str) {
        if fs::read_to_string(file).ok().as_deref() != Some(text) {
            fs::write(file, text).expect("OUT_DIR can be written");
        }
    }

    /// `instrumented`: whether the sanitizer instruments this code; the emulator's engine switches stacks and must not be.
    fn compiler(sanitizer: &str, out: &Path, instrumented: bool) -> cc::Build {
        let mut build = cc::Build::new();
        // For a debugger, if the profile requests it; messages of sanitizers need line numbers only.
        let debugged = sanitizer.is_empty() && env::var("DEBUG").is_ok_and(|debug| debug != "false");
        build.cpp(true).std("c++20").opt_level(1).debug(debugged).pic(true);
        // Not `warnings(false)`, which is -w: with it `-Werror=switch` would find nothing.
        build.warnings(true).extra_warnings(false);
        build.include("src/cuda").include("emulator").include(out).define("CUDA_EMULATED", None);
        // What the device does in one rounding or two, the CPU does in two: sums are compared within tolerances.
        build
            .flag("-Werror=switch")
            // The host compiler does not know the pragmas of a CUDA compiler.
            .flag("-Wno-unknown-pragmas")
            .flag("-ffp-contract=off")
            .flag("-fno-strict-aliasing")
            .flag("-fvisibility=hidden");
        match sanitizer {
            "" => {}
            "address" | "address,undefined" => {
                build.define("EMULATOR_ASAN", None);
            }
            "thread" => {
                build.define("EMULATOR_TSAN", None);
            }
            other => panic!("GRADUS_EMULATOR_SANITIZER is {other:?}; expected address or thread"),
        }
        if !sanitizer.is_empty() && instrumented {
            build.flag(format!("-fsanitize={sanitizer}")).flag("-fno-omit-frame-pointer").flag("-g1");
        }
        build
    }
}
