//! What is timed beside Gradus.

// The other crates take raw pointers.
#[allow(unsafe_code)]
mod product;
mod torch;

use crate::workload::{Kind, Workload};
use anyhow::Result;
pub use torch::Torch;

/// Milliseconds of each call for about so many seconds.
pub type Timer<'a> = Box<dyn FnMut(f64) -> Result<Vec<f64>> + 'a>;

/// The peers that have this workload, by name.
pub fn of<'a>(workload: &'a Workload, torch: Option<&'a mut Torch>) -> Vec<(&'static str, Timer<'a>)> {
    let mut peers: Vec<(&'static str, Timer)> = vec![];
    if let Kind::Gemm { m, k, n } = workload.kind {
        peers.push(("matrixmultiply", product::matrixmultiply(m, k, n)));
        #[cfg(feature = "gemm")]
        peers.push(("gemm", product::gemm(m, k, n)));
    }
    if let Some(torch) = torch {
        peers.push(("PyTorch", Box::new(move |seconds| torch.time(&workload.name, seconds))));
    }
    peers
}
