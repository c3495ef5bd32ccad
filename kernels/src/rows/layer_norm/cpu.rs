//! The same rows on vectors of `f32`.

use crate::isa::{COUNT, Isa, Kernel};

/// The mean, less the first element, and 1/deviation of each row.
pub(super) struct Statistics<'a> {
    pub x: &'a [f32],
    pub cols: usize,
    pub eps: f32,
    pub mean: &'a mut [f32],
    pub rstd: &'a mut [f32],
}

impl Kernel for Statistics<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Statistics { x, cols, eps, mean, rstd } = self;
        let n = cols as f32;
        for r in 0..mean.len() {
            let (row, tail) = x[r * cols..][..cols].split_at(cols / S::LANES * S::LANES);
            let first = s.splat(x[r * cols]);
            // The lanes past the end hold the first element and add nothing.
            let rest = s.sub(s.read_tail_or(tail, x[r * cols]), first);
            let mu = sum::<S, false>(s, row, [first, s.zero()], rest) / n;
            let shift = s.splat(mu);
            let inside = s.lt(s.read(&COUNT), s.splat(tail.len() as f32));
            let rest = s.select(inside, s.sub(rest, shift), s.zero());
            let squares = sum::<S, true>(s, row, [first, shift], s.mul(rest, rest));
            mean[r] = mu;
            rstd[r] = 1.0 / (squares / n + eps).sqrt();
        }
    }
}

/// Sums of vectors that are taken side by side: one sum alone would wait for each of its additions.
const SUMS: usize = 4;

/// Σ (x − x₀), or Σ ((x − x₀) − shift)² where `SQUARES`, over whole vectors, and the lanes of `tail`; `by` is x₀ and the shift.
#[inline(always)]
fn sum<S: Isa, const SQUARES: bool>(s: S, x: &[f32], by: [S::V; 2], tail: S::V) -> f32 {
    let mut sums = [s.zero(); SUMS];
    let blocks = x.chunks_exact(SUMS * S::LANES);
    let mut last = tail;
    for v in blocks.remainder().chunks_exact(S::LANES) {
        last = add::<S, SQUARES>(s, last, v, by);
    }
    for block in blocks {
        for i in 0..SUMS {
            sums[i] = add::<S, SQUARES>(s, sums[i], &block[i * S::LANES..], by);
        }
    }
    s.sum(s.add(last, s.add(s.add(sums[0], sums[1]), s.add(sums[2], sums[3]))))
}

/// The sum with one vector more.
#[inline(always)]
fn add<S: Isa, const SQUARES: bool>(s: S, sum: S::V, x: &[f32], [first, shift]: [S::V; 2]) -> S::V {
    let d = s.sub(s.read(x), first);
    if !SQUARES {
        return s.add(sum, d);
    }
    let d = s.sub(d, shift);
    s.fma(d, d, sum)
}

/// ((x − x₀) − mean)·r, from x₀, the mean less x₀, and r.
#[inline(always)]
fn hat<S: Isa>(s: S, x: S::V, [first, mean, rstd]: [S::V; 3]) -> S::V {
    s.mul(s.sub(s.sub(x, first), mean), rstd)
}

/// y = x̂ ⊙ γ + β.
pub(super) struct Normalize<'a> {
    pub x: &'a [f32],
    pub gamma: &'a [f32],
    pub beta: &'a [f32],
    pub mean: &'a [f32],
    pub rstd: &'a [f32],
    pub y: &'a mut [f32],
}

