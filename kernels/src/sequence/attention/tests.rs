use super::*;
use crate::isa::{Isa, Kernel, available, dispatch_on};

/// An attention with its operands, all exact in `f32`; q, k and v are in one buffer or in three.
#[derive(Clone)]
struct Case {
    shape: Shape,
    causal: bool,
    mask: Option<Vec<u8>>,
    dropout: Option<Dropout>,
    fused: bool,
    /// q, k, v, dout, in that order, contiguous.
    arrays: [Vec<f64>; 4],
}

/// o, lse, dq, dk, dv.
type Results = [Vec<f64>; 5];

fn random(stream: u64, n: usize) -> Vec<f64> {
    let s = Stream { seed: 3, stream };
    (0..n as u64).map(|i| f64::from((s.normal(i) * 64.0).round() / 64.0)).collect()
}

impl Case {
    fn new([batch, heads, queries, keys, dim]: [usize; 5]) -> Self {
        let shape = Shape { batch, heads, queries, keys, dim };
        let (nq, nk) = (batch * heads * queries * dim, batch * heads * keys * dim);
        let arrays = [random(1, nq), random(2, nk), random(3, nk), random(4, nq)];
        Case { shape, causal: false, mask: None, dropout: None, fused: false, arrays }
    }
    fn causal(self) -> Self {
        Case { causal: true, ..self }
    }
    /// Every third key is closed, and all of every second sentence.
    fn masked(self) -> Self {
        let (b, k) = (self.shape.batch, self.shape.keys);
        let mask = (0..b * k).map(|i| u8::from(i / k % 2 == 0 && i % 3 != 0)).collect();
        Case { mask: Some(mask), ..self }
    }
    fn dropped(self) -> Self {
        Case { dropout: Some(Dropout { p: 0.3, stream: Stream { seed: 5, stream: 6 } }), ..self }
    }
    /// [B, T, 3, N, dim]; with as many queries as keys.
    fn fused(self) -> Self {
        Case { fused: true, ..self }
    }

    fn attention(&self) -> Attention<'_> {
        let Case { shape, causal, dropout, .. } = *self;
        let scale = 1.0 / (shape.dim as f64).sqrt();
        Attention { shape, scale, causal, mask: self.mask.as_deref().map(Into::into), dropout }
    }

    fn place(&self, which: usize) -> Place {
        let Shape { heads, queries, keys, dim, .. } = self.shape;
        if self.fused {
            let row = 3 * heads * dim;
            let strides = Strides { batch: queries * row, head: dim, row };
            Place { buffer: 0, offset: which * heads * dim, strides }
        } else {
            let rows = if which == 0 { queries } else { keys };
            Place { buffer: which, offset: 0, strides: Strides::contiguous(heads, rows, dim) }
        }
    }

    /// Element i of a contiguous [B, N, rows, dim] array, in a place.
    fn index(&self, place: Place, rows: usize, i: usize) -> usize {
        let Shape { heads, dim, .. } = self.shape;
        let (row, c) = (i / dim, i % dim);
        place.at(row / rows / heads, row / rows % heads, row % rows) + c
    }

    /// Runs forward and backward, by the entries or, where `plain`, by the plain kernels.
    fn run<T: Real>(&self, plain: bool) -> Results {
        let Shape { batch, heads, queries, keys, dim } = self.shape;
        let attention = self.attention();
        let nan = T::from_f64(f64::NAN);
        let rows = [queries, keys, keys];
        let places = [0, 1, 2].map(|i| self.place(i));
        let mut buffers = if self.fused {
            vec![vec![nan; 3 * self.arrays[0].len()]]
        } else {
            self.arrays[..3].iter().map(|x| vec![nan; x.len()]).collect()
        };
        let mut gradients = buffers.clone();
        for which in 0..3 {
            for (i, &x) in self.arrays[which].iter().enumerate() {
                let at = self.index(places[which], rows[which], i);
                buffers[places[which].buffer][at] = T::from_f64(x);
            }
        }
        let [q, k, v] =
            places.map(|p| View { data: &buffers[p.buffer][..], offset: p.offset, strides: p.strides });
        let inputs = Inputs { q, k, v };
        // Output as [B, T, N, dim], the layout of the next layer's input.
        let strides = Strides { batch: queries * heads * dim, head: dim, row: heads * dim };
        let out = Place { buffer: 0, offset: 0, strides };
        let mut o = vec![nan; self.arrays[3].len()];
        let mut dout = o.clone();
        for (i, &x) in self.arrays[3].iter().enumerate() {
            dout[self.index(out, queries, i)] = T::from_f64(x);
        }
        let mut lse = vec![nan; batch * heads * queries];

        let view = View { data: &mut o[..], offset: 0, strides };
        match plain {
            true => super::plain::forward(&attention, inputs, view, &mut lse),
            false => attention_forward(&attention, inputs, view, &mut lse),
        }
        let view = |data| View { data, offset: 0, strides };
        let upstream = Upstream { o: view(&o[..]), lse: &lse[..], dout: view(&dout[..]) };
        let [dq, dk, dv] = places;
        let grads = Gradients { buffers: gradients.iter_mut().map(|x| &mut x[..]).collect(), dq, dk, dv };
        match plain {
            true => super::plain::backward(&attention, inputs, upstream, grads),
            false => attention_backward(&attention, inputs, upstream, grads),
        }
        let gather = |data: &[T], place: Place, rows: usize, n: usize| {
            (0..n).map(|i| data[self.index(place, rows, i)].to_f64()).collect::<Vec<_>>()
        };
        let gradient =
            |i: usize| gather(&gradients[places[i].buffer], places[i], rows[i], self.arrays[i].len());
        let o = gather(&o, out, queries, o.len());
        [o, lse.iter().map(|x| x.to_f64()).collect(), gradient(0), gradient(1), gradient(2)]
    }
}

fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for sizes in [
        [1, 1, 1, 1, 1],
        [2, 3, 5, 7, 4],
        [1, 2, 64, 64, 32],
        [2, 1, 65, 63, 16],
        [2, 2, 130, 130, 33],
        [1, 1, 7, 129, 64],
        [2, 1, 300, 20, 8],
    ] {
        let case = Case::new(sizes);
        all.extend([
            case.clone(),
            case.clone().causal(),
            case.clone().masked(),
            case.clone().masked().causal(),
        ]);
        all.extend([case.clone().dropped(), case.masked().causal().dropped()]);
    }
    for case in [Case::new([2, 3, 70, 70, 20]), Case::new([2, 1, 33, 33, 32])] {
        all.extend([case.clone().fused(), case.masked().causal().dropped().fused()]);
    }
    all.extend([[0, 2, 3, 3, 4], [2, 0, 3, 3, 4], [1, 2, 0, 3, 4], [1, 2, 3, 0, 4]].map(Case::new));
    all
}

#[test]
fn as_exact_as_the_plain_kernels() {
    let names = ["o", "lse", "dq", "dk", "dv"];
    for case in cases() {
        let (exact, single, fast) = (case.run::<f64>(true), case.run::<f32>(true), case.run::<f32>(false));
        assert_eq!(case.run::<f64>(false), exact);
        for i in 0..5 {
            let error = |found: &[f64]| {
                found
                    .iter()
                    .zip(&exact[i])
                    .fold(0.0f64, |worst, (x, y)| if x == y { worst } else { worst.max((x - y).abs()) })
            };
            let size = exact[i].iter().filter(|x| x.is_finite()).fold(1.0f64, |a, x| a.max(x.abs()));
            let factor = if i < 2 { 2.0 } else { 3.0 };
            let bound = (factor * error(&single[i])).max(32.0 * f64::from(f32::EPSILON) * size);
            let found = error(&fast[i]);
            assert!(
                fast[i].iter().all(|x| !x.is_nan()) && found <= bound,
                "{:?} {}: error {found}, bound {bound}",
                case.shape,
                names[i]
            );
        }
    }
}

#[test]
fn plain_gradients_are_slopes() {
    let case = Case::new([2, 2, 4, 5, 3]);
    for case in [case.clone(), case.clone().causal(), case.clone().masked(), case.dropped()] {
        let results = case.run::<f64>(true);
        let loss =
            |c: &Case| c.run::<f64>(true)[0].iter().zip(&case.arrays[3]).map(|(o, d)| o * d).sum::<f64>();
        for which in 0..3 {
            for i in 0..case.arrays[which].len() {
                let moved = |by: f64| {
                    let mut c = case.clone();
                    c.arrays[which][i] += by;
                    loss(&c)
                };
                let (found, slope) = (results[2 + which][i], (moved(1e-5) - moved(-1e-5)) / 2e-5);
                assert!((found - slope).abs() < 1e-8, "array {which}[{i}]: {found}, slope {slope}");
            }
        }
    }
}

#[test]
fn a_query_with_no_key_gives_nothing() {
    let case = Case::new([2, 2, 70, 80, 8]).masked();
    let [o, lse, dq, dk, dv] = case.run::<f32>(false);
    let second = |x: &[f64]| x[x.len() / 2..].to_vec();
    for x in [o, dq, dk, dv] {
        assert!(second(&x).iter().all(|&x| x == 0.0) && x[..x.len() / 2].iter().any(|&x| x != 0.0));
    }
    assert!(second(&lse).iter().all(|&x| x == f64::NEG_INFINITY));
}

#[test]
fn large_scores_do_not_overflow() {
    let mut case = Case::new([1, 1, 100, 200, 16]);
    for x in case.arrays[0].iter_mut() {
        *x *= 200.0;
    }
    let (exact, fast) = (case.run::<f64>(false), case.run::<f32>(false));
    for (x, y) in fast.iter().flatten().zip(exact.iter().flatten()) {
        assert!((x - y).abs() <= 2e-3 * y.abs().max(1.0), "{x}, expected {y}");
    }
}

#[test]
fn the_same_with_any_number_of_threads() {
    for case in [Case::new([1, 2, 600, 600, 16]).causal(), Case::new([3, 2, 70, 70, 8]).dropped().fused()] {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| case.run::<f32>(false))
                .map(|x| x.into_iter().map(f64::to_bits).collect::<Vec<_>>())
        };
        let one = with(1);
        assert!(one == with(2) && one == with(7));
    }
}

