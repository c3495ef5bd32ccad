use crate::{Param, Tensor};

/// Σ |w| over all parameters: the L1 penalty, to be multiplied by its strength. Paper, section 3.3.
pub fn l1(params: &[Param]) -> Tensor {
    total(params, |w| w.abs().sum_all())
}

/// Σ w² over all parameters: the L2 penalty, to be multiplied by its strength. Paper, section 3.3.
pub fn l2(params: &[Param]) -> Tensor {
    total(params, |w| w.square().sum_all())
}

#[track_caller]
fn total(params: &[Param], norm: impl Fn(&Tensor) -> Tensor) -> Tensor {
    let norms = params.iter().map(|p| norm(&p.tensor()));
    norms.reduce(|a, b| a + b).expect("penalty: there are no parameters")
}
