//! Runs every rung of every CUDA kernel's ladder on the emulator, on one thread, for sanitizers to watch:
//! `kernels/src/cuda/check`.

use gradus_kernels::Device;
use gradus_kernels::cuda::rungs;
use rayon::ThreadPoolBuilder;

fn main() {
    let device = Device::open("cuda-emulated").unwrap_or_else(|e| panic!("{e}"));
    // The CPU's products stay on this thread too: its hand-offs between threads are not instrumented, and would be taken
    // for races.
    let pool = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
    pool.unwrap_or_else(|e| panic!("{e}")).install(|| rungs::check(device));
    println!("all rungs agree");
}