/// The tile product of [m, k] and [k, n], once written, once added, with a transposed left as well.
struct Products([usize; 3]);

impl Kernel for Products {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let [m, n, k] = self.0;
        let (a, b) = (random(1, m * k), random(2, k * n));
        let cast = |x: &[f64]| x.iter().map(|&x| x as f32).collect::<Vec<_>>();
        let (a32, b32) = (cast(&a), cast(&b));
        let mut transposed = vec![0.0; m * k];
        for (i, &x) in a32.iter().enumerate() {
            transposed[i % k * m + i / k] = x;
        }
        let mut c = vec![f32::NAN; m * n];
        let left = cpu::tile::Left { data: &a32, row: k, col: 1 };
        cpu::tile::product::<S, false>(s, (m, n, k), left, (&b32, n), (&mut c, n));
        let left = cpu::tile::Left { data: &transposed, row: 1, col: m };
        cpu::tile::product::<S, true>(s, (m, n, k), left, (&b32, n), (&mut c, n));
        for i in 0..m {
            for j in 0..n {
                let exact: f64 = (0..k).map(|x| 2.0 * a[i * k + x] * b[x * n + j]).sum();
                assert!((f64::from(c[i * n + j]) - exact).abs() < 1e-4, "{m} {n} {k} at {i} {j}");
            }
        }
    }
}

#[test]
fn tile_products_on_every_instruction_set() {
    // Columns in pairs of vectors.
    for [m, pairs, k] in
        [[1, 1, 1], [2, 1, 3], [3, 2, 2], [4, 1, 5], [5, 1, 9], [6, 3, 7], [7, 1, 8], [15, 1, 4], [64, 4, 32]]
    {
        for &level in available() {
            dispatch_on(level, Products([m, pairs * 2 * level.lanes(), k]));
        }
    }
}

#[test]
fn erased_entries_run_floats_alone() {
    let case = Case::new([1, 1, 2, 2, 4]);
    let strides = Strides::contiguous(1, 2, 4);
    fn view<X>(data: X, strides: Strides) -> View<X> {
        View { data, offset: 0, strides }
    }
    let x: Vec<f32> = case.arrays[0].iter().map(|&x| x as f32).collect();
    let src = |x: &'static [f32]| view(Src::from(x), strides);
    let x: &'static [f32] = x.leak();
    let (mut o, mut lse) = ([0.0f32; 8], [0.0f32; 2]);
    let inputs = Inputs { q: src(x), k: src(x), v: src(x) };
    let done =
        forward(&case.attention(), inputs, view(Dst::from(&mut o[..]), strides), Dst::from(&mut lse[..]));
    assert_eq!(done, Outcome::Done);
    let (o, lse) = (&o[..], &lse[..]);
    let upstream = Upstream { o: view(Src::from(o), strides), lse: Src::from(lse), dout: src(x) };
    let mut d = [f32::NAN; 24];
    let place = |offset| Place { buffer: 0, offset, strides };
    let grads = Gradients { buffers: vec![Dst::from(&mut d[..])], dq: place(0), dk: place(8), dv: place(16) };
    assert_eq!(backward(&case.attention(), inputs, upstream, grads), Outcome::Done);
    assert!(d.iter().all(|d| d.is_finite()));
    let ints = view(Src::from(&[0i64; 8][..]), strides);
    let inputs = Inputs { q: ints, k: ints, v: ints };
    let mut o = [0i64; 8];
    let mut lse = [0i64; 2];
    let none =
        forward(&case.attention(), inputs, view(Dst::from(&mut o[..]), strides), Dst::from(&mut lse[..]));
    assert_eq!(none, Outcome::NoKernel);
}

#[test]
#[should_panic(expected = "dk and dq overlap")]
fn overlapping_gradients_are_refused() {
    let case = Case::new([1, 1, 2, 2, 4]);
    let x = [0.0f32; 8];
    let strides = Strides::contiguous(1, 2, 4);
    let view = View { data: &x[..], offset: 0, strides };
    let mut d = [0.0f32; 20];
    let place = |offset| Place { buffer: 0, offset, strides };
    attention_backward(
        &case.attention(),
        Inputs { q: view, k: view, v: view },
        Upstream { o: view, lse: &x[..2], dout: view },
        Gradients { buffers: vec![&mut d[..]], dq: place(0), dk: place(4), dv: place(12) },
    );
}

#[test]
#[should_panic(expected = "rows of o overlap")]
fn an_overlapping_output_is_refused() {
    let case = Case::new([1, 1, 2, 2, 4]);
    let x = [0.0f32; 8];
    let view = View { data: &x[..], offset: 0, strides: Strides::contiguous(1, 2, 4) };
    let (mut o, mut lse) = ([0.0f32; 8], [0.0f32; 2]);
    let o = View { data: &mut o[..], offset: 0, strides: Strides { batch: 8, head: 8, row: 2 } };
    attention_forward(&case.attention(), Inputs { q: view, k: view, v: view }, o, &mut lse);
}
