/// The registry's entry for an operation.
#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    /// The name in the graph, in memory reports and in the table of test cases.
    pub name: &'static str,
    /// Whether it has a reference besides its kernels.
    pub fused: bool,
}

const fn fused(name: &'static str) -> OpInfo {
    OpInfo { name, fused: true }
}

const fn primitive(name: &'static str) -> OpInfo {
    OpInfo { name, fused: false }
}

/// Every operation that a graph can hold. A test walks this table and fails if an operation has no row in the table of cases.
pub const REGISTRY: &[OpInfo] = &[
    primitive("neg"),
    primitive("abs"),
    primitive("square"),
    primitive("sqrt"),
    primitive("recip"),
    primitive("exp"),
    primitive("exp_m1"),
    primitive("ln"),
    primitive("ln_1p"),
    primitive("tanh"),
    primitive("sigmoid"),
    primitive("relu"),
    primitive("gelu"),
    primitive("erf"),
    primitive("softplus"),
    primitive("log_sigmoid"),
    primitive("affine"),
    primitive("powf"),
    primitive("clamp"),
    primitive("add"),
    primitive("sub"),
    primitive("mul"),
    primitive("div"),
    primitive("maximum"),
    primitive("minimum"),
    primitive("select"),
    primitive("sum"),
    primitive("max"),
    primitive("min"),
    primitive("reshape"),
    primitive("permute"),
    primitive("broadcast_to"),
    primitive("contiguous"),
    primitive("narrow"),
    primitive("widen"),
    primitive("concat"),
    primitive("embedding"),
    primitive("scatter_rows"),
    primitive("take_along"),
    primitive("put_along"),
    primitive("top_k"),
    primitive("matmul"),
    primitive("linear"),
    primitive("softmax"),
    primitive("log_softmax"),
    primitive("dropout"),
    primitive("to_dtype"),
    primitive("identity"),
    primitive("checkpoint"),
    fused("layer_norm"),
    fused("cross_entropy"),
    fused("linear_cross_entropy"),
    fused("conv1d"),
    fused("conv_relu_max"),
    fused("embedding_conv_relu_max"),
    fused("lstm"),
    fused("attention"),
    fused("cached_attention"),
    fused("crf_log_z"),
    fused("crf_nll"),
    fused("crf_log_marginals"),
];

/// The operation with this name.
pub fn find(name: &str) -> Option<&'static OpInfo> {
    REGISTRY.iter().find(|op| op.name == name)
}
