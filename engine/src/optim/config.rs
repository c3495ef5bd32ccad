use serde::{Deserialize, Serialize};

/// How a gradient becomes a step; formulas and defaults are PyTorch's. A rule is also its own configuration: serialised, it is
/// a table with the rule's `name` and the keys that this rule has, each with a default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "name")]
pub enum Rule {
    /// v ← μ v + (1 − dampening) g, w ← w − lr (g + μ v with Nesterov, else v). Source: Sutskever et al., ICML 2013.
    Sgd {
        /// μ.
        #[serde(default)]
        momentum: f64,
        /// The share of the gradient that is not added to v.
        #[serde(default)]
        dampening: f64,
        /// Whether to use Nesterov's momentum.
        #[serde(default)]
        nesterov: bool,
    },
    /// s ← s + g², w ← w − lr g / (√s + ε). Source: Duchi, Hazan, Singer, JMLR 12, 2011.
    AdaGrad {
        /// lr falls as 1 / (1 + decay · (t − 1)).
        #[serde(default)]
        lr_decay: f64,
        /// ε.
        #[serde(default = "tiny")]
        eps: f64,
    },
    /// s ← α s + (1 − α) g², w ← w − lr g / (√s + ε). Source: Tieleman, Hinton, lecture 6.5, 2012.
    RmsProp {
        /// α.
        #[serde(default = "alpha")]
        alpha: f64,
        /// ε.
        #[serde(default = "small")]
        eps: f64,
        /// Momentum of the step, as in SGD.
        #[serde(default)]
        momentum: f64,
        /// Whether the variance replaces the second moment.
        #[serde(default)]
        centered: bool,
    },
    /// m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², w ← w − lr m̂ / (√v̂ + ε). Source: Kingma, Ba, ICLR 2015.
    Adam {
        /// β₁.
        #[serde(default = "beta1")]
        beta1: f64,
        /// β₂.
        #[serde(default = "beta2")]
        beta2: f64,
        /// ε.
        #[serde(default = "small")]
        eps: f64,
    },
    /// Adam with weight decay separate from the gradient: w ← w − lr λ w first. Source: Loshchilov, Hutter, ICLR 2019.
    AdamW {
        /// β₁.
        #[serde(default = "beta1")]
        beta1: f64,
        /// β₂.
        #[serde(default = "beta2")]
        beta2: f64,
        /// ε.
        #[serde(default = "small")]
        eps: f64,
    },
    /// Adam whose step is rectified while the variance of v̂ is not yet tractable. Source: Liu et al., ICLR 2020.
    RAdam {
        /// β₁.
        #[serde(default = "beta1")]
        beta1: f64,
        /// β₂.
        #[serde(default = "beta2")]
        beta2: f64,
        /// ε.
        #[serde(default = "small")]
        eps: f64,
    },
}

/// What a step does to elements with gradient 0. The head of `moments.rs` explains how this is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ZeroGrad {
    /// It does not change the parameter or its state.
    NoChange,
    /// It changes them, and may be deferred until the parameter is next read.
    Deferrable,
    /// It must be taken immediately: weight decay makes the gradient nonzero, or the learning rate is negative or not finite.
    Immediate,
}

/// An optimizer: its rule, learning rate and weight decay, serialised as one table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptimizerConfig {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// lr.
    #[serde(default = "rate")]
    pub lr: f64,
    /// λ: added to the gradient as λ w, except in AdamW.
    #[serde(default)]
    pub weight_decay: f64,
}

/// Adam with a learning rate of 10⁻³.
impl Default for OptimizerConfig {
    fn default() -> Self {
        OptimizerConfig::new(Rule::adam(), rate())
    }
}

fn rate() -> f64 {
    1e-3
}

fn alpha() -> f64 {
    0.99
}

fn beta1() -> f64 {
    0.9
}

fn beta2() -> f64 {
    0.999
}

/// ε of AdaGrad.
fn tiny() -> f64 {
    1e-10
}

/// ε of the other rules.
fn small() -> f64 {
    1e-8
}

impl Rule {
    /// Every rule with its defaults.
    pub fn all() -> [Rule; 6] {
        [Rule::sgd(0.0), Rule::adagrad(), Rule::rmsprop(), Rule::adam(), Rule::adamw(), Rule::radam()]
    }

