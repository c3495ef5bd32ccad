//! stopgap
#![allow(missing_docs)]
use crate::memory::Buffer;
use crate::*;
pub fn rows_gradient(ids: &[i64], dy: Src, d: usize) -> (Vec<i64>, Buffer) {
    let mut u = ids.to_vec();
    u.sort();
    u.dedup();
    let mut b = Buffer::zeros(dy.dtype(), u.len() * d);
    match dy.dtype() {
        DType::F32 => {
            let x: &[f32] = dy.slice();
            let y: &mut [f32] = b.slice_mut();
            for (i, r) in ids.iter().enumerate() {
                let k = u.binary_search(r).unwrap();
                for j in 0..d {
                    y[k * d + j] += x[i * d + j]
                }
            }
        }
        _ => {
            let x: &[f64] = dy.slice();
            let y: &mut [f64] = b.slice_mut();
            for (i, r) in ids.iter().enumerate() {
                let k = u.binary_search(r).unwrap();
                for j in 0..d {
                    y[k * d + j] += x[i * d + j]
                }
            }
        }
    }
    (u, b)
}
