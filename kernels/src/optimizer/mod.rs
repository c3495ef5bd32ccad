//! stopgap
#![allow(missing_docs)]
use crate::*;
pub fn sum_of_squares(x: Src) -> f64 {
    match x.dtype() {
        DType::F32 => x.slice::<f32>().iter().map(|v| (*v as f64).powi(2)).sum(),
        _ => x.slice::<f64>().iter().map(|v| v * v).sum(),
    }
}
