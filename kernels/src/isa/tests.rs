use super::*;

/// Every operation of an instruction set on one pair of vectors, as bits.
struct Probe<'a>(&'a [f32; 8], &'a [f32; 8]);

impl Kernel for Probe<'_> {
    type Output = Vec<u32>;
    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> Vec<u32> {
        let (a, b) = (s.read(self.0), s.read(self.1));
        let one = s.splat(1.0);
        let vectors = [
            s.add(a, b),
            s.sub(a, b),
            s.mul(a, b),
            s.div(a, b),
            s.max(a, b),
            s.min(a, b),
            s.sqrt(s.abs(a)),
            s.neg(a),
            s.round(a),
            s.select(s.lt(a, b), a, one),
            s.select(s.le(a, b), a, one),
            s.select(s.eq(a, b), a, one),
            s.from_i(s.to_i(a)),
            s.from_bits(s.add_i(s.bits(a), s.splat_i(3))),
            s.from_i(s.sub_i(s.to_i(a), s.to_i(b))),
            s.from_bits(s.or_i(s.and_i(s.bits(a), s.splat_i(0x7fffff)), s.splat_i(0x3f800000))),
            s.from_i(s.shl_i::<3>(s.to_i(a))),
            s.from_i(s.shr_i::<1>(s.to_i(a))),
            s.read_tail(&self.0[..5]),
            s.read_tail_or(&self.0[..5], 0.5),
            s.from_bits(s.xor_i(s.bits(a), s.bits(b))),
        ];
        let products = s.mul_wide(s.bits(a), s.bits(b)).map(|half| s.from_bits(half));
        let vectors = vectors.into_iter().chain(products).chain(s.interleave([a, b, one, s.neg(a)]));
        let vectors = vectors.chain(s.transpose([a, b, one, s.neg(a), s.neg(b), s.abs(a), a, b]));
        let mut out = Vec::new();
        for v in vectors {
            let mut y = [0.0; 8];
            s.write(&mut y, v);
            out.extend(y.map(f32::to_bits));
        }
        let mut tail = [9.0; 8];
        s.write_tail(&mut tail[..3], a);
        out.extend(tail.map(f32::to_bits));
        out.extend([s.sum(a), s.max_lane(a)].map(f32::to_bits));
        out
    }
}

#[test]
fn every_level_agrees_with_the_portable_one_bit_for_bit() {
    let a = [1.5, -2.5, 0.5, 3.25, -0.0, 1e-20, 7e5, -3.75];
    let b = [0.5, -2.5, 2.0, -1.0, 4.0, 1e20, 7e5, 0.125];
    let expected = dispatch_on(Level::Scalar, Probe(&a, &b));
    for &level in available() {
        assert_eq!(dispatch_on(level, Probe(&a, &b)), expected, "{}", level.name());
    }
}

struct Fma;

impl Kernel for Fma {
    type Output = (f32, f32);
    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> (f32, f32) {
        let (a, b, c) = (s.splat(3.0), s.splat(5.0), s.splat(7.0));
        (s.max_lane(s.fma(a, b, c)), s.max_lane(s.fnma(a, b, c)))
    }
}

#[test]
fn fma_multiplies_then_adds() {
    for &level in available() {
        assert_eq!(dispatch_on(level, Fma), (22.0, -8.0), "{}", level.name());
    }
}

struct Square([[f32; 8]; 8]);

impl Kernel for Square {
    type Output = [[f32; 8]; 8];
    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> [[f32; 8]; 8] {
        let mut rows = [s.zero(); 8];
        for (v, row) in rows.iter_mut().zip(&self.0) {
            *v = s.read(row);
        }
        let mut y = [[0.0; 8]; 8];
        for (y, v) in y.iter_mut().zip(s.transpose(rows)) {
            s.write(y, v);
        }
        y
    }
}

#[test]
fn a_transpose_exchanges_rows_and_columns() {
    let at = |i: usize, j: usize| (8 * i + j) as f32;
    let x = std::array::from_fn(|i| std::array::from_fn(|j| at(i, j)));
    for &level in available() {
        let y = dispatch_on(level, Square(x));
        assert!((0..64).all(|k| y[k % 8][k / 8] == at(k / 8, k % 8)), "{}", level.name());
    }
}
