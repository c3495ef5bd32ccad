use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Buffers begin at a cache line.
pub(super) const ALIGN: usize = 64;
/// The smallest block.
const MIN: usize = 64;
/// Four classes to each power of two up to 2^48: at most a fifth of a block is unused.
const CLASSES: usize = 4 * 43;

/// Blocks given back, by size class.
static FREE: [Mutex<Vec<Block>>; CLASSES] = [const { Mutex::new(Vec::new()) }; CLASSES];
static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static KEPT: AtomicUsize = AtomicUsize::new(0);

/// A block of memory of one size class, initialised at least once.
pub(super) struct Block {
    pub ptr: NonNull<u8>,
    class: usize,
}

// SAFETY: a block owns its memory; nothing else refers to it.
unsafe impl Send for Block {}
// SAFETY: shared references to a block allow reading its pointer only.
unsafe impl Sync for Block {}

/// Bytes in use by buffers, now and at most, and bytes kept for reuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// In live buffers.
    pub live: usize,
    /// The most that was ever live since the start or the last [`reset_peak`].
    pub peak: usize,
    /// Given back and kept for the next buffer.
    pub kept: usize,
}

/// What the pool holds at this moment.
pub fn usage() -> Usage {
    Usage {
        live: LIVE.load(Ordering::Relaxed),
        peak: PEAK.load(Ordering::Relaxed),
        kept: KEPT.load(Ordering::Relaxed),
    }
}

/// Lets the peak be measured anew from what is live now.
pub fn reset_peak() {
    PEAK.store(LIVE.load(Ordering::Relaxed), Ordering::Relaxed);
}

/// Gives all kept blocks back to the operating system.
pub fn trim() {
    for class in 0..CLASSES {
        for block in FREE[class].lock().unwrap_or_else(|e| e.into_inner()).drain(..) {
            KEPT.fetch_sub(size_of_class(class), Ordering::Relaxed);
            // SAFETY: the block came from `alloc_zeroed` with this very layout and nobody holds it.
            unsafe { dealloc(block.ptr.as_ptr(), layout(class)) }
        }
    }
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
    Layout::from_size_align(size_of_class(class), ALIGN)
        .expect("pool: the buffer is too large for this machine")
}

/// A block of at least `bytes`, of unspecified but initialised contents.
pub(super) fn take(bytes: usize) -> Block {
    let class = class_of_size(bytes);
    assert!(class < CLASSES, "pool: a buffer of {bytes} bytes is too large for this machine");
    let size = size_of_class(class);
    let live = LIVE.fetch_add(size, Ordering::Relaxed) + size;
    PEAK.fetch_max(live, Ordering::Relaxed);
    if let Some(block) = FREE[class].lock().unwrap_or_else(|e| e.into_inner()).pop() {
        KEPT.fetch_sub(size, Ordering::Relaxed);
        return block;
    }
    // SAFETY: the layout's size is at least 64 bytes.
    let ptr = unsafe { alloc_zeroed(layout(class)) };
    let Some(ptr) = NonNull::new(ptr) else { handle_alloc_error(layout(class)) };
    Block { ptr, class }
}

/// Keeps a block for the next buffer of its class.
pub(super) fn give_back(block: Block) {
    let size = size_of_class(block.class);
    LIVE.fetch_sub(size, Ordering::Relaxed);
    KEPT.fetch_add(size, Ordering::Relaxed);
    FREE[block.class].lock().unwrap_or_else(|e| e.into_inner()).push(block);
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
}
