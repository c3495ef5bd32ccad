//! stopgap
#![allow(missing_docs)]
use crate::philox::Stream;
use crate::slice::on_cpu;
use crate::*;
pub fn forward(x: Src, p: f64, s: Stream, y: Dst) -> Outcome {
    on_cpu!(x.dtype(), T => for (i,(x,y)) in x.slice::<T>().iter().zip(y.slice::<T>()).enumerate() { *y = if s.uniform(i as u64) as f64 >= p { *x * (1.0/(1.0-p)) as T } else { 0.0 } })
}
pub fn mask(p: f64, s: Stream, y: Dst) -> Outcome {
    on_cpu!(y.dtype(), T => for (i,y) in y.slice::<T>().iter_mut().enumerate() { *y = if s.uniform(i as u64) as f64 >= p { (1.0/(1.0-p)) as T } else { 0.0 } })
}
pub fn uniform(l: f64, h: f64, s: Stream, y: Dst) -> Outcome {
    on_cpu!(y.dtype(), T => for (i,y) in y.slice::<T>().iter_mut().enumerate() { *y = (l+(h-l)*s.uniform(i as u64) as f64) as T })
}
pub fn normal(m: f64, d: f64, s: Stream, y: Dst) -> Outcome {
    on_cpu!(y.dtype(), T => for (i,y) in y.slice::<T>().iter_mut().enumerate() { *y = (m+d*s.normal(i as u64) as f64) as T })
}
