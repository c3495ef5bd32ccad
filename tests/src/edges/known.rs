/// A known difference between `f32` and `f64`, and the reason why it is right.
pub struct Known {
    /// The names of operations, losses or rules.
    pub ops: &'static [&'static str],
    /// The values that were planted.
    pub values: fn(f32) -> bool,
    /// The results that differ; empty means all.
    pub results: &'static [&'static str],
    /// The reason.
    pub why: &'static str,
}

impl Known {
    /// Whether this explains such a difference.
    pub fn explains(&self, op: &str, value: f32, result: &str) -> bool {
        let named = self.results.is_empty() || self.results.contains(&result);
        self.ops.contains(&op) && (self.values)(value) && named
    }
}

fn tiny(x: f32) -> bool {
    x != 0.0 && x.abs() < 1e-20
}

fn huge(x: f32) -> bool {
    x.is_finite() && x.abs() > 1e20
}

fn infinite(x: f32) -> bool {
    x.is_infinite()
}

fn not_finite(x: f32) -> bool {
    !x.is_finite()
}

/// The table.
pub const KNOWN: &[Known] = &[
    Known {
        ops: &["div"],
        values: tiny,
        results: &["gradient", "differentiable gradient"],
        why: "a / b² overflows f32 before dy makes it smaller, and the sum of two infinities is NaN",
    },
    Known {
        ops: &["layer_norm"],
        values: huge,
        results: &[],
        why: "the variance overflows f32, so every normalised element is 0; PyTorch does the same",
    },
    Known {
        ops: &["lstm"],
        values: huge,
        results: &["second derivative"],
        why: "the square of a cell overflows f32, and the slope of its tanh is 0",
    },
    Known {
        ops: &["attention", "cached_attention"],
        values: huge,
        results: &[],
        why: "rounding decides which of two scores of 1e30 is larger; products of two such values overflow f32",
    },
    Known {
        ops: &["attention"],
        values: not_finite,
        results: &["gradient", "rule"],
        why: "the plain kernel skips a query whose scores are all −∞, elsewhere the result is 0 · ∞; and a row of NaN is NaN \
        at masked keys too, where the reference selects 0",
    },
    Known {
        ops: &["conv1d"],
        values: not_finite,
        results: &["gradient"],
        why: "the fast gradient of x also multiplies weights by the zeros around dy, and 0 · ∞ is NaN",
    },
    Known {
        ops: &["embedding_conv_relu_max"],
        values: |x| huge(x) || not_finite(x),
        results: &[],
        why: "the CPU multiplies only words, other devices padding too: a NaN weight that meets no word has an effect only \
        there",
    },
    Known {
        ops: &[
            "crf_log_z",
            "crf_nll",
            "crf_log_marginals",
            "sequence_focal",
            "token_log_probabilities",
            "token_cross_entropy",
            "token_focal",
            "token_ghm",
            "token_soft_targets",
        ],
        values: huge,
        results: &[],
        why: "beside 1e30 the other scores of a path lose all digits, so rounding decides which path is the best",
    },
    Known {
        ops: &["crf_log_z", "crf_nll", "crf_log_marginals", "sequence_focal"],
        values: infinite,
        results: &["rule", "gradient"],
        why: "if log Z is ∞ a probability is ∞ − ∞, which is NaN in one kernel and 0 in another; and kernels give a \
        forbidden score of the gold tagging no gradient, while the reference treats it like any score",
    },
    Known {
        ops: &["focal_of"],
        values: infinite,
        results: &["output"],
        why: "ln p = ∞ belongs to no probability; (1 − p)^γ is clamped to the smallest positive value, whose square \
        underflows f32",
    },
    Known {
        ops: &["linear_cross_entropy"],
        values: huge,
        results: &[],
        why: "where p is 1, p − 1 is a rounding error, and a weight of 1e30 multiplies it; products of two such values overflow f32",
    },
    Known {
        ops: &["info_nce"],
        values: tiny,
        results: &[],
        why: "the gradient of a direction is its rounding error over the length, which is 1e-30",
    },
];
