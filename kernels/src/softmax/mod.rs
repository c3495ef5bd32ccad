//! stopgap
#![allow(missing_docs)]
use crate::slice::on_cpu;
use crate::*;
pub fn forward(x: Src, y: Dst, c: usize) -> Outcome {
    on_cpu!(x.dtype(), T => { let (x,y)=(x.slice::<T>(),y.slice::<T>()); if c>0 { for (x,y) in x.chunks(c).zip(y.chunks_mut(c)) { let m=x.iter().fold(T::NEG_INFINITY,|a,b| a.max(*b)); if m==T::NEG_INFINITY { y.fill(0.0); continue } let mut s=0.0; for i in 0..c { y[i]=(x[i]-m).exp(); s+=y[i]; } for i in 0..c { y[i]/=s } } } })
}
pub fn backward(y: Src, dy: Src, dx: Dst, c: usize) -> Outcome {
    on_cpu!(y.dtype(), T => { let (y,dy,dx)=(y.slice::<T>(),dy.slice::<T>(),dx.slice::<T>()); if c>0 { for ((y,dy),dx) in y.chunks(c).zip(dy.chunks(c)).zip(dx.chunks_mut(c)) { let s:T=y.iter().zip(dy).map(|(a,b)| a*b).sum(); for i in 0..c { dx[i]=y[i]*(dy[i]-s) } } } })
}
pub fn log_forward(x: Src, y: Dst, c: usize) -> Outcome {
    on_cpu!(x.dtype(), T => { let (x,y)=(x.slice::<T>(),y.slice::<T>()); if c>0 { for (x,y) in x.chunks(c).zip(y.chunks_mut(c)) { let m=x.iter().fold(T::NEG_INFINITY,|a,b| a.max(*b)); let s:T=x.iter().map(|v| (v-m).exp()).sum(); for i in 0..c { y[i]=x[i]-m-s.ln() } } } })
}
pub fn log_backward(y: Src, dy: Src, dx: Dst, c: usize) -> Outcome {
    on_cpu!(y.dtype(), T => { let (y,dy,dx)=(y.slice::<T>(),dy.slice::<T>(),dx.slice::<T>()); if c>0 { for ((y,dy),dx) in y.chunks(c).zip(dy.chunks(c)).zip(dx.chunks_mut(c)) { let s:T=dy.iter().sum(); for i in 0..c { dx[i]=dy[i]-y[i].exp()*s } } } })
}
