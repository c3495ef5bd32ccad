//! Sizes and strides near 2³¹, 2³², 2⁶² and 2⁶³ in safe calls: each call either panics with a message of its operation or gives the
//! right result, and writes nothing beside its results. No memory could hold such arrays, so they are short or empty.

mod buffers;
mod matmuls;
mod rows;
mod sequences;

use proptest::prelude::*;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// The number of cases is that of the environment's `PROPTEST_CASES`, or 400.
fn config() -> ProptestConfig {
    let config = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(400),
    };
    ProptestConfig { max_global_rejects: u32::MAX, ..config }
}

/// Small sizes, and sizes next to a power of two that is near the limit of some integer type.
fn size() -> impl Strategy<Value = usize> {
    let near = |bits: u32| (1usize << bits) - 1..=(1usize << bits) + 1;
    prop_oneof![
        6 => 0usize..6,
        1 => near(31), 1 => near(32), 1 => near(60), 1 => near(61), 1 => near(62), 1 => near(63),
        1 => usize::MAX - 1..=usize::MAX,
    ]
}

/// Some of them.
fn sizes<const N: usize>() -> impl Strategy<Value = [usize; N]> {
    prop::collection::vec(size(), N).prop_map(|all| all.try_into().expect("as many as were asked for"))
}

/// The product, with lengths of 0 as 1: no count along any of the axes is larger.
fn product(sizes: &[usize]) -> u128 {
    sizes.iter().fold(1, |n: u128, &size| n.saturating_mul(size.max(1) as u128))
}

/// One past the last offset of axes of (length, stride); 0 if a length is 0.
fn end(axes: &[(usize, usize)]) -> u128 {
    if axes.iter().any(|&(length, _)| length == 0) {
        return 0;
    }
    let last = |&(length, stride): &(usize, usize)| (length as u128 - 1).saturating_mul(stride as u128);
    axes.iter().map(last).fold(1, u128::saturating_add)
}

/// The most elements that a test goes through.
const FEW: u128 = 1 << 12;

/// An array of the product of some sizes, or an empty one if that is more than [`FEW`].
fn array(sizes: &[usize]) -> Vec<f32> {
    let n: u128 = sizes.iter().fold(1, |n: u128, &size| n.saturating_mul(size as u128));
    (0..if n <= FEW { n } else { 0 }).map(|i| (i % 7) as f32 - 3.0).collect()
}

/// The value before and after an array that is written to.
const GUARD: f32 = 1234.5;

/// Calls `f` with a guarded array of `len` elements; `None` if it panicked, which must be with a message that begins with one of
/// these names.
fn guarded(len: usize, names: &[&str], f: impl FnOnce(&mut [f32])) -> Option<Vec<f32>> {
    const BESIDE: usize = 64;
    let mut all = vec![GUARD; BESIDE + len + BESIDE];
    let done = called(names, || f(&mut all[BESIDE..][..len]));
    let (before, rest) = all.split_at(BESIDE);
    let (y, behind) = rest.split_at(len);
    assert!(before.iter().chain(behind).all(|&x| x == GUARD), "{names:?} wrote beside its result");
    done.then(|| y.to_vec())
}

thread_local! {
    /// Whether a panic of this thread is expected and should not be printed.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Whether `f` returned; if it panicked, the message must begin with one of these names.
fn called(names: &[&str], f: impl FnOnce()) -> bool {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info)
            }
        }));
    });
    QUIET.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(f));
    QUIET.set(false);
    let Err(cause) = outcome else { return true };
    let text = cause.downcast_ref::<String>().cloned();
    let text = text.unwrap_or_else(|| cause.downcast_ref::<&str>().copied().unwrap_or_default().into());
    let sentence = text.strip_prefix("assertion `left == right` failed: ").unwrap_or(&text);
    assert!(names.iter().any(|name| sentence.starts_with(name)), "not a sentence of {names:?}: {text}");
    false
}
