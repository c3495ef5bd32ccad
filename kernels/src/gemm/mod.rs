//! stopgap
#![allow(missing_docs)]
use crate::slice::on_cpu;
use crate::*;
#[derive(Clone, Copy)]
pub struct Product {
    pub count: usize,
    pub m: usize,
    pub k: usize,
    pub n: usize,
    pub a_strides: [usize; 3],
    pub b_strides: [usize; 3],
}
pub fn batched(p: Product, a: Src, b: Src, y: Dst) -> Outcome {
    batched_with_bias(p, a, b, None, y)
}
pub fn batched_with_bias(p: Product, a: Src, b: Src, bias: Option<Src>, y: Dst) -> Outcome {
    on_cpu!(a.dtype(), T => { let (a,b,y)=(a.slice::<T>(),b.slice::<T>(),y.slice::<T>()); for c in 0..p.count { for i in 0..p.m { for j in 0..p.n { let mut s = match bias { Some(x)=>x.slice::<T>()[j], None=>0.0 }; for k in 0..p.k { s+=a[c*p.a_strides[0]+i*p.a_strides[1]+k*p.a_strides[2]]*b[c*p.b_strides[0]+k*p.b_strides[1]+j*p.b_strides[2]] } y[(c*p.m+i)*p.n+j]=s } } } })
}
