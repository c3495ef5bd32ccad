use crate::{DType, Device, Kind, Shape, Tensor};
use gradus_kernels::gemm_int8;
use gradus_kernels::memory::Buffer;

/// A weight as int8: rows of integers q in −127…127 and a scale s for each, w ≈ s q. The rows are those of the first axis: the
/// outputs of a dense layer or a convolution, the words of an embedding.
#[derive(Clone, Debug, PartialEq)]
pub struct Int8Rows {
    shape: Shape,
    q: Vec<i8>,
    scales: Vec<f32>,
}

impl Int8Rows {
    /// The nearest int8 of each element: s = max |row| / 127, q = w / s to the nearest integer, ties to even. The error is at most
    /// s / 2. A row that is not finite gets the scale NaN.
    ///
    /// # Panics
    /// If w has no axis or is not of `f32`.
    #[track_caller]
    pub fn quantize(w: &Tensor) -> Self {
        assert!(w.rank() > 0, "quantize: the weight has no axis, and so no rows");
        let (shape, w) = (w.shape(), w.to_vec::<f32>());
        let (mut q, mut scales) = (vec![0; w.len()], vec![0.0; shape[0]]);
        gemm_int8::quantize_rows(&w, &mut q, &mut scales);
        Int8Rows { shape, q, scales }
    }

    /// From integers, row by row, and the rows' scales; `None` if there are not as many of either as the shape has, or if an integer
    /// is −128.
    pub fn new(shape: Shape, q: Vec<i8>, scales: Vec<f32>) -> Option<Self> {
        let fits = shape.rank() > 0 && q.len() == shape.count() && scales.len() == shape[0];
        (fits && !q.contains(&i8::MIN)).then_some(Int8Rows { shape, q, scales })
    }

    /// The shape of w.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The integers, row by row.
    pub fn q(&self) -> &[i8] {
        &self.q
    }

    /// The scale of each row.
    pub fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// s q in `f32`.
    pub fn expanded(&self) -> Tensor {
        let width = self.q.len().checked_div(self.scales.len()).unwrap_or(0).max(1);
        let rows = self.q.chunks_exact(width).zip(&self.scales);
        let w: Vec<f32> = rows.flat_map(|(q, s)| q.iter().map(move |&q| f32::from(q) * s)).collect();
        Tensor::from_slice(&w, self.shape)
    }
}

/// The weight of a dense layer in int8, as [`Tensor::linear_int8`] reads it: W [O, I], packed for the kernel, and a scale for each
/// output.
#[derive(Clone, Debug)]
pub struct Int8Weight {
    pub(crate) outputs: usize,
    pub(crate) inputs: usize,
    /// `u32`, four q each.
    pub(crate) packed: Tensor,
    /// `f32` [O].
    pub(crate) scales: Tensor,
}

impl Int8Weight {
    /// Packs a matrix; `None` if it is none, or has more inputs than sums of 32 bits allow
    /// ([`MOST_K`](gradus_kernels::gemm_int8::MOST_K)).
    pub fn pack(rows: &Int8Rows) -> Option<Self> {
        if rows.shape.rank() != 2 || rows.shape[1] > gemm_int8::MOST_K {
            return None;
        }
        let [outputs, inputs] = [rows.shape[0], rows.shape[1]];
        let words = gemm_int8::words(inputs, outputs);
        let mut packed = Buffer::for_overwrite(DType::U32, words);
        gemm_int8::pack(inputs, outputs, &rows.q, packed.slice_mut());
        let packed = Tensor::from_buffer(packed, [words].into());
        Some(Int8Weight { outputs, inputs, packed, scales: Tensor::from_slice(&rows.scales, [outputs]) })
    }

    /// The same on a device.
    pub fn to_device(&self, device: Device) -> Self {
        let [packed, scales] = [&self.packed, &self.scales].map(|x| x.to_device(device));
        Int8Weight { packed, scales, ..*self }
    }

    /// The dtype of the layer's inputs and outputs, and the device.
    pub fn kind(&self) -> Kind {
        self.scales.kind()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn what_is_expanded_is_within_half_a_step_and_quantises_to_itself() {
        let w = Tensor::normal([7, 3, 5], 0.0, 2.0, &mut Rng::new(1));
        let rows = Int8Rows::quantize(&w);
        let again = rows.expanded();
        assert_eq!((again.shape(), rows.scales().len()), (w.shape(), 7));
        for (i, (a, b)) in w.to_f64().iter().zip(again.to_f64()).enumerate() {
            assert!((a - b).abs() <= f64::from(rows.scales()[i / 15]) * 0.500001, "{a}, {b}");
        }
        assert_eq!(Int8Rows::quantize(&again).q(), rows.q());
        assert_eq!(Int8Rows::new(w.shape(), rows.q().to_vec(), rows.scales().to_vec()), Some(rows));
    }

    #[test]
    fn what_is_no_int8_matrix_is_none() {
        let shape = Shape::from([2, 3]);
        assert!(Int8Rows::new(shape, vec![0; 5], vec![1.0; 2]).is_none());
        assert!(Int8Rows::new(shape, vec![0; 6], vec![1.0; 3]).is_none());
        assert!(Int8Rows::new(shape, vec![-128; 6], vec![1.0; 2]).is_none());
        let cube = Int8Rows::quantize(&Tensor::zeros([2, 2, 2], DType::F32));
        assert!(Int8Weight::pack(&cube).is_none());
        let wide = Int8Rows::quantize(&Tensor::zeros([0, gemm_int8::MOST_K + 1], DType::F32));
        assert!(Int8Weight::pack(&wide).is_none());
    }
}
