/// Why a CUDA device cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CudaError {
    /// No such name.
    #[error("{0:?} is no device: expected cpu, cuda, cuda:N with N from 0, or cuda-emulated")]
    Name(String),
    /// `libcuda` is absent.
    #[error(
        "there is no CUDA driver: libcuda was looked for where the dynamic linker looks; install NVIDIA's driver or \
         use --device cpu"
    )]
    NoDriver,
    /// `libnvrtc` is absent.
    #[error(
        "there is no NVRTC, which compiles the kernels: libnvrtc was looked for where the dynamic linker looks; \
         install the CUDA toolkit (or the Python package nvidia-cuda-nvrtc and put its lib folder into \
         LD_LIBRARY_PATH) or use --device cpu"
    )]
    NoCompiler,
    /// There are fewer devices.
    #[error("there is no device cuda:{requested}: the driver knows {count}")]
    NoDevice {
        /// The requested number.
        requested: u32,
        /// How many there are.
        count: u32,
    },
    /// The device is older than any that kernels are compiled for.
    #[error("{name} has the architecture sm_{found}; expected sm_75 or later")]
    TooOld {
        /// The device's name.
        name: String,
        /// Its architecture.
        found: u32,
    },
    /// The device cannot allocate in the order of a stream.
    #[error("{0} has no memory pools, which need a driver of CUDA 11.2 or later")]
    NoPools(String),
    /// This build has no emulator.
    #[error(
        "this build has no CUDA emulator: build with --features cuda-emulator, which needs a C++ compiler"
    )]
    NotEmulated,
    /// The emulator cannot be opened.
    #[error("the CUDA emulator {path} cannot be opened: {why}")]
    Emulator {
        /// Its file.
        path: String,
        /// The dynamic linker's message.
        why: String,
    },
    /// The driver answered with an error.
    #[error("the CUDA driver refused to {what}: {why}")]
    Driver {
        /// What was asked.
        what: String,
        /// Its answer.
        why: String,
    },
    /// cuBLAS answered with an error.
    #[error("cuBLAS refused to {what}: {why}")]
    Cublas {
        /// What was asked.
        what: String,
        /// Its answer.
        why: String,
    },
}
