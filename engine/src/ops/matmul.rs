use super::{filled, same_dtype};
use crate::graph::{Saves, record_one};
use crate::{Layout, Shape, Tensor};
use gradus_kernels::gemm::{self, Product};

impl Tensor {
    /// y = a · b: a [.., M, K], b [.., K, N] → y [.., M, N]; leading axes broadcast. Transposed views are read without a copy.
    ///
    /// da = dy · bᵀ, db = aᵀ · dy.
    #[track_caller]
    pub fn matmul(&self, b: &Tensor) -> Tensor {
        let y = product(self, b);
        let (a_shape, b_shape) = (self.shape(), b.shape());
        record_one("matmul", &[self, b], y, Saves::inputs(&[0, 1]), move |cx| {
            cx.give_with(0, |cx| cx.dy().matmul(&cx.input(1).t()).sum_to(a_shape));
            cx.give_with(1, |cx| {
                let (a, dy) = (cx.input(0), cx.dy());
                if b_shape.rank() == 2 && a_shape.rank() > 2 {
                    // One right operand for all: one matmul over all rows instead of many and their sum.
                    let rows: usize = a_shape[..a_shape.rank() - 1].iter().product();
                    let a = a.reshape([rows, b_shape[0]]);
                    return a.t().matmul(&dy.reshape([rows, b_shape[1]]));
                }
                a.t().matmul(&dy).sum_to(b_shape)
            });
        })
    }
}

/// The shape of the result; the error names both operands.
fn product_shape(a: Shape, b: Shape) -> Result<Shape, crate::ShapeError> {
    let fail = |why: &str| Err(crate::ShapeError(format!("matmul: {why}: lhs {a:?} rhs {b:?}")));
    if a.rank() < 2 || b.rank() < 2 {
        return fail("both operands need at least two axes");
    }
    let (m, k) = (a[a.rank() - 2], a[a.rank() - 1]);
    let (k2, n) = (b[b.rank() - 2], b[b.rank() - 1]);
    if k != k2 {
        return fail("inner dimensions differ");
    }
    let lead = |s: Shape| Shape::new(&s[..s.rank() - 2]);
    match lead(a).broadcast(&lead(b)) {
        Ok(lead) => {
            Shape::try_new(&[&lead[..], &[m, n]].concat()).or_else(|e| fail(&format!("the result's {e}")))
        }
        Err(_) => fail("leading axes do not broadcast"),
    }
}

#[track_caller]
fn product(a: &Tensor, b: &Tensor) -> Tensor {
    same_dtype("matmul", a, b);
    let shape = match product_shape(a.shape(), b.shape()) {
        Ok(shape) => shape,
        Err(e) => panic!("{e}"),
    };
    let (m, n) = (shape[shape.rank() - 2], shape[shape.rank() - 1]);
    let k = a.dim(-1);
    // With one right operand for all, the leading axes of the left operand are rows of one matmul.
    let rows: usize = shape[..shape.rank() - 1].iter().product();
    let flat = if b.rank() == 2 { a.layout.reshape([rows, k].into()) } else { None };
    let (count, m, a, b) = match flat {
        Some(flat) => (1, rows, a.view(flat), b.detach()),
        None => {
            let lead = &shape[..shape.rank() - 2];
            (lead.iter().product(), m, batched(&a.detach(), lead), batched(&b.detach(), lead))
        }
    };
    let strides = |t: &Tensor| {
        let s = t.layout.strides();
        let r = s.len();
        [if r == 3 { s[0] } else { 0 }, s[r - 2], s[r - 1]]
    };
    filled("matmul", shape, a.kind(), |y| {
        gemm::batched(
            Product {
                count,
                m,
                k,
                n,
                a_strides: strides(&a),
                b_strides: strides(&b),
                precision: crate::precision(),
            },
            a.src(),
            b.src(),
            y,
        )
    })
}

/// A view [count, rows, cols] of a matrix for each entry of the leading axes; a copy if no single stride describes them.
#[track_caller]
fn batched(t: &Tensor, lead: &[usize]) -> Tensor {
    let matrix = &t.shape()[t.rank() - 2..];
    let shape = Shape::new(&[lead, matrix].concat());
    let spread = t.view(t.layout.broadcast_to(shape).expect("matmul: the shapes were checked"));
    let flat = Shape::new(&[lead.iter().product(), matrix[0], matrix[1]]);
    let one_stride: Option<Layout> = spread.layout.reshape(flat);
    match one_stride {
        Some(layout) => spread.view(layout),
        None => spread.reshape(flat),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let shape = |a: &[usize], b: &[usize]| product_shape(Shape::new(a), Shape::new(b));
        assert_eq!(shape(&[2, 3], &[3, 4]), Ok([2, 4].into()));
        assert_eq!(shape(&[5, 1, 2, 3], &[6, 3, 4]), Ok([5, 6, 2, 4].into()));
        let e = shape(&[32, 300], &[200, 128]).unwrap_err();
        assert_eq!(e.to_string(), "matmul: inner dimensions differ: lhs [32, 300] rhs [200, 128]");
        let e = shape(&[1 << 40, 0], &[0, 1 << 40]).unwrap_err().to_string();
        assert!(
            e.starts_with("matmul: the result's shape [1099511627776, 1099511627776] has more elements"),
            "{e}"
        );
        assert!(shape(&[3], &[3, 4]).is_err() && shape(&[2, 1, 3], &[4, 3, 1]).is_err());
    }
}
