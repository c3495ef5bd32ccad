use crate::Real;
use crate::isa::Isa;
use crate::math;

/// The function that is applied to the result of a matmul.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// x.
    #[default]
    None,
    /// max(x, 0).
    Relu,
    /// tanh x.
    Tanh,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// x Φ(x), with erf.
    Gelu,
}

/// What is done to each element of a matmul as it is stored: f(x + bias).
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'a, T> {
    /// One element for each column.
    pub bias: Option<&'a [T]>,
    /// f.
    pub activation: Activation,
}

impl<T> Default for Epilogue<'_, T> {
    fn default() -> Self {
        Epilogue { bias: None, activation: Activation::None }
    }
}

impl<'a, T: Real> Epilogue<'a, T> {
    #[track_caller]
    pub(super) fn check(&self, n: usize) {
        let len = self.bias.map_or(n, <[T]>::len);
        assert_eq!(len, n, "gemm: the bias holds {len} elements for {n} columns");
    }

    /// The same epilogue, whose type is `f32`.
    pub(super) fn f32s(self) -> Epilogue<'a, f32> {
        Epilogue { bias: self.bias.map(T::f32s), activation: self.activation }
    }

    /// Applies it to one row.
    pub(super) fn finish(&self, row: &mut [T]) {
        for (j, x) in row.iter_mut().enumerate() {
            let y = *x + self.bias.map_or(T::ZERO, |b| b[j]);
            *x = match self.activation {
                Activation::None => y,
                Activation::Relu => y.max(T::ZERO),
                Activation::Tanh => y.tanh(),
                Activation::Sigmoid => y.sigmoid(),
                Activation::Gelu => {
                    y * T::lit(0.5) * (T::ONE + (y * T::lit(std::f64::consts::FRAC_1_SQRT_2)).erf())
                }
            };
        }
    }
}

impl Epilogue<'_, f32> {
    /// Adds the bias to the vector that belongs to columns `j..j + LANES`, of which `live` exist.
    #[inline(always)]
    pub(super) fn add_bias<S: Isa>(&self, s: S, x: S::V, j: usize, live: usize) -> S::V {
        match self.bias {
            Some(bias) => s.add(x, s.read_tail(&bias[j..j + live])),
            None => x,
        }
    }

    /// Applies the activation to `rows` rows of `cols` elements at `c`, `stride` apart, as a tile has left them: once for a
    /// tile of any height, since a vector function is long where the tile's loops are unrolled.
    ///
    /// # Safety
    /// These rows can be read and written, and no other thread accesses them.
    #[inline(always)]
    pub(super) unsafe fn activate<S: Isa>(&self, s: S, c: *mut f32, stride: usize, rows: usize, cols: usize) {
        if self.activation == Activation::None {
            return;
        }
        for i in 0..rows {
            // SAFETY: row i is one of the caller's.
            let row = unsafe { std::slice::from_raw_parts_mut(c.add(i * stride), cols) };
            for x in row.chunks_mut(S::LANES) {
                let y = s.read_chunk(x);
                s.write_chunk(
                    x,
                    match self.activation {
                        Activation::None => y,
                        Activation::Relu => s.max(y, s.zero()),
                        Activation::Tanh => math::tanh(s, y),
                        Activation::Sigmoid => math::sigmoid(s, y),
                        Activation::Gelu => math::gelu(s, y),
                    },
                );
            }
        }
    }
}
