use crate::{DType, Tensor};
use std::fmt;

/// The largest number of entries of an axis that are shown: half of them from its start, half from its end.
const SHOWN: usize = 8;

/// The elements in nested brackets, long axes shortened: `[[1, 2], [3, 4]] f32 [2, 2]`.
impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.to_f64();
        axis(f, self, &values, 0)?;
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

fn axis(f: &mut fmt::Formatter<'_>, x: &Tensor, values: &[f64], depth: usize) -> fmt::Result {
    let shape = x.shape();
    if depth == shape.rank() {
        return match x.dtype() {
            DType::Bool => write!(f, "{}", values[0] != 0.0),
            DType::I64 | DType::U32 => write!(f, "{}", values[0]),
            _ => match f.precision() {
                Some(p) => write!(f, "{:.p$}", values[0]),
                None => write!(f, "{}", (values[0] * 1e4).round() / 1e4),
            },
        };
    }
    let (n, width) = (shape[depth], shape[depth + 1..].iter().product::<usize>());
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
        axis(f, x, &values[i * width..(i + 1) * width], depth + 1)?;
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
        assert_eq!(format!("{:?}", x.variable()), "Tensor(f32 [2, 2], tracked)");
    }
}
