//! The split over threads: by the problem's shape, never by the number of threads.
//!
//! A task writes elements that no other task writes, or a partial sum into a *slot*, its own place in memory. The slots are
//! then added in order, so that results are the same with 1 thread and with 64, bit for bit.
//!
//! A task that computes with vectors calls [`dispatch`](crate::isa::dispatch) itself, inside the split: a closure that rayon
//! calls is not compiled for the instruction set in which it was created (see [`isa`](crate::isa)).

use rayon::prelude::*;
use std::marker::PhantomData;
use std::ops::Range;
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread without work looks for some before it sleeps.
///
/// As long as the longest stretch that a training step runs on one thread between two splits: a thread that sleeps during it would
/// be late for each next split. In each turn the thread yields its core to any other thread of the system, so a busy machine loses
/// nothing; an idle one works a millisecond longer after the last split.
const PATIENCE: Duration = Duration::from_millis(1);
/// Threads that are looking for work.
static AWAKE: AtomicUsize = AtomicUsize::new(0);

/// Lets the other threads of the pool look for work for a moment longer before they sleep.
///
/// Every split calls it. A sleeping thread takes 25 µs to wake, one that is awake starts within 1 µs (two cores of a virtual
/// machine), and a training step has hundreds of splits with short stretches of one thread between them. A thread that
/// looks for work yields the core to any other process, and sleeps after a millisecond without work.
pub fn stay_awake() {
    let here = rayon::current_thread_index();
    let others = rayon::current_num_threads() - usize::from(here.is_some());
    let sleeping = |n: usize| AWAKE.compare_exchange(0, n, Ordering::Relaxed, Ordering::Relaxed).is_ok();
    if AWAKE.load(Ordering::Relaxed) == 0 && others > 0 && sleeping(others) {
        rayon::spawn_broadcast(move |thread| {
            if Some(thread.index()) != here {
                look_for_work();
                AWAKE.fetch_sub(1, Ordering::Relaxed);
            }
        });
    }
}

fn look_for_work() {
    let mut since = Instant::now();
    while since.elapsed() < PATIENCE {
        match rayon::yield_now() {
            Some(rayon::Yield::Executed) => since = Instant::now(),
            _ => thread::yield_now(),
        }
    }
}

/// Calls `task(i)` for each `i` below `count`, in parallel.
///
/// Behind a reference, so that rayon's recursion is compiled once and not again for each kernel, which is half a megabyte of
/// instructions.
fn each(count: usize, task: &(dyn Fn(usize) + Sync)) {
    stay_awake();
    (0..count).into_par_iter().for_each(task);
}

/// The pieces of `chunk` elements of a slice (the last may be shorter), handed out by their indices.
struct Pieces<'a, T> {
    start: *mut T,
    len: usize,
    chunk: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: a piece belongs to one task, as `take` requires, so elements are only sent from thread to thread.
unsafe impl<T: Send> Sync for Pieces<'_, T> {}

impl<'a, T> Pieces<'a, T> {
    /// Pieces of one element where `chunk` is 0.
    fn new(slice: &'a mut [T], chunk: usize) -> Self {
        Pieces { start: slice.as_mut_ptr(), len: slice.len(), chunk: chunk.max(1), slice: PhantomData }
    }

    fn count(&self) -> usize {
        self.len.div_ceil(self.chunk)
    }

    /// Piece `i`, which must be below the count.
    ///
    /// # Safety
    ///
    /// Piece `i` is taken only once.
    unsafe fn take(&self, i: usize) -> &'a mut [T] {
        let from = i * self.chunk;
        assert!(from < self.len, "parallel: no piece {i}");
        // SAFETY: `from` and the length stay within the slice, and the piece is taken once.
        unsafe { slice::from_raw_parts_mut(self.start.add(from), self.chunk.min(self.len - from)) }
    }
}

/// Calls `f(i, range)` for each range of `chunk` consecutive indices of `0..n`, in parallel.
///
/// A single range runs on the calling thread, with no hand-off.
pub fn ranges(n: usize, chunk: usize, f: impl Fn(usize, Range<usize>) + Sync) {
    let chunk = chunk.max(1);
    let count = n.div_ceil(chunk);
    if count <= 1 {
        return f(0, 0..n);
    }
    each(count, &|i| f(i, i * chunk..((i + 1) * chunk).min(n)));
}

