use super::Rule;
use crate::{DType, Grad, Kind};
use gradus_kernels::memory::Buffer;
use gradus_kernels::optimizer::{
    self, AdagradStep, AdamStep, Gradient, Owed, RadamStep, RmspropStep, SgdStep, Steps, Whole,
};
use gradus_kernels::{Dst, Outcome, Src};

/// What distinguishes the steps of one rule: t, the learning rate and the weight decay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Taken {
    pub(super) lr: f64,
    pub(super) weight_decay: f64,
    pub(super) t: u64,
}

/// One step of a whole parameter.
pub(super) fn apply(rule: Rule, step: Taken, p: &mut Buffer, gradient: &Grad, state: &mut [Buffer]) {
    let (values, ids) = match gradient {
        Grad::Dense(g) => (g.contiguous(), vec![]),
        Grad::Rows(rows) => (rows.values.contiguous(), rows.ids.to_vec::<i64>()),
    };
    let g = match gradient {
        Grad::Dense(_) => Gradient::Dense(values.src()),
        Grad::Rows(_) => Gradient::Rows { ids: &ids, values: values.src(), width: values.dim(-1) },
    };
    let (kind, state) = (p.kind(), in_order(rule, p.dtype(), state));
    ran(kind, with(rule, &[step], |steps| optimizer::step(steps, p.dst(), g, state)));
}

/// One step of several whole parameters on one device.
pub(super) fn apply_all(rule: Rule, step: Taken, all: Vec<Whole>) {
    let Some(kind) = all.first().map(|whole| whole.g.kind()) else { return };
    ran(kind, with(rule, &[step], |steps| optimizer::step_all(steps, all)));
}

/// What [`apply_all`] needs of one parameter.
pub(super) fn whole<'a>(rule: Rule, p: &'a mut Buffer, g: Src<'a>, state: &'a mut [Buffer]) -> Whole<'a> {
    let state = in_order(rule, p.dtype(), state);
    Whole { p: p.dst(), g, state }
}

/// The deferred steps of some rows; see the head of `moments.rs`.
pub(super) fn replay(rule: Rule, steps: &[Taken], rows: Owed<Src>, p: &mut Buffer, state: &mut [Buffer]) {
    let (kind, state) = (p.kind(), in_order(rule, p.dtype(), state));
    ran(kind, with(rule, steps, |steps| optimizer::replay(steps, p.dst(), rows, state)));
}

fn ran(kind: Kind, outcome: Outcome) {
    crate::ops::ran("optimizer", kind, outcome);
}

/// The state in the order of the kernels' arguments; `None` for what the rule does not keep.
fn in_order(rule: Rule, dtype: DType, state: &mut [Buffer]) -> [Dst<'_>; 3] {
    let mut state = state.iter_mut().map(Buffer::dst);
    // The second of RMSprop is the mean, even if the rule keeps only the third.
    let second = !matches!(rule, Rule::RmsProp { centered: false, .. });
    [true, second, true].map(|kept| kept.then(|| state.next()).flatten().unwrap_or_else(|| Dst::none(dtype)))
}

/// Runs a kernel for these steps of a rule.
fn with(rule: Rule, taken: &[Taken], kernel: impl FnOnce(Steps) -> Outcome) -> Outcome {
    macro_rules! steps {
        ($steps:path, |$lr:ident, $weight_decay:ident, $t:ident| $step:expr) => {{
            let step = |&Taken { lr: $lr, weight_decay: $weight_decay, t: $t }: &Taken| $step;
            kernel($steps(&taken.iter().map(step).collect::<Vec<_>>()))
        }};
    }
    match rule {
        Rule::Sgd { momentum, dampening, nesterov } => steps!(Steps::Sgd, |lr, weight_decay, t| SgdStep {
            lr,
            momentum,
            dampening,
            nesterov,
            weight_decay,
            first: t == 1,
        }),
        Rule::AdaGrad { lr_decay, eps } => steps!(Steps::Adagrad, |lr, weight_decay, t| AdagradStep {
            lr,
            lr_decay,
            weight_decay,
            eps,
            step: t,
        }),
        Rule::RmsProp { alpha, eps, momentum, centered } => steps!(Steps::Rmsprop, |lr, weight_decay, _t| {
            RmspropStep { lr, alpha, eps, weight_decay, momentum, centered }
        }),
        Rule::Adam { beta1, beta2, eps } | Rule::AdamW { beta1, beta2, eps } => {
            let decoupled = matches!(rule, Rule::AdamW { .. });
            steps!(Steps::Adam, |lr, weight_decay, step| AdamStep {
                lr,
                beta1,
                beta2,
                eps,
                weight_decay,
                decoupled,
                step,
            })
        }
        Rule::RAdam { beta1, beta2, eps } => steps!(Steps::Radam, |lr, weight_decay, step| RadamStep {
            lr,
            beta1,
            beta2,
            eps,
            weight_decay,
            decoupled: false,
            step,
        }),
    }
}
