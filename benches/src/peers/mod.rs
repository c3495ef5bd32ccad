//! The peers of Gradus: each is a file and a row of [`all`].

#[cfg(feature = "burn")]
mod burn;
#[cfg(feature = "candle")]
mod candle;
#[cfg(any(feature = "burn", feature = "candle"))]
mod given;
// The other crates take raw pointers.
#[allow(unsafe_code)]
mod product;
mod torch;

use crate::workload::{Kind, Workload};
use anyhow::Result;
use std::path::Path;
use torch::{Engine, Torch};

/// Returns the milliseconds of each call, for about the given number of seconds.
pub type Timer<'a> = Box<dyn FnMut(f64) -> Result<Vec<f64>> + 'a>;

/// Another engine, or a crate with a single operation.
pub trait Peer: Send {
    /// Its name in every table.
    fn name(&self) -> &'static str;

    /// The workload in this peer; `None` if it has no such operation.
    ///
    /// # Errors
    /// Its results differ from those of Gradus.
    fn timer<'a>(&'a mut self, workload: &'a Workload) -> Result<Option<Timer<'a>>>;

    /// Writes three steps of SGD without dropout to a file, in the format that [`same`](crate::same) reads; `false` if this
    /// peer does not train.
    ///
    /// # Errors
    /// The peer's process ended.
    fn write_steps(&mut self, _workload: &Workload, _file: &Path) -> Result<bool> {
        Ok(false)
    }

    /// Writes weights, sources and their translations to a file, in the format that [`Translation`](crate::translation::Translation) reads;
    /// `false` if this peer does not translate, or has compared its translations with another one's.
    ///
    /// # Errors
    /// The peer's process ended.
    fn write_translations(&mut self, _workload: &Workload, _file: &Path) -> Result<bool> {
        Ok(false)
    }

    /// The peak megabytes of a workload above the size before, in a separate process; `None` if the peer has no process.
    ///
    /// # Errors
    /// The peer's process ended.
    fn memory_mb(&self, _workload: &Workload) -> Result<Option<f64>> {
        Ok(None)
    }
}

/// A Python with the peers that are written for it.
#[derive(Clone, Copy, Debug)]
pub struct Python<'a> {
    /// Its program, which has PyTorch.
    pub path: &'a Path,
    /// Whether it has ONNX Runtime, which is to be timed too.
    pub onnx: bool,
    /// Whether it has CTranslate2, which is to be timed too.
    pub ctranslate2: bool,
}

/// All peers that were built in or requested.
///
/// # Errors
/// A peer cannot be started.
pub fn all(python: Option<Python>, threads: usize) -> Result<Vec<Box<dyn Peer>>> {
    let mut peers: Vec<Box<dyn Peer>> = vec![];
    if let Some(python) = python {
        let engines =
            [(Engine::Torch, true), (Engine::Onnx, python.onnx), (Engine::CTranslate2, python.ctranslate2)];
        for (engine, _) in engines.into_iter().filter(|(_, wanted)| *wanted) {
            peers.push(Box::new(Torch::start(python.path, threads, engine)?));
        }
    }
    peers.push(Box::new(product::MATRIXMULTIPLY));
    #[cfg(feature = "gemm")]
    peers.push(Box::new(product::GEMM));
    #[cfg(feature = "candle")]
    peers.push(Box::new(candle::CANDLE));
    #[cfg(feature = "burn")]
    peers.push(Box::new(burn::BURN));
    Ok(peers)
}

/// A crate that runs in this process.
struct Crate {
    name: &'static str,
    timer: fn(&Kind) -> Option<Result<Timer<'static>>>,
}

impl Peer for Crate {
    fn name(&self) -> &'static str {
        self.name
    }

    fn timer<'a>(&'a mut self, workload: &'a Workload) -> Result<Option<Timer<'a>>> {
        (self.timer)(&workload.kind).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Ids, Layout};

    #[test]
    fn every_peer_has_a_name_of_its_own_and_runs_what_it_has() {
        let kinds = [
            Kind::Gemm { m: 3, k: 4, n: 5, layout: Layout::Nn },
            Kind::Gemm { m: 3, k: 4, n: 5, layout: Layout::Nt },
            Kind::Gemm { m: 3, k: 4, n: 5, layout: Layout::Tn },
            Kind::Conv1d { batch: 2, len: 6, c_in: 3, c_out: 4, kernel: 2 },
            Kind::Lstm { batch: 2, len: 3, input: 4, hidden: 5, layers: 1 },
            Kind::Attention { batch: 1, heads: 2, len: 5, dim: 4, causal: false },
            Kind::Layernorm { rows: 3, dim: 8 },
            Kind::SoftmaxCe { rows: 3, classes: 7 },
            Kind::Adamw { rows: 3, dim: 4 },
        ];
        let mut names = vec![];
        for mut peer in all(None, 1).expect("none of these is started") {
            assert!(!names.contains(&peer.name()), "two peers have the name {}", peer.name());
            names.push(peer.name());
            let products_only = ["matrixmultiply", "gemm"].contains(&peer.name());
            for kind in &kinds {
                let workload = Workload { name: "small".into(), ids: Ids::Uniform, kind: kind.clone() };
                let timer = peer.timer(&workload).expect("its results equal those of Gradus");
                assert_eq!(timer.is_some(), !products_only || matches!(kind, Kind::Gemm { .. }), "{kind:?}");
                if let Some(mut timer) = timer {
                    assert_eq!(timer(0.0).expect("it runs").len(), 1);
                }
            }
        }
    }

    #[cfg(any(feature = "burn", feature = "candle"))]
    #[test]
    fn another_result_is_refused() {
        let given =
            given::Given::of(&Kind::Gemm { m: 1, k: 1, n: 1, layout: Layout::Nn }).expect("it is a matmul");
        let [a, b] = [0, 1].map(|i| given.operands[i].to_vec::<f32>()[0]);
        given.agree("peer", &[vec![a * b]]).expect("it is the product");
        for wrong in [vec![], vec![vec![]], vec![vec![a * b * 1.01]], vec![vec![f32::NAN]]] {
            assert!(given.agree("peer", &wrong).is_err(), "{wrong:?}");
        }
    }
}