impl Kernel for Normalize<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let cols = self.gamma.len().max(1);
        let (gamma, beta) = (self.gamma.chunks_exact(S::LANES), self.beta.chunks_exact(S::LANES));
        let (gamma_tail, beta_tail) = (s.read_tail(gamma.remainder()), s.read_tail(beta.remainder()));
        for (r, (x, y)) in self.x.chunks_exact(cols).zip(self.y.chunks_exact_mut(cols)).enumerate() {
            let by = [s.splat(x[0]), s.splat(self.mean[r]), s.splat(self.rstd[r])];
            let x = x.chunks_exact(S::LANES);
            let x_tail = s.read_tail(x.remainder());
            let mut out = y.chunks_exact_mut(S::LANES);
            for (((x, gamma), beta), y) in x.zip(gamma.clone()).zip(beta.clone()).zip(&mut out) {
                s.write(y, s.fma(hat(s, s.read(x), by), s.read(gamma), s.read(beta)));
            }
            s.write_tail(out.into_remainder(), s.fma(hat(s, x_tail, by), gamma_tail, beta_tail));
        }
    }
}

/// dx = r·(g − mean(g) − x̂·mean(g ⊙ x̂)); dγ += Σ dy ⊙ x̂ and dβ += Σ dy over the rows of a piece.
pub(super) struct Backward<'a> {
    pub x: &'a [f32],
    pub gamma: &'a [f32],
    pub mean: &'a [f32],
    pub rstd: &'a [f32],
    pub dy: &'a [f32],
    pub dx: &'a mut [f32],
    pub dgamma: &'a mut [f32],
    pub dbeta: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let cols = self.gamma.len().max(1);
        let gamma = self.gamma.chunks_exact(S::LANES);
        let gamma_tail = s.read_tail(gamma.remainder());
        let rows = self.x.chunks_exact(cols).zip(self.dy.chunks_exact(cols));
        for (r, ((x, dy), dx)) in rows.zip(self.dx.chunks_exact_mut(cols)).enumerate() {
            let by = [s.splat(x[0]), s.splat(self.mean[r]), s.splat(self.rstd[r])];
            let (x, dy) = (x.chunks_exact(S::LANES), dy.chunks_exact(S::LANES));
            let mut dgamma = self.dgamma.chunks_exact_mut(S::LANES);
            let mut dbeta = self.dbeta.chunks_exact_mut(S::LANES);
            let x_tail = hat(s, s.read_tail(x.remainder()), by);
            // 0 past the end, whatever x is there.
            let dy_tail = s.read_tail(dy.remainder());
            let g_tail = s.mul(dy_tail, gamma_tail);
            let (mut sum_g, mut sum_gx) = (g_tail, s.mul(g_tail, x_tail));
            let columns = (&mut dgamma).zip(&mut dbeta);
            for (((x, dy), gamma), (dgamma, dbeta)) in
                x.clone().zip(dy.clone()).zip(gamma.clone()).zip(columns)
            {
                let (x, dy) = (hat(s, s.read(x), by), s.read(dy));
                let g = s.mul(dy, s.read(gamma));
                sum_g = s.add(sum_g, g);
                sum_gx = s.fma(g, x, sum_gx);
                s.write(dgamma, s.fma(dy, x, s.read(dgamma)));
                s.write(dbeta, s.add(s.read(dbeta), dy));
            }
            let (dgamma, dbeta) = (dgamma.into_remainder(), dbeta.into_remainder());
            s.write_tail(dgamma, s.fma(dy_tail, x_tail, s.read_tail(dgamma)));
            s.write_tail(dbeta, s.add(s.read_tail(dbeta), dy_tail));
            let mean_g = s.splat(s.sum(sum_g) / cols as f32);
            let mean_gx = s.splat(s.sum(sum_gx) / cols as f32);
            let mut out = dx.chunks_exact_mut(S::LANES);
            for (((x, dy), gamma), dx) in x.zip(dy).zip(gamma.clone()).zip(&mut out) {
                let g = s.sub(s.mul(s.read(dy), s.read(gamma)), mean_g);
                s.write(dx, s.mul(by[2], s.fnma(hat(s, s.read(x), by), mean_gx, g)));
            }
            let g = s.sub(g_tail, mean_g);
            s.write_tail(out.into_remainder(), s.mul(by[2], s.fnma(x_tail, mean_gx, g)));
        }
    }
}
