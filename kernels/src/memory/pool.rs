use super::system::{self, HUGE};
use std::alloc::Layout;
use std::collections::VecDeque;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

/// Buffers begin at a cache line.
pub(super) const ALIGN: usize = 64;
/// The smallest block.
const MIN: usize = 64;
/// Four classes to each power of two up to 2^48: at most a fifth of a block is unused.
const CLASSES: usize = 4 * 43;

/// A large buffer takes a kept block of up to this many classes above its own, at most half as large again, before new memory.
const ABOVE: usize = 2;

/// A large block is returned to the operating system once buffers of this many times the peak were allocated while it was unused.
/// A training step allocates about three times its peak, so blocks that every step needs stay, and blocks that only a batch of
/// another shape needed are returned.
const PATIENCE: usize = 8;

/// Blocks that were given back, by size class; the most recently used is last.
static FREE: [Mutex<VecDeque<Kept>>; CLASSES] = [const { Mutex::new(VecDeque::new()) }; CLASSES];
static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static KEPT: AtomicUsize = AtomicUsize::new(0);
/// Bytes allocated so far: the pool's clock. It may wrap.
static TAKEN: AtomicUsize = AtomicUsize::new(0);
/// The time of the last search for idle blocks.
static SWEPT: AtomicUsize = AtomicUsize::new(0);

/// A block that was given back, and the time of that.
struct Kept {
    block: Block,
    since: usize,
}

/// A block of memory of one size class, initialised at least once.
pub(super) struct Block {
    pub ptr: NonNull<u8>,
    class: usize,
}

// SAFETY: a block owns its memory; there are no other references to it.
unsafe impl Send for Block {}
// SAFETY: shared references to a block allow reading its pointer only.
unsafe impl Sync for Block {}

/// Bytes that buffers use, now and at most, and bytes kept for reuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// In live buffers.
    pub live: usize,
    /// The largest `live` since the start or the last [`reset_peak`].
    pub peak: usize,
    /// Given back and kept for the next buffer.
    pub kept: usize,
}

/// The pool's memory at this moment.
pub fn usage() -> Usage {
    Usage {
        live: LIVE.load(Ordering::Relaxed),
        peak: PEAK.load(Ordering::Relaxed),
        kept: KEPT.load(Ordering::Relaxed),
    }
}

/// Sets the peak to the bytes that are live now.
pub fn reset_peak() {
    PEAK.store(LIVE.load(Ordering::Relaxed), Ordering::Relaxed);
}

/// Returns all kept blocks to the operating system.
pub fn trim() {
    for class in 0..CLASSES {
        free(class).drain(..).for_each(release);
    }
}

/// Returns the large blocks that were unused while more than `patience` bytes were allocated.
fn give_back_idle(patience: usize) {
    let now = TAKEN.load(Ordering::Relaxed);
    for class in class_of_size(HUGE)..CLASSES {
        let mut kept = free(class);
        // The blocks unused for longest are first, because blocks are taken from the end.
        let idle = kept.partition_point(|k| now.wrapping_sub(k.since) > patience);
        kept.drain(..idle).for_each(release);
    }
}

fn free(class: usize) -> MutexGuard<'static, VecDeque<Kept>> {
    FREE[class].lock().unwrap_or_else(|e| e.into_inner())
}

fn release(Kept { block, .. }: Kept) {
    KEPT.fetch_sub(size_of_class(block.class), Ordering::Relaxed);
    // SAFETY: the block came from `zeros` with this layout, and no buffer holds it.
    unsafe { system::release(block.ptr, layout(block.class)) }
}

/// Class 4k + j holds blocks of 64 · 2^k · (4 + j) / 4 bytes.
fn size_of_class(class: usize) -> usize {
    ((MIN << (class / 4)) / 4) * (4 + class % 4)
}

fn class_of_size(bytes: usize) -> usize {
    let bytes = bytes.max(MIN);
    let k = (bytes / MIN).ilog2() as usize;
    (4 * k..).find(|&c| size_of_class(c) >= bytes).expect("classes grow without bound")
}

fn layout(class: usize) -> Layout {
    let size = size_of_class(class);
    Layout::from_size_align(size, if size < HUGE { ALIGN } else { HUGE })
        .expect("pool: the buffer is too large for this machine")
}

