/// Where what `f32` gives differs from `f64`, and why that is right.
pub struct Known {
    /// The names of operations, losses or rules.
    pub ops: &'static [&'static str],
    /// The values that were planted.
    pub values: fn(f32) -> bool,
    /// The results that differ; none named means all.
    pub results: &'static [&'static str],
    /// Why.
    pub why: &'static str,
}

impl Known {
    /// Whether this is about such a difference.
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
        why: "a / b² is beyond f32 before dy makes it smaller, and the sum of two such is NaN",
    },
    Known {
        ops: &["layer_norm"],
        values: huge,
        results: &[],
        why: "the variance is beyond f32, so all is as far from the mean as nothing; PyTorch does the same",
    },
    Known {
        ops: &["lstm"],
        values: huge,
        results: &["second derivative"],
        why: "the square of a cell is beyond f32, and the slope of its tanh 0",
    },
    Known {
        ops: &["attention"],
        values: huge,
        results: &[],
        why: "which of two scores of 1e30 is the larger is a matter of rounding; those of two such are beyond f32",
    },
    Known {
        ops: &["attention"],
        values: not_finite,
        results: &["gradient", "rule"],
        why: "a query all of whose scores are −∞ is passed over by the plain kernel, elsewhere it is 0 · ∞; and a row of \
              NaN is so at masked keys too, which the reference selects away",
    },
    Known {
        ops: &["conv1d"],
        values: not_finite,
        results: &["gradient"],
        why: "the fast gradient of x multiplies weights by the zeros around dy as well, and 0 · ∞ is NaN",
    },
    Known {
        ops: &["embedding_conv_relu_max"],
        values: |x| huge(x) || not_finite(x),
        results: &[],
        why: "on the CPU only words are multiplied, elsewhere the padding too: a weight of NaN that meets no word is \
              seen there alone",
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
        ],
        values: huge,
        results: &[],
        why: "next to 1e30 the other scores of a path have no digits left: which one is the best is a matter of rounding",
    },
    Known {
        ops: &["crf_log_z", "crf_nll", "crf_log_marginals", "sequence_focal"],
        values: infinite,
        results: &["rule", "gradient"],
        why: "where log Z is ∞ a probability is ∞ − ∞: of that one kernel makes NaN, another 0; and kernels give a \
              forbidden score of the gold tagging no gradient, the reference that of any score",
    },
    Known {
        ops: &["focal_of"],
        values: infinite,
        results: &["output"],
        why: "ln p = ∞ is of no probability; (1 − p)^γ is held at the smallest number, whose square is beyond f32",
    },
    Known {
        ops: &["info_nce"],
        values: tiny,
        results: &[],
        why: "the gradient of a direction is its rounding error over the length, which is 1e-30",
    },
];
