use super::*;

fn bits<S: Isa>(s: S, v: S::V) -> Vec<u32> {
    let mut y = [0.0; 16];
    s.write(&mut y, v);
    y[..S::LANES].iter().map(|y| y.to_bits()).collect()
}

/// Every operation of an instruction set on a pair of slices, vector by vector: a list of bits for each operation, which does not
/// depend on the length of the vectors.
struct Probe<'a>(&'a [f32; 16], &'a [f32; 16]);

impl Kernel for Probe<'_> {
    type Output = Vec<Vec<u32>>;
    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> Vec<Vec<u32>> {
        let one = s.splat(1.0);
        let mut out = vec![vec![]; 22];
        for (a, b) in self.0.chunks(S::LANES).zip(self.1.chunks(S::LANES)) {
            let (a, b) = (s.read(a), s.read(b));
            let [low, high] = s.mul_wide(s.bits(a), s.bits(b)).map(|half| s.from_bits(half));
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
                s.from_bits(s.xor_i(s.bits(a), s.bits(b))),
                low,
                high,
            ];
            for (out, v) in out.iter_mut().zip(vectors) {
                out.extend(bits(s, v));
            }
            out[21].extend(s.interleave([a, b, one, s.neg(a)]).into_iter().flat_map(|v| bits(s, v)));
        }
        out
    }
}

const A: [f32; 16] =
    [1.5, -2.5, 0.5, 3.25, -0.0, 1e-20, 7e5, -3.75, 4.5, 5.5, 1e-3, -1e9, 0.25, -7.0, 11.0, 2e3];
const B: [f32; 16] =
    [0.5, -2.5, 2.0, -1.0, 4.0, 1e20, 7e5, 0.125, -4.5, 6.5, 1.0, 3.0, 0.25, -7.5, -11.0, 9e4];

#[test]
fn every_level_agrees_with_the_portable_one_bit_for_bit() {
    let expected = dispatch_on(Level::Scalar, Probe(&A, &B));
    for &level in available() {
        let found = dispatch_on(level, Probe(&A, &B));
        for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let differ = found.iter().zip(expected).position(|(found, expected)| found != expected);
            assert_eq!(differ, None, "{}: operation {i} at that element", level.name());
        }
    }
}

/// The first n of a vector read and written, with and without a value for the others; and what a whole vector comes to.
struct Lanes(usize);

impl Kernel for Lanes {
    type Output = (Vec<f32>, f32, f32);
    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> (Vec<f32>, f32, f32) {
        let n = self.0.min(S::LANES);
        let x: [f32; 16] = std::array::from_fn(|i| 1.0 + i as f32);
        let tail = s.read_tail(&x[..n]);
        let mut y = [-1.0; 16];
        s.write_tail(&mut y[..n], s.add(tail, s.splat(1.0)));
        assert!(y.iter().enumerate().all(|(i, y)| *y == if i < n { 2.0 + i as f32 } else { -1.0 }));
        s.write(&mut y, s.read_tail_or(&x[..n], 0.5));
        (y[..S::LANES].to_vec(), s.sum(tail), s.max_lane(s.neg(tail)))
    }
}

#[test]
fn tails_sums_and_maxima_know_every_lane() {
    for &level in available() {
        let lanes = level.lanes();
        for n in 0..=lanes {
            let (y, sum, max) = dispatch_on(level, Lanes(n));
            let expected: Vec<f32> = (0..lanes).map(|i| if i < n { 1.0 + i as f32 } else { 0.5 }).collect();
            assert_eq!((y, sum), (expected, (n * (n + 1) / 2) as f32), "{}, {n} lanes", level.name());
            assert_eq!(max, if n < lanes { 0.0 } else { -1.0 }, "{}, {n} lanes", level.name());
        }
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
        let s = s.eight();
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

#[test]
fn the_environment_chooses_among_what_is_there() {
    let both = [Level::Scalar, Level::Avx2];
    assert_eq!(choose(&both, None), Ok(Level::Avx2));
    assert_eq!(choose(&both, Some("scalar")), Ok(Level::Scalar));
    let error = choose(&both, Some("avx512")).unwrap_err();
    assert_eq!(error, "GRADUS_ISA: expected one of scalar, avx2+fma on this machine, found 'avx512'");
}
