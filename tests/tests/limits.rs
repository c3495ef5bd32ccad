//! Lengths near 2³¹, 2³², 2⁶² and 2⁶³ in every operation that takes a shape or makes one: the result has the right shape, or
//! one sentence says why there is none. Tensors are empty or small; cases whose result might just fit into a machine's memory
//! are left out.
#![forbid(unsafe_code)]

use gradus_engine::ops::{Attention, LstmWeights};
use gradus_engine::{DType, Int8Rows, Int8Weight, Tensor};
use proptest::prelude::*;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

const F32: DType = DType::F32;
/// The largest number of elements that the engine allows, with lengths of 0 counted as 1.
const MOST: u128 = (1 << 60) - 1;
/// The number of elements that a test may allocate.
const FEW: u128 = 1 << 14;
/// A number of elements that no machine can hold.
const ALL: u128 = 1 << 50;

/// The number of cases in the environment variable `PROPTEST_CASES`, else many.
fn config() -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(1000),
    }
}

fn length() -> impl Strategy<Value = usize> {
    let near = |bits: u32| (1usize << bits) - 1..=(1usize << bits) + 1;
    prop_oneof![
        8 => 0usize..4,
        1 => near(31), 1 => near(32), 1 => near(59), 1 => near(62), 1 => near(63), 1 => usize::MAX - 1..=usize::MAX,
    ]
}

fn shape(ranks: std::ops::Range<usize>) -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(length(), ranks)
}

fn wide(shape: &[usize]) -> Vec<u128> {
    shape.iter().map(|&d| d as u128).collect()
}

/// The product of the nonzero lengths.
fn extent(shape: &[u128]) -> u128 {
    shape.iter().fold(1, |n: u128, &d| n.saturating_mul(d.max(1)))
}

fn count(shape: &[u128]) -> u128 {
    if shape.contains(&0) { 0 } else { extent(shape) }
}

/// The expected result of a call.
enum Answer {
    Shape(Vec<u128>),
    Panic,
    /// Too large for a test, but not for every machine.
    Unknown,
}

/// A view of this shape.
fn view(shape: Vec<u128>) -> Answer {
    if extent(&shape) <= MOST { Answer::Shape(shape) } else { Answer::Panic }
}

/// A result of this shape in new memory.
fn fresh(shape: Vec<u128>) -> Answer {
    match count(&shape) {
        _ if extent(&shape) > MOST => Answer::Panic,
        0..=FEW => Answer::Shape(shape),
        ALL.. => Answer::Panic,
        _ => Answer::Unknown,
    }
}

/// The answer if a condition holds, else a panic.
fn when(fits: bool, answer: Answer) -> Answer {
    match answer {
        // The memory is allocated before the condition is checked.
        Answer::Unknown => Answer::Unknown,
        _ if fits => answer,
        _ => Answer::Panic,
    }
}

thread_local! {
    /// Whether a panic of this thread is expected, so that it needs no message.
    static QUIET: Cell<bool> = const { Cell::new(false) };
    /// The file that the last such panic named.
    static FILE: Cell<Option<String>> = const { Cell::new(None) };
}

fn check(op: &str, answer: Answer, call: impl FnOnce() -> Tensor) {
    if matches!(answer, Answer::Unknown) {
        return;
    }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| match QUIET.get() {
            true => FILE.set(info.location().map(|place| place.file().into())),
            false => before(info),
        }));
    });
    QUIET.set(true);
    let found = catch_unwind(AssertUnwindSafe(call));
    QUIET.set(false);
    let found = found.map_err(|cause| {
        let text = cause.downcast_ref::<String>().cloned();
        text.unwrap_or_else(|| cause.downcast_ref::<&str>().copied().unwrap_or_default().into())
    });
    match (answer, found) {
        (Answer::Shape(shape), Ok(y)) => assert_eq!(wide(&y.shape()), shape, "{op}"),
        (Answer::Shape(shape), Err(text)) => panic!("{op} of shape {shape:?}: {text}"),
        (_, Ok(y)) => panic!("{op} returns {:?}", y.shape()),
        (_, Err(text)) => {
            let sentence = text.strip_prefix("assertion `left == right` failed: ").unwrap_or(&text);
            // Messages about shapes and about memory.
            let names = ["shape [", "buffer: ", "pool: "];
            let own = sentence
                .split_once(": ")
                .is_some_and(|(name, _)| op.starts_with(name.split(' ').next().unwrap_or("?")));
            assert!(
                own || names.iter().any(|name| sentence.starts_with(name)),
                "{op}: the message does not name the operation: {text}"
            );
        }
    }
}