    /// SGD with momentum μ.
    pub fn sgd(momentum: f64) -> Self {
        Rule::Sgd { momentum, dampening: 0.0, nesterov: false }
    }
    /// AdaGrad with ε = 10⁻¹⁰.
    pub fn adagrad() -> Self {
        Rule::AdaGrad { lr_decay: 0.0, eps: 1e-10 }
    }
    /// RMSprop with α = 0.99, ε = 10⁻⁸.
    pub fn rmsprop() -> Self {
        Rule::RmsProp { alpha: 0.99, eps: 1e-8, momentum: 0.0, centered: false }
    }
    /// Adam with β = (0.9, 0.999), ε = 10⁻⁸.
    pub fn adam() -> Self {
        Rule::Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8 }
    }
    /// AdamW with β = (0.9, 0.999), ε = 10⁻⁸.
    pub fn adamw() -> Self {
        Rule::AdamW { beta1: 0.9, beta2: 0.999, eps: 1e-8 }
    }
    /// RAdam with β = (0.9, 0.999), ε = 10⁻⁸.
    pub fn radam() -> Self {
        Rule::RAdam { beta1: 0.9, beta2: 0.999, eps: 1e-8 }
    }

    /// What a step with this learning rate and weight decay does to elements with gradient 0.
    pub(super) fn zero_grad(&self, lr: f64, weight_decay: f64) -> ZeroGrad {
        let coupled = weight_decay != 0.0 && !matches!(self, Rule::AdamW { .. });
        let sound = lr >= 0.0 && (lr as f32).is_finite();
        match *self {
            _ if coupled || !sound => ZeroGrad::Immediate,
            Rule::Sgd { momentum: 0.0, .. } => ZeroGrad::NoChange,
            Rule::AdaGrad { lr_decay, eps } if lr_decay >= 0.0 && eps as f32 > 0.0 => ZeroGrad::NoChange,
            _ => ZeroGrad::Deferrable,
        }
    }

    /// The names of the moments that the rule keeps for each parameter.
    pub(super) fn state_names(&self) -> &'static [&'static str] {
        match *self {
            Rule::Sgd { momentum: 0.0, .. } => &[],
            Rule::Sgd { .. } => &["momentum_buffer"],
            Rule::AdaGrad { .. } => &["sum"],
            Rule::RmsProp { momentum, centered, .. } => match (momentum != 0.0, centered) {
                (false, false) => &["square_avg"],
                (true, false) => &["square_avg", "momentum_buffer"],
                (false, true) => &["square_avg", "grad_avg"],
                (true, true) => &["square_avg", "grad_avg", "momentum_buffer"],
            },
            Rule::Adam { .. } | Rule::AdamW { .. } | Rule::RAdam { .. } => &["exp_avg", "exp_avg_sq"],
        }
    }
}

impl OptimizerConfig {
    /// A rule with a learning rate, without weight decay.
    pub fn new(rule: Rule, lr: f64) -> Self {
        OptimizerConfig { rule, lr, weight_decay: 0.0 }
    }

    /// Panics where a value is outside its range, as PyTorch does.
    #[track_caller]
    pub(super) fn check(&self) {
        let at_least_zero = |name: &str, value: f64| {
            assert!(value >= 0.0, "optimizer: {name} is {value}, it must be at least 0");
        };
        let share = |name: &str, value: f64| {
            assert!((0.0..1.0).contains(&value), "optimizer: {name} is {value}, it must lie in [0, 1)");
        };
        at_least_zero("the learning rate", self.lr);
        at_least_zero("the weight decay", self.weight_decay);
        match self.rule {
            Rule::Sgd { momentum, dampening, nesterov } => {
                at_least_zero("the momentum", momentum);
                let fits = !nesterov || momentum > 0.0 && dampening == 0.0;
                assert!(fits, "optimizer: Nesterov's rule needs a momentum above 0 and no dampening");
            }
            Rule::AdaGrad { lr_decay, eps } => {
                at_least_zero("the decay of the rate", lr_decay);
                at_least_zero("ε", eps);
            }
            Rule::RmsProp { alpha, eps, momentum, .. } => {
                share("α", alpha);
                at_least_zero("ε", eps);
                at_least_zero("the momentum", momentum);
            }
            Rule::Adam { beta1, beta2, eps }
            | Rule::AdamW { beta1, beta2, eps }
            | Rule::RAdam { beta1, beta2, eps } => {
                share("β₁", beta1);
                share("β₂", beta2);
                at_least_zero("ε", eps);
            }
        }
    }
}
