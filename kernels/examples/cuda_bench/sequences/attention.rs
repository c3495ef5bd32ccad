use crate::Failure;
use crate::bench::{Bench, Trained};
use crate::report::Work;
use gradus_kernels::attention::{self, Attention, Gradients, Inputs, Place, Shape, Strides, Upstream, View};
use gradus_kernels::memory::Buffer;
use gradus_kernels::{Outcome, Precision};

pub fn all(bench: &mut Bench) -> Result<(), Failure> {
    let sizes = bench.size([[8, 12, 256, 32], [1, 8, 2048, 64]], [[2, 2, 9, 8], [1, 2, 40, 8]]);
    for ([batch, heads, len, dim], causal) in sizes.into_iter().zip([false, true]) {
        let shape = Shape { batch, heads, queries: len, keys: len, dim };
        let name = format!("attention_{len}{}", if causal { "_causal" } else { "" });
        // Scores and weighted sum, of which the mask leaves half; the gradients of both factors cost a matmul each.
        let multiplications =
            2.0 * (batch * heads * len) as f64 * (len * dim) as f64 * if causal { 0.5 } else { 1.0 };
        let works = [2.0, 6.0].map(|times| Work::Flops(times * multiplications));
        bench.trained(&name, Precision::F32, works, |bench| Heads::new(bench, shape, causal))?;
    }
    Ok(())
}

/// Queries, keys and values, [B, N, T, dim] each.
struct Heads {
    shape: Shape,
    causal: bool,
    inputs: [Buffer; 3],
    o: Buffer,
    lse: Buffer,
    dout: Buffer,
    gradients: [Buffer; 3],
}

impl Heads {
    fn new(bench: &Bench, shape: Shape, causal: bool) -> Self {
        let rows = shape.batch * shape.heads * shape.queries;
        let cells = rows * shape.dim;
        Heads {
            shape,
            causal,
            inputs: [30, 31, 32].map(|stream| bench.numbers(cells, stream)),
            o: bench.zeros(cells),
            lse: bench.zeros(rows),
            dout: bench.numbers(cells, 33),
            gradients: [(); 3].map(|()| bench.zeros(cells)),
        }
    }

    fn options(&self) -> Attention<'static> {
        let scale = 1.0 / (self.shape.dim as f64).sqrt();
        Attention { shape: self.shape, scale, causal: self.causal, mask: None, dropout: None }
    }

    fn strides(&self) -> Strides {
        Strides::contiguous(self.shape.heads, self.shape.queries, self.shape.dim)
    }
}

impl Trained for Heads {
    fn forward(&mut self, _: Precision) -> Outcome {
        let (options, strides) = (self.options(), self.strides());
        let [q, k, v] = self.inputs.each_ref().map(|x| View { data: x.src(), offset: 0, strides });
        let o = View { data: self.o.dst(), offset: 0, strides };
        attention::forward(&options, Inputs { q, k, v }, o, self.lse.dst())
    }

    fn backward(&mut self, _: Precision) -> Outcome {
        let (options, strides) = (self.options(), self.strides());
        let [q, k, v] = self.inputs.each_ref().map(|x| View { data: x.src(), offset: 0, strides });
        let [o, dout] = [&self.o, &self.dout].map(|x| View { data: x.src(), offset: 0, strides });
        let [dq, dk, dv] = [0, 1, 2].map(|buffer| Place { buffer, offset: 0, strides });
        let buffers = self.gradients.iter_mut().map(Buffer::dst).collect();
        let upstream = Upstream { o, lse: self.lse.src(), dout };
        attention::backward(&options, Inputs { q, k, v }, upstream, Gradients { buffers, dq, dk, dv })
    }
}
