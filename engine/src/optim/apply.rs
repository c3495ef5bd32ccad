use super::Rule;
use crate::Grad;
use gradus_kernels::memory::Buffer;
use gradus_kernels::optimizer::{
    self, AdagradStep, AdamStep, Gradient, Owed, RadamStep, RmspropStep, SgdStep, Steps,
};
use gradus_kernels::{Dst, Src};

/// What one step differs by from another of the same rule: the t-th, with its learning rate and weight decay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) lr: f64,
    pub(super) weight_decay: f64,
    pub(super) t: u64,
}

/// One step, or for some rows the steps that they have not had.
#[derive(Clone, Copy)]
enum Work<'a> {
    Step(Gradient<'a, Src<'a>>),
    Replay(Owed<'a, Src<'a>>),
}

/// One step for all of a parameter.
pub(super) fn apply(rule: Rule, step: Taken, p: &mut Buffer, gradient: &Grad, state: &mut [Buffer]) {
    let (values, ids) = match gradient {
        Grad::Dense(g) => (g.contiguous(), vec![]),
        Grad::Rows(rows) => (rows.values.contiguous(), rows.ids.to_vec::<i64>()),
    };
    let g = match gradient {
        Grad::Dense(_) => Gradient::Dense(values.src()),
        Grad::Rows(_) => Gradient::Rows { ids: &ids, values: values.src(), width: values.dim(-1) },
    };
    run(rule, &[step], Work::Step(g), p, state);
}

/// For some rows the steps that they have not had.
pub(super) fn replay(rule: Rule, steps: &[Taken], owed: Owed<Src>, p: &mut Buffer, state: &mut [Buffer]) {
    run(rule, steps, Work::Replay(owed), p, state);
}

fn run(rule: Rule, taken: &[Taken], work: Work, p: &mut Buffer, state: &mut [Buffer]) {
    let (kind, dtype, p) = (p.kind(), p.dtype(), p.dst());
    let mut state = state.iter_mut().map(Buffer::dst);
    let mut next = || state.next().unwrap_or_else(|| Dst::none(dtype));
    // A step by itself, or the list of all.
    macro_rules! work {
        ($step:expr, $steps:path, [$($state:ident),*], $one:path) => {{
            let steps: Vec<_> = taken.iter().map($step).collect();
            match work {
                Work::Step(g) => $one(&steps[0], p, g, $($state),*),
                Work::Replay(owed) => {
                    let mut state = [$($state),*].into_iter();
                    let state = [(); 3].map(|_| state.next().unwrap_or_else(|| Dst::none(dtype)));
                    optimizer::replay($steps(&steps), p, owed, state)
                }
            }
        }};
    }
    let outcome = match rule {
        Rule::Sgd { momentum, dampening, nesterov } => {
            let step = |&Taken { lr, weight_decay, t }: &Taken| SgdStep {
                lr,
                momentum,
                dampening,
                nesterov,
                weight_decay,
                first: t == 1,
            };
            let u = next();
            work!(step, Steps::Sgd, [u], optimizer::sgd)
        }
        Rule::AdaGrad { lr_decay, eps } => {
            let step = |&Taken { lr, weight_decay, t }: &Taken| AdagradStep {
                lr,
                lr_decay,
                weight_decay,
                eps,
                step: t,
            };
            let sum = next();
            work!(step, Steps::Adagrad, [sum], optimizer::adagrad)
        }
        Rule::RmsProp { alpha, eps, momentum, centered } => {
            let step = |&Taken { lr, weight_decay, .. }: &Taken| RmspropStep {
                lr,
                alpha,
                eps,
                weight_decay,
                momentum,
                centered,
            };
            let square = next();
            let mean = if centered { next() } else { Dst::none(dtype) };
            let u = next();
            work!(step, Steps::Rmsprop, [square, mean, u], optimizer::rmsprop)
        }
        Rule::Adam { beta1, beta2, eps } | Rule::AdamW { beta1, beta2, eps } => {
            let decoupled = matches!(rule, Rule::AdamW { .. });
            let step = |&Taken { lr, weight_decay, t }: &Taken| AdamStep {
                lr,
                beta1,
                beta2,
                eps,
                weight_decay,
                decoupled,
                step: t,
            };
            let (m, v) = (next(), next());
            work!(step, Steps::Adam, [m, v], optimizer::adam)
        }
        Rule::RAdam { beta1, beta2, eps } => {
            let step = |&Taken { lr, weight_decay, t }: &Taken| RadamStep {
                lr,
                beta1,
                beta2,
                eps,
                weight_decay,
                decoupled: false,
                step: t,
            };
            let (m, v) = (next(), next());
            work!(step, Steps::Radam, [m, v], optimizer::radam)
        }
    };
    crate::ops::ran("optimizer", kind, outcome);
}
