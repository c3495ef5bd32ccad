//! The functions that are arguments of kernels: one CUDA kernel has a case for each, and the choice is the same for a whole launch.
//!
//! The enums are defined only here. CUDA sources include `functions.cuh`, which [`header`] writes from them, so no value can mean
//! one function in Rust and another on a device. The emulator's build script includes this file, which therefore uses no other part
//! of the crate.

/// Defines an enum with a list of its variants, and its definition in CUDA.
macro_rules! functions {
    ($($(#[$about:meta])* $vis:vis enum $name:ident { $($(#[$what:meta])* $variant:ident,)+ })+) => {
        $(
            $(#[$about])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            $vis enum $name { $($(#[$what])* $variant,)+ }

            impl $name {
                /// All of them, in order.
                #[allow(dead_code, reason = "the build script uses only the header")]
                pub const ALL: &[$name] = &[$($name::$variant),+];
            }
        )+

        /// The name of each enum and its variants.
        const ENUMS: &[(&str, &[&str])] = &[$((stringify!($name), &[$(stringify!($variant)),+])),+];
    };
}

functions! {
    /// A function of one element.
    pub enum Unary {
        /// −x.
        Neg,
        /// |x|.
        Abs,
        /// −1, 0 or 1.
        Sign,
        /// x².
        Square,
        /// √x.
        Sqrt,
        /// 1/x.
        Recip,
        /// eˣ.
        Exp,
        /// eˣ − 1.
        ExpM1,
        /// ln x.
        Ln,
        /// ln(1 + x).
        Ln1p,
        /// tanh x.
        Tanh,
        /// 1 / (1 + e⁻ˣ).
        Sigmoid,
        /// max(x, 0); NaN stays NaN.
        Relu,
        /// x·Φ(x).
        Gelu,
        /// erf x.
        Erf,
        /// ln(1 + eˣ).
        Softplus,
        /// ln σ(x) = −ln(1 + e⁻ˣ).
        LogSigmoid,
        /// 1 where x > 0, else 0: the derivative of max(x, 0).
        Step,
    }

    /// A function of one element that has parameters p and q.
    pub(crate) enum Parametric {
        /// p·x + q.
        Affine,
        /// xᵖ.
        Power,
        /// x where p ≤ x ≤ q, else the nearer of the two; NaN stays NaN.
        Clamp,
    }

    /// A function of two elements.
    pub enum Binary {
        /// a + b.
        Add,
        /// a − b.
        Sub,
        /// a · b.
        Mul,
        /// a / b.
        Div,
        /// The larger; NaN where either is.
        Max,
        /// The smaller; NaN where either is.
        Min,
        /// aᵇ.
        Pow,
    }

    /// A relation of two elements; with NaN only `Ne` holds.
    pub enum Compare {
        /// a = b.
        Eq,
        /// a ≠ b.
        Ne,
        /// a < b.
        Lt,
        /// a ≤ b.
        Le,
        /// a > b.
        Gt,
        /// a ≥ b.
        Ge,
    }

    /// A function of truth values.
    pub(crate) enum Logic {
        /// ¬a.
        Not,
        /// a ∧ b.
        And,
        /// a ∨ b.
        Or,
    }

    /// How a reduction joins two elements.
    pub enum Reduce {
        /// a + b; 0 if there are no elements.
        Sum,
        /// The larger, NaN if either is NaN; −∞ if there are no elements.
        Max,
        /// The smaller, NaN if either is NaN; +∞ if there are no elements.
        Min,
    }

    /// What is computed of a row of logits.
    pub(crate) enum RowFunction {
        /// eˣ / Σ eˣ.
        Softmax,
        /// x − ln Σ eˣ.
        LogSoftmax,
        /// ln Σ eˣ, one value for the row.
        LogSumExp,
    }
}

/// `functions.cuh`: the enums in CUDA.
pub(crate) fn header() -> String {
    let define = |(name, variants): &(&str, &[&str])| {
        format!("enum class {name} : int {{ {} }};\n", variants.join(", "))
    };
    ENUMS.iter().map(define).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_a_case_in_cuda() {
        let sources = [
            ("Unary", include_str!("elementwise/elementwise.cu")),
            ("Parametric", include_str!("elementwise/elementwise.cu")),
            ("Binary", include_str!("elementwise/elementwise.cu")),
            ("Compare", include_str!("elementwise/elementwise.cu")),
            ("Logic", include_str!("elementwise/elementwise.cu")),
            ("Reduce", include_str!("rows/reduce/reduce.cu")),
            ("RowFunction", include_str!("rows/softmax/softmax.cu")),
        ];
        for (name, variants) in ENUMS {
            let (_, source) =
                sources.iter().find(|(of, _)| of == name).unwrap_or_else(|| panic!("{name} has no source"));
            for variant in *variants {
                let case = format!("{name}::{variant}");
                let found = source.match_indices(&case).any(|(at, _)| {
                    !source[at + case.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
                });
                assert!(found, "no kernel of a .cu file mentions {case}: write what it does there");
            }
        }
    }

    #[test]
    fn numbers_are_places_in_the_header() {
        assert!(header().contains("enum class Compare : int { Eq, Ne, Lt, Le, Gt, Ge };\n"));
        assert!(Unary::ALL.iter().enumerate().all(|(place, &function)| function as usize == place));
    }
}