/// A block of at least `bytes`, with unspecified but initialised contents, and whether these are zeros.
pub(super) fn take(bytes: usize) -> (Block, bool) {
    assert!(
        bytes <= size_of_class(CLASSES - 1),
        "pool: a buffer of {bytes} bytes is too large for this machine"
    );
    let class = class_of_size(bytes);
    let above = if size_of_class(class) < HUGE { 0 } else { ABOVE };
    let kept = (class..CLASSES.min(class + above + 1)).find_map(|class| free(class).pop_back());
    let fresh = kept.is_none();
    let new = || {
        let ptr = system::zeros(layout(class));
        let ptr =
            ptr.unwrap_or_else(|| panic!("pool: the system has no memory for a buffer of {bytes} bytes"));
        Block { ptr, class }
    };
    let block = kept.map_or_else(new, |kept| kept.block);
    let size = size_of_class(block.class);
    if !fresh {
        KEPT.fetch_sub(size, Ordering::Relaxed);
    }
    let live = LIVE.fetch_add(size, Ordering::Relaxed) + size;
    PEAK.fetch_max(live, Ordering::Relaxed);
    TAKEN.fetch_add(size, Ordering::Relaxed);
    (block, fresh)
}

/// Keeps a block for the next buffer of its class.
pub(super) fn give_back(block: Block) {
    let (class, size) = (block.class, size_of_class(block.class));
    let since = TAKEN.load(Ordering::Relaxed);
    LIVE.fetch_sub(size, Ordering::Relaxed);
    KEPT.fetch_add(size, Ordering::Relaxed);
    free(class).push_back(Kept { block, since });
    if size < HUGE {
        return;
    }
    // A search through all classes takes some microseconds, so it is done once for each peak's worth of allocations.
    let (peak, swept) = (PEAK.load(Ordering::Relaxed), SWEPT.load(Ordering::Relaxed));
    let due = since.wrapping_sub(swept) > peak;
    if due && SWEPT.compare_exchange(swept, since, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        give_back_idle(PATIENCE.saturating_mul(peak));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_the_smallest_that_fit() {
        for bytes in [0, 1, 64, 65, 80, 81, 96, 112, 113, 128, 1000, 4096, 1 << 20, (1 << 20) + 1] {
            let c = class_of_size(bytes);
            assert!(size_of_class(c) >= bytes);
            assert!(c == 0 || size_of_class(c - 1) < bytes, "{bytes}");
            assert!(bytes < 64 || size_of_class(c) <= bytes + bytes / 4 + 1, "{bytes}");
        }
    }

    #[test]
    fn large_blocks_begin_at_a_huge_page_and_hold_zeros() {
        for bytes in [HUGE - 64, HUGE, 3 * HUGE + 1] {
            let layout = layout(class_of_size(bytes));
            let ptr = system::zeros(layout).expect("a few megabytes");
            assert!(ptr.addr().get().is_multiple_of(layout.align()));
            assert_eq!(layout.align() == HUGE, layout.size() >= HUGE);
            // SAFETY: the block is that long, and there are no other references to it.
            let all = unsafe { std::slice::from_raw_parts_mut(ptr.as_ptr(), layout.size()) };
            assert!(all.iter().all(|&x| x == 0));
            all.fill(1);
            // SAFETY: it came from `zeros` with this layout.
            unsafe { system::release(ptr, layout) };
        }
    }

    #[test]
    fn a_large_block_serves_a_somewhat_smaller_buffer() {
        let place = |block: &Block| block.ptr.addr();
        let (large, _) = take(448 << 20);
        let at = place(&large);
        give_back(large);
        let (small, fresh) = take(300 << 20);
        assert!(!fresh && place(&small) == at, "a block of 448 MB serves 300");
        let (smaller, fresh) = take(200 << 20);
        assert!(fresh);
        [small, smaller].into_iter().for_each(give_back);
    }

    /// A size that no other test of this process uses, so that its class is this test's alone.
    const RARE: usize = 61 << 20;

    fn kept() -> usize {
        free(class_of_size(RARE)).len()
    }

    #[test]
    fn unused_blocks_are_returned_and_reused_ones_stay() {
        let peak = || PEAK.load(Ordering::Relaxed);
        let blocks = [take(RARE).0, take(RARE).0];
        blocks.into_iter().for_each(give_back);
        assert_eq!(kept(), 2, "both are kept at first");
        // Steps need only one of the two: the other becomes idle.
        let began = TAKEN.load(Ordering::Relaxed);
        let mut steps = 0;
        while kept() == 2 {
            let (block, fresh) = take(RARE);
            assert!(!fresh, "the block that every step needs is kept");
            give_back(block);
            steps += 1;
            assert!(steps < 1 << 20, "the unused block is never returned");
        }
        let taken = TAKEN.load(Ordering::Relaxed).wrapping_sub(began);
        assert!(taken > PATIENCE * RARE && peak() >= 2 * RARE, "returned after only {taken} bytes");
        let (block, fresh) = take(RARE);
        assert!(!fresh && kept() == 0);
        give_back(block);
    }
}
