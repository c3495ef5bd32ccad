//! Runs every rung of the CUDA kernels' ladders, on one thread, for sanitizers to watch: on the emulator, as
//! `kernels/tools/check` does, or on a GPU, as in `compute-sanitizer cuda_rungs cuda`.
//!
//! `cuda_rungs [DEVICE [LADDER]]`; the device is `cuda-emulated` unless another is named, and all ladders run unless one is.

use gradus_kernels::Device;
use gradus_kernels::rungs;
use rayon::ThreadPoolBuilder;

fn main() {
    let mut words = std::env::args().skip(1);
    let device = words.next().unwrap_or_else(|| "cuda-emulated".into());
    let device = Device::open(&device).unwrap_or_else(|e| panic!("{e}"));
    let only = words.next().unwrap_or_default();
    // The CPU's matmuls stay on this thread too: rayon's hand-offs are not instrumented, and a sanitizer would report
    // them as races.
    let pool = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
    pool.unwrap_or_else(|e| panic!("{e}")).install(|| rungs::check(device, &only));
    println!("all rungs agree");
}
