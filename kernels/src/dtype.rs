use std::fmt;

/// The type of one element, known at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// 32-bit float, the working precision.
    F32,
    /// 64-bit float, in which gradients are checked.
    F64,
    /// IEEE half precision, storage only.
    F16,
    /// bfloat16, storage only.
    BF16,
    /// 64-bit signed integer: token ids and labels.
    I64,
    /// 32-bit unsigned integer.
    U32,
    /// Truth value, one byte each, 0 or 1.
    Bool,
}

impl DType {
    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            DType::F64 | DType::I64 => 8,
            DType::F32 | DType::U32 => 4,
            DType::F16 | DType::BF16 => 2,
            DType::Bool => 1,
        }
    }

    /// Whether gradients can flow through this type.
    pub const fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F64 | DType::F16 | DType::BF16)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DType::F32 => "f32",
            DType::F64 => "f64",
            DType::F16 => "f16",
            DType::BF16 => "bf16",
            DType::I64 => "i64",
            DType::U32 => "u32",
            DType::Bool => "bool",
        })
    }
}