/// Zeros, if a test can hold them.
fn zeros(shape: &[usize]) -> Option<Tensor> {
    let wide = wide(shape);
    (extent(&wide) <= MOST && count(&wide) <= FEW).then(|| Tensor::zeros(shape, F32))
}

macro_rules! given {
    ($x:expr) => {
        match $x {
            Some(x) => x,
            None => return Ok(()),
        }
    };
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn made(s in shape(0..5)) {
        check("zeros", fresh(wide(&s)), || Tensor::zeros(&s[..], F32));
        check("full", fresh(wide(&s)), || Tensor::full(&s[..], 1.0, DType::I64));
        let four = when(count(&wide(&s)) == 4, fresh(wide(&s)));
        check("from_slice", four, || Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], &s[..]));
    }

    #[test]
    fn views(from in shape(0..5), to in shape(0..5), [start, len] in prop::array::uniform2(length())) {
        let one = Tensor::from_slice(&[1.0f32], []);
        let spread = match extent(&wide(&to)) <= MOST {
            true => one.broadcast_to(&to[..]),
            false => Tensor::zeros([2, 0, 3], F32),
        };
        check("broadcast_to", view(wide(&to)), || one.broadcast_to(&to[..]));
        let x = given!(zeros(&from));
        let same = count(&wide(&from)) == count(&wide(&to));
        check("reshape", when(same, view(wide(&to))), || x.reshape(&to[..]));
        let aligned = from.len() <= to.len()
            && from.iter().rev().zip(to.iter().rev()).all(|(&a, &b)| a == b || a == 1);
        check("broadcast_to", when(aligned, view(wide(&to))), || x.broadcast_to(&to[..]));
        for x in [&x, &spread] {
            let s = x.shape();
            for axis in 0..s.rank() {
                let with = |n: u128| { let mut y = wide(&s); y[axis] = n; y };
                let inside = start as u128 + len as u128 <= s[axis] as u128;
                check("narrow", when(inside, view(with(len as u128))), || x.narrow(axis as isize, start, len));
                if inside {
                    // The offset of a view is within the buffer.
                    assert!(x.narrow(axis as isize, start, len).layout().offset() <= count(&wide(&from)).max(1) as usize);
                }
            }
            let more = view([&[1], &wide(&s)[..]].concat());
            check("reshape", when(s.rank() < 6, more), || x.unsqueeze(0));
        }
    }

    #[test]
    fn joined(s in shape(1..4), axis in 0usize..3, other in length(), [start, whole] in prop::array::uniform2(length())) {
        let axis = axis % s.len();
        let x = given!(zeros(&s));
        let with = |n: u128| { let mut y = wide(&s); y[axis] = n; y };
        let fits = start as u128 + s[axis] as u128 <= whole as u128;
        check("widen", when(fits, fresh(with(whole as u128))), || x.widen(axis as isize, start, whole));
        let mut longer = s.clone();
        longer[axis] = other;
        let y = given!(zeros(&longer));
        let sum = s[axis] as u128 + other as u128;
        check("concat", fresh(with(sum)), || Tensor::concat(&[&x, &y], axis as isize));
        check("concat", fresh([&[3], &wide(&s)[..]].concat()), || Tensor::stack(&[&x, &x, &x], 0));
    }

    #[test]
    fn products(lead in shape(0..3), [m, k, n] in prop::array::uniform3(length())) {
        let x = given!(zeros(&[&lead[..], &[m, k]].concat()));
        let expected = || [&wide(&lead)[..], &[m as u128, n as u128]].concat();
        if let Some(w) = zeros(&[k, n]) {
            check("matmul", fresh(expected()), || x.matmul(&w));
        }
        if let Some(w) = zeros(&[n, k]) {
            check("linear", fresh(expected()), || x.linear(&w, None));
            check("matmul", fresh(expected()), || x.matmul(&w.t()));
            // Weights of few rows and columns, since they are packed in panels.
            if extent(&wide(&[n, k])) <= FEW {
                let int8 = Int8Weight::pack(&Int8Rows::quantize(&w)).expect("a matrix can be packed");
                check("linear_int8", fresh(expected()), || x.linear_int8(&int8, None));
            }
        }
        if let Some(y) = zeros(&[&lead[..], &[k, n]].concat()) {
            check("matmul", fresh(expected()), || x.matmul(&y));
        }
        let (a, b) = (Tensor::zeros([m.min(3), 0], F32), Tensor::zeros([0, n.min(1 << 59)], F32));
        check("matmul", fresh(wide(&[m.min(3), n.min(1 << 59)])), || a.matmul(&b));
    }

    #[test]
    fn by_number(ids in shape(0..3), [rows, width, classes] in prop::array::uniform3(length())) {
        let table = given!(zeros(&[rows.min(4), width]));
        let ids = given!(zeros(&ids)).to_dtype(DType::I64);
        let all = wide(&ids.shape());
        let known = rows > 0 || ids.count() == 0;
        check("embedding", when(known, fresh([&all[..], &[width as u128]].concat())), || table.embedding(&ids));
        let known = classes > 0 || ids.count() == 0;
        check("one_hot", when(known, fresh([&all[..], &[classes as u128]].concat())), || ids.one_hot(classes, F32));
        let (flat, values) = (ids.flatten(), given!(zeros(&[ids.count(), width])));
        let known = rows > 0 || ids.count() == 0;
        check("scatter_rows", when(known, fresh(wide(&[rows, width]))), || Tensor::scatter_rows(&values, &flat, rows));
    }

    #[test]
    fn elementwise(a in shape(0..4), b in shape(0..4)) {
        let x = given!(zeros(&a));
        let rank = a.len().max(b.len());
        let dim = |s: &[usize], i: usize| (i + s.len()).checked_sub(rank).map_or(1, |i| s[i] as u128);
        let pairs: Vec<[u128; 2]> = (0..rank).map(|i| [dim(&a, i), dim(&b, i)]).collect();
        let fits = pairs.iter().all(|[a, b]| a == b || *a == 1 || *b == 1);
        let both: Vec<u128> = pairs.iter().map(|&[a, b]| if a == 1 { b } else { a }).collect();
        let y = given!(zeros(&b));
        check("add", when(fits, fresh(both.clone())), || x.add(&y));
        check("lt", when(fits, fresh(both)), || x.lt(&y));
        for axis in 0..a.len() {
            let mut rest = wide(&a);
            rest.remove(axis);
            check("sum", fresh(rest.clone()), || x.sum(&[axis as isize]));
        }
        if !a.is_empty() {
            check("softmax", fresh(wide(&a)), || x.softmax());
        }
    }

    #[test]
    fn sequences([b, t, c, o, k, padding] in prop::array::uniform6(length())) {
        let x = given!(zeros(&[b, t, c]));
        let (w, bias) = (given!(zeros(&[o, c, k])), given!(zeros(&[o])));
        let steps = t as u128 + 2 * padding as u128;
        let windows = (steps + 1).saturating_sub(k as u128);
        let fits = k > 0 && steps >= k as u128 && extent(&[b as u128, steps, c.max(1) as u128]) <= MOST;
        // With padding, it is a new buffer.
        if count(&[b as u128, steps, c as u128]) <= FEW && extent(&[b as u128, steps, c.max(o) as u128]) <= FEW {
            check("conv1d", when(fits, fresh(vec![b as u128, windows, o as u128])), || x.conv1d(&w, &bias, padding));
            let lengths = Tensor::full([b], t.min(3) as f64, DType::I64);
            if extent(&[b as u128, k as u128, c as u128]) <= FEW {
                check("conv_relu_max", when(k > 0, fresh(wide(&[b, o]))), || x.conv_relu_max(&w, &bias, &lengths));
            }
        } else if !fits {
            check("conv1d", Answer::Panic, || x.conv1d(&w, &bias, padding));
        }
    }

    #[test]
    fn layers([b, t, d, hidden, keys] in prop::array::uniform5(length()), dirs in 1usize..3) {
        let x = given!(zeros(&[b, t, d]));
        if let Some(h0) = zeros(&[dirs, b, hidden])
            && let [Some(w_ih), Some(w_hh), Some(b_ih)] =
                [[4 * hidden.min(1 << 60), d], [4 * hidden.min(1 << 60), hidden], [4 * hidden.min(1 << 60), 1]].map(|s| zeros(&s))
            && (b as u128) <= FEW
        {
            let weights = vec![LstmWeights { w_ih, w_hh, b_ih: b_ih.flatten(), b_hh: b_ih.flatten() }; dirs];
            let y = vec![b as u128, t as u128, (dirs * hidden) as u128];
            // The kernel allocates all gates of a weight, and its saved data of all steps.
            let counted = [wide(&[4, hidden, d.max(hidden)]), wide(&[dirs, b, t, 5, hidden])];
            let fits = counted.iter().all(|lengths| extent(lengths) <= MOST);
            check("lstm", when(fits, fresh(y.clone())), || {
                let [y, ..] = x.lstm(&h0, &h0, None, &weights);
                y
            });
            if extent(&wide(&weights[0].w_ih.shape())) <= FEW {
                let int8 = Int8Weight::pack(&Int8Rows::quantize(&weights[0].w_ih)).expect("a matrix can be packed");
                check("lstm_int8", when(fits, fresh(y)), || {
                    let [y, ..] = x.lstm_int8(&h0, &h0, None, &weights, &vec![&int8; dirs]);
                    y
                });
            }
        }
        if let [Some(q), Some(k)] = [t, keys].map(|rows| zeros(&[b, hidden.min(2), rows, d]))
            && extent(&wide(&[b, keys])) <= FEW
            && d > 0
        {
            // The kernel allocates scores, and rows that are padded to whole vectors.
            let counted = [[b, hidden.min(2), t, keys], [b, hidden.min(2), t.max(keys), d.saturating_add(63)]];
            let fits = counted.iter().all(|lengths| extent(&wide(lengths)) <= MOST);
            check("attention", when(fits, fresh(wide(&q.shape()))), || q.attention(&k, &k, &Attention::default()));
        }
    }
}

