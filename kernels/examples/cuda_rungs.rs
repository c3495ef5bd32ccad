//! Runs every rung of every CUDA kernel's ladder on the emulator, on one thread, for sanitizers to watch:
//! `kernels/src/cuda/check`.

use gradus_kernels::Device;
use gradus_kernels::cuda::rungs;

fn main() {
    let device = Device::open("cuda-emulated").unwrap_or_else(|e| panic!("{e}"));
    rungs::check(device);
    println!("all rungs agree");
}
