use super::Rule;
use crate::Grad;
use gradus_kernels::memory::Buffer;
use gradus_kernels::optimizer::{self, AdagradStep, AdamStep, Gradient, RadamStep, RmspropStep, SgdStep};
use gradus_kernels::{Dst, Src};

/// One step for one parameter: the t-th, with its learning rate and weight decay.
pub(super) fn apply(
    rule: Rule,
    lr: f64,
    weight_decay: f64,
    t: u64,
    p: &mut Buffer,
    gradient: &Grad,
    state: &mut [Buffer],
) {
    let dtype = p.dtype();
    let values = match gradient {
        Grad::Dense(g) => g.contiguous(),
        Grad::Rows(rows) => rows.values.contiguous(),
    };
    let ids = match gradient {
        Grad::Dense(_) => vec![],
        Grad::Rows(rows) => rows.ids.to_vec::<i64>(),
    };
    let g: Gradient<Src> = match gradient {
        Grad::Dense(_) => Gradient::Dense(values.src()),
        Grad::Rows(_) => Gradient::Rows { ids: &ids, values: values.src(), width: values.dim(-1) },
    };
    let mut state = state.iter_mut().map(Buffer::dst);
    let mut next = || state.next().unwrap_or_else(|| Dst::cpu(dtype, &mut []));
    let outcome = match rule {
        Rule::Sgd { momentum, dampening, nesterov } => {
            let step = SgdStep { lr, momentum, dampening, nesterov, weight_decay, first: t == 1 };
            optimizer::sgd(&step, p.dst(), g, next())
        }
        Rule::AdaGrad { lr_decay, eps } => {
            let step = AdagradStep { lr, lr_decay, weight_decay, eps, step: t };
            optimizer::adagrad(&step, p.dst(), g, next())
        }
        Rule::RmsProp { alpha, eps, momentum, centered } => {
            let step = RmspropStep { lr, alpha, eps, weight_decay, momentum, centered };
            let square = next();
            let mean = if centered { next() } else { Dst::cpu(dtype, &mut []) };
            optimizer::rmsprop(&step, p.dst(), g, square, mean, next())
        }
        Rule::Adam { beta1, beta2, eps } | Rule::AdamW { beta1, beta2, eps } => {
            let decoupled = matches!(rule, Rule::AdamW { .. });
            let step = AdamStep { lr, beta1, beta2, eps, weight_decay, decoupled, step: t };
            optimizer::adam(&step, p.dst(), g, next(), next())
        }
        Rule::RAdam { beta1, beta2, eps } => {
            let step = RadamStep { lr, beta1, beta2, eps, weight_decay, decoupled: false, step: t };
            optimizer::radam(&step, p.dst(), g, next(), next())
        }
    };
    crate::ops::ran("optimizer", dtype, outcome);
}
