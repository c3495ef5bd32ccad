//! What is timed beside Gradus.

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
pub use torch::Torch;

/// Milliseconds of each call for about so many seconds.
pub type Timer<'a> = Box<dyn FnMut(f64) -> Result<Vec<f64>> + 'a>;

/// The peers that have this workload and find the numbers that Gradus finds, by name.
pub fn of<'a>(workload: &'a Workload, torch: Option<&'a mut Torch>) -> Vec<(&'static str, Timer<'a>)> {
    let mut peers: Vec<(&'static str, Timer)> = vec![];
    if let Kind::Gemm { m, k, n, layout } = workload.kind {
        peers.push(("matrixmultiply", product::matrixmultiply(m, k, n, layout)));
        #[cfg(feature = "gemm")]
        peers.push(("gemm", product::gemm(m, k, n, layout)));
    }
    #[cfg(feature = "candle")]
    peers.extend(agreeing("Candle", workload, candle::timer(&workload.kind)));
    #[cfg(feature = "burn")]
    peers.extend(agreeing("Burn", workload, burn::timer(&workload.kind)));
    if let Some(torch) = torch {
        peers.push(("PyTorch", Box::new(move |seconds| torch.time(&workload.name, seconds))));
    }
    peers
}

/// A peer that finds what Gradus finds; one that does not is left out, and the log says why.
#[cfg(any(feature = "burn", feature = "candle"))]
fn agreeing<'a>(
    peer: &'static str,
    workload: &Workload,
    timer: Option<Result<Timer<'a>>>,
) -> Option<(&'static str, Timer<'a>)> {
    match timer? {
        Ok(timer) => Some((peer, timer)),
        Err(error) => {
            eprintln!("note: {} is not timed: {error:#}", workload.name);
            None
        }
    }
}

#[cfg(all(test, any(feature = "burn", feature = "candle")))]
mod tests {
    use super::*;
    use crate::workload::Layout;
    use given::Given;

    /// Whether it found the same, and ran once more.
    fn ran(timer: Option<Result<Timer>>) -> bool {
        timer.expect("it has this operation").expect("it finds the same")(0.0).is_ok_and(|t| t.len() == 1)
    }

    #[test]
    fn peers_find_what_gradus_finds() {
        for kind in [
            Kind::Gemm { m: 3, k: 4, n: 5, layout: Layout::Nn },
            Kind::Gemm { m: 3, k: 4, n: 5, layout: Layout::Nt },
            Kind::Gemm { m: 3, k: 4, n: 5, layout: Layout::Tn },
            Kind::Conv1d { batch: 2, len: 6, c_in: 3, c_out: 4, kernel: 2 },
            Kind::Lstm { batch: 2, len: 3, input: 4, hidden: 5, layers: 1 },
            Kind::Attention { batch: 1, heads: 2, len: 5, dim: 4, causal: false },
            Kind::Layernorm { rows: 3, dim: 8 },
            Kind::SoftmaxCe { rows: 3, classes: 7 },
            Kind::Adamw { rows: 3, dim: 4 },
        ] {
            #[cfg(feature = "candle")]
            assert!(ran(candle::timer(&kind)), "{kind:?}");
            #[cfg(feature = "burn")]
            assert!(ran(burn::timer(&kind)), "{kind:?}");
        }
    }

    #[test]
    fn another_result_is_refused() {
        let given = Given::of(&Kind::Gemm { m: 1, k: 1, n: 1, layout: Layout::Nn }).expect("it is a product");
        let [a, b] = [0, 1].map(|i| given.operands[i].to_vec::<f32>()[0]);
        given.agree("peer", &[vec![a * b]]).expect("it is the product");
        for wrong in [vec![], vec![vec![]], vec![vec![a * b * 1.01]], vec![vec![f32::NAN]]] {
            assert!(given.agree("peer", &wrong).is_err(), "{wrong:?}");
        }
    }
}
