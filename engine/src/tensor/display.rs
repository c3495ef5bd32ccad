use crate::{DType, Shape, Tensor};
use std::fmt;
use std::ops::Range;

/// The largest number of entries of an axis that are shown: half of them from its start, half from its end.
const SHOWN: usize = 8;

/// The elements in nested brackets, long axes shortened: `[[1, 2], [3, 4]] f32 [2, 2]`.
impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dtype() {
            DType::I64 => {
                let values = self.to_vec::<i64>();
                axis(f, self.shape(), 0..values.len(), &|f, i| write!(f, "{}", values[i]))?;
            }
            dtype => {
                let values = self.to_f64();
                axis(f, self.shape(), 0..values.len(), &|f, i| number(f, dtype, values[i]))?;
            }
        }
        write!(f, " {} {:?}", self.dtype(), self.shape())
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Tensor({} {:?}{})",
            self.dtype(),
            self.shape(),
            if self.is_tracked() { ", tracked" } else { "" }
        )
    }
}

/// One element of any dtype but `i64`, which `f64` may not hold.
fn number(f: &mut fmt::Formatter<'_>, dtype: DType, value: f64) -> fmt::Result {
    match (dtype, f.precision()) {
        (DType::Bool, _) => write!(f, "{}", value != 0.0),
        (DType::I64 | DType::U32, _) => write!(f, "{value}"),
        (_, Some(p)) => write!(f, "{value:.p$}"),
        // Four digits: in all where there are many zeros, else after the point.
        (_, None) if value != 0.0 && value.is_finite() && !(1e-3..1e15).contains(&value.abs()) => {
            write!(f, "{value:.3e}")
        }
        (_, None) => write!(f, "{}", (value * 1e4).round() / 1e4),
    }
}

/// The elements `at` of a tensor or a part of it with these axes; `show` writes one.
fn axis(
    f: &mut fmt::Formatter<'_>,
    shape: Shape,
    at: Range<usize>,
    show: &dyn Fn(&mut fmt::Formatter<'_>, usize) -> fmt::Result,
) -> fmt::Result {
    if shape.rank() == 0 {
        return show(f, at.start);
    }
    let (n, inner) = (shape[0], shape.without(0));
    let width = inner.count();
    f.write_str("[")?;
    for i in 0..n {
        if n > SHOWN && i == SHOWN / 2 {
            f.write_str(", …")?;
        }
        if n > SHOWN && (SHOWN / 2..n - SHOWN / 2).contains(&i) {
            continue;
        }
        if i > 0 {
            f.write_str(", ")?;
        }
        let start = at.start + i * width;
        axis(f, inner, start..start + width, show)?;
    }
    f.write_str("]")
}

#[cfg(test)]
mod tests {
    use crate::{DType, Tensor};

    #[test]
    fn nested_and_shortened() {
        let x = Tensor::from_slice(&[1.0f32, 2.5, -3.0, 0.12345], [2, 2]);
        assert_eq!(x.to_string(), "[[1, 2.5], [-3, 0.1235]] f32 [2, 2]");
        assert_eq!(format!("{x:.1}"), "[[1.0, 2.5], [-3.0, 0.1]] f32 [2, 2]");
        assert_eq!(Tensor::arange(20).to_string(), "[0, 1, 2, 3, …, 16, 17, 18, 19] i64 [20]");
        assert_eq!(Tensor::zeros([0, 2], DType::F64).to_string(), "[] f64 [0, 2]");
        assert_eq!(Tensor::from_slice(&[1u8, 0], [2]).to_string(), "[true, false] bool [2]");
        let wide = Tensor::from_slice(&[(1i64 << 62) + 1, -1], [2]);
        assert_eq!(wide.to_string(), "[4611686018427387905, -1] i64 [2]");
        let small = Tensor::from_slice(&[1e-7f64, -2.5e20, f64::INFINITY, 0.0], [4]);
        assert_eq!(small.to_string(), "[1.000e-7, -2.500e20, inf, 0] f64 [4]");
        assert_eq!(format!("{:?}", x.variable()), "Tensor(f32 [2, 2], tracked)");
    }
}