/// Calls `f(i, piece)` for each piece of `chunk` elements of `y` (the last may be shorter), in parallel.
pub fn pieces<T: Send>(y: &mut [T], chunk: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    if y.len() <= chunk.max(1) {
        return f(0, y);
    }
    let y = Pieces::new(y, chunk);
    // SAFETY: `each` passes every index once.
    each(y.count(), &|i| f(i, unsafe { y.take(i) }));
}

/// [`pieces`] of two results at once: of `chunks[0]` elements of `y` and `chunks[1]` of `z`.
///
/// Panics if the results have different numbers of pieces.
pub fn pieces2<T: Send, U: Send>(
    y: &mut [T],
    z: &mut [U],
    chunks: [usize; 2],
    f: impl Fn(usize, &mut [T], &mut [U]) + Sync,
) {
    let [c, d] = chunks.map(|chunk| chunk.max(1));
    let (m, n) = (y.len().div_ceil(c), z.len().div_ceil(d));
    assert_eq!(m, n, "pieces2: one result has {m} pieces, the other {n}");
    if m <= 1 {
        return f(0, y, z);
    }
    let (y, z) = (Pieces::new(y, c), Pieces::new(z, d));
    // SAFETY: `each` passes every index once.
    each(m, &|i| unsafe { f(i, y.take(i), z.take(i)) });
}

/// [`pieces`] of three results at once.
///
/// Panics if the results have different numbers of pieces.
pub fn pieces3<T: Send>(
    y: &mut [T],
    rest: [&mut [T]; 2],
    chunks: [usize; 3],
    f: impl Fn(usize, &mut [T], [&mut [T]; 2]) + Sync,
) {
    let [c, d, e] = chunks.map(|chunk| chunk.max(1));
    let [z, w] = rest;
    let counts = [y.len().div_ceil(c), z.len().div_ceil(d), w.len().div_ceil(e)];
    assert!(counts.iter().all(|&n| n == counts[0]), "pieces3: the results have {counts:?} pieces");
    if counts[0] <= 1 {
        return f(0, y, [z, w]);
    }
    let (y, z, w) = (Pieces::new(y, c), Pieces::new(z, d), Pieces::new(w, e));
    // SAFETY: `each` passes every index once.
    each(counts[0], &|i| unsafe { f(i, y.take(i), [z.take(i), w.take(i)]) });
}

/// Elements of a piece that a loop bound by memory hands to one task: enough to pay for the hand-off.
pub const PIECE: usize = 16 * 1024;

/// How many rows of `cols` elements make a [`PIECE`].
pub fn rows_per_piece(cols: usize) -> usize {
    (PIECE / cols.max(1)).max(1)
}

/// Asserts that `f` gives the same bits in pools of 1, 2 and 7 threads.
#[cfg(test)]
pub(crate) fn assert_same_in_all_pools<T: PartialEq + std::fmt::Debug + Send>(f: impl Fn() -> T + Sync) {
    let in_pool = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("a pool of threads for a test").install(&f)
    };
    let one = in_pool(1);
    for threads in [2, 7] {
        assert!(in_pool(threads) == one, "{threads} threads give other results than one");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn ranges_cover_each_index_once() {
        for (n, chunk) in [(0, 3), (1, 3), (10, 3), (9, 3), (5, 0)] {
            let seen: Vec<_> = (0..n).map(|_| AtomicUsize::new(0)).collect();
            ranges(n, chunk, |_, r| {
                for i in r {
                    seen[i].fetch_add(1, Ordering::Relaxed);
                }
            });
            assert!(seen.iter().all(|s| s.load(Ordering::Relaxed) == 1), "{n} {chunk}");
        }
    }

    #[test]
    fn pieces_know_where_they_stand() {
        let mut y = vec![0; 11];
        pieces(&mut y, 4, |i, piece| piece.iter_mut().enumerate().for_each(|(j, y)| *y = 4 * i + j));
        assert_eq!(y, (0..11).collect::<Vec<_>>());
        let (mut y, mut z) = ([0; 5], [0; 9]);
        pieces2(&mut y, &mut z, [2, 4], |i, y, z| {
            y.fill(i);
            z.fill(10 * i);
        });
        assert_eq!((y, z), ([0, 0, 1, 1, 2], [0, 0, 0, 0, 10, 10, 10, 10, 20]));
        let (mut y, mut z, mut w) = ([0; 3], [0; 5], [0; 2]);
        pieces3(&mut y, [&mut z, &mut w], [2, 4, 1], |i, y, [z, w]| {
            y.fill(i);
            z.fill(10 * i);
            w.fill(100 * i);
        });
        assert_eq!((y, z, w), ([0, 0, 1], [0, 0, 0, 0, 10], [0, 100]));
    }
}
