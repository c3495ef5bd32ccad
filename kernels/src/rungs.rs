//! The CUDA ladders of all operations: each faster kernel must give the results of the plain one.
//!
//! Operations only run their fastest kernels. The check of a ladder, in `rungs.rs` beside its operation, runs every kernel by
//! name, on sizes that leave warps and tiles partly empty.

use crate::cuda::{Source, architecture, launched_by};
use crate::{
    DType, Device, Kind, attention, cached_attention, conv_relu_max, conv1d, convert, crf, cross_entropy,
    dropout, elementwise, gemm, gemm_int8, index, layer_norm, lstm, optimizer, reduce, softmax, top_k,
};

/// The ladder of one operation.
struct Ladder {
    name: &'static str,
    sources: &'static [&'static Source],
    check: fn(Kind),
}

const LADDERS: &[Ladder] = &[
    Ladder { name: "elementwise", sources: &[&elementwise::cuda::SOURCE], check: elementwise::rungs::check },
    Ladder { name: "convert", sources: &[&convert::cuda::SOURCE], check: convert::rungs::check },
    Ladder { name: "dropout", sources: &[&dropout::cuda::SOURCE], check: dropout::rungs::check },
    Ladder { name: "reduce", sources: &[&reduce::cuda::SOURCE], check: reduce::rungs::check },
    Ladder { name: "softmax", sources: &[&softmax::cuda::SOURCE], check: softmax::rungs::check },
    Ladder { name: "top_k", sources: &[&top_k::cuda::SOURCE], check: top_k::rungs::check },
    Ladder {
        name: "cross_entropy",
        sources: &[&cross_entropy::cuda::SOURCE],
        check: cross_entropy::rungs::check,
    },
    Ladder { name: "layer_norm", sources: &[&layer_norm::cuda::SOURCE], check: layer_norm::rungs::check },
    Ladder { name: "index", sources: &[&index::cuda::SOURCE], check: index::rungs::check },
    Ladder {
        name: "gemm",
        sources: &[&gemm::cuda::SOURCE, &gemm::cuda::TENSOR_CORES],
        check: gemm::rungs::check,
    },
    Ladder { name: "gemm_int8", sources: &[&gemm_int8::cuda::SOURCE], check: gemm_int8::rungs::check },
    Ladder { name: "conv1d", sources: &[&conv1d::cuda::SOURCE], check: conv1d::rungs::check },
    Ladder {
        name: "conv_relu_max",
        sources: &[&conv_relu_max::cuda::SOURCE],
        check: conv_relu_max::rungs::check,
    },
    Ladder {
        name: "lstm",
        sources: &[&lstm::cuda::SOURCE, &lstm::cuda::STEPS, &lstm::cuda::HELD],
        check: lstm::rungs::check,
    },
    Ladder { name: "crf", sources: &[&crf::cuda::SOURCE, &crf::cuda::VITERBI], check: crf::rungs::check },
    Ladder {
        name: "attention",
        sources: &[&attention::cuda::SOURCE, &attention::cuda::TILED],
        check: attention::rungs::check,
    },
    Ladder {
        name: "cached_attention",
        sources: &[&cached_attention::cuda::SOURCE],
        check: cached_attention::rungs::check,
    },
    Ladder { name: "optimizer", sources: &[&optimizer::cuda::SOURCE], check: optimizer::rungs::check },
];

/// The CUDA sources of all ladders: every `.cu` file of the crate.
pub fn sources() -> impl Iterator<Item = &'static Source> {
    LADDERS.iter().flat_map(|ladder| ladder.sources).copied()
}

/// Checks the ladders with `only` in their name (all, if it is empty) on an open device.
///
/// Panics if two rungs differ, if a check does not launch a kernel of its sources, or if no ladder has that name.
pub fn check(device: Device, only: &str) {
    let kind = Kind { dtype: DType::F32, device };
    let mut ladders = LADDERS.iter().filter(|ladder| ladder.name.contains(only)).peekable();
    assert!(ladders.peek().is_some(), "{only}: no ladder has this in its name");
    // Matmuls in bf16 and tf32 need newer tensor cores.
    let newer = |kernel: &str| kernel.contains("bf16") || kernel.contains("tf32");
    let can = |kernel: &&str| !newer(kernel) || architecture(device) >= 80;
    let unchecked = ladders.flat_map(|Ladder { sources, check, .. }| {
        let launched = launched_by(|| check(kind));
        sources.iter().flat_map(|source| source.kernels()).filter(move |kernel| !launched.contains(kernel))
    });
    let unchecked: Vec<&str> = unchecked.filter(can).collect();
    assert!(unchecked.is_empty(), "no check in a rungs.rs launches these kernels: {unchecked:?}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("the sources can be read");
        let paths = entries.map(|entry| entry.expect("the sources can be read").path());
        paths
            .flat_map(|path| match path.is_dir() {
                true => files(&path),
                false => {
                    [path].into_iter().filter(|path| path.extension().is_some_and(|e| e == "cu")).collect()
                }
            })
            .collect()
    }

    #[test]
    fn every_cuda_source_has_a_ladder() {
        let known: Vec<&str> = sources().map(|source| source.name).collect();
        for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            assert!(
                known.contains(&&*name),
                "{} has no ladder: write its checks in rungs.rs beside it, and a row of LADDERS in src/rungs.rs",
                path.display()
            );
        }
    }

    #[cfg(feature = "cuda-emulator")]
    #[test]
    fn every_kernel_is_a_rung_that_agrees() {
        super::check(crate::Device::open("cuda-emulated").unwrap_or_else(|e| panic!("{e}")), "");
    }
}