#[test]
#[should_panic(
    expected = "matmul: the result's shape [4, 576460752303423489] has more elements than memory has addresses"
)]
fn a_product_of_nothing_has_room_for_its_result() {
    let n = (1usize << 59) + 1;
    Tensor::zeros([4, 0], F32).matmul(&Tensor::zeros([0, n], F32));
}

#[test]
fn the_callers_line_is_named() {
    let n = (1usize << 59) + 1;
    let (x, y) = (Tensor::zeros([4, 0], F32), Tensor::zeros([0, n], F32));
    let calls: [(&str, &dyn Fn() -> Tensor); 7] = [
        ("zeros", &|| Tensor::zeros([4, n], F32)),
        ("from_slice", &|| Tensor::from_slice(&[1.0f32; 4], [4, n])),
        ("reshape", &|| x.reshape([0, 4 * n])),
        ("broadcast_to", &|| x.broadcast_to([n, 4, 0])),
        ("matmul", &|| x.matmul(&y)),
        ("linear", &|| x.linear(&y.t(), None)),
        ("widen", &|| y.widen(0, 0, 4)),
    ];
    for (op, call) in calls {
        FILE.set(None);
        check(op, Answer::Panic, call);
        assert_eq!(FILE.take().as_deref(), Some(file!()), "{op}");
    }
}
