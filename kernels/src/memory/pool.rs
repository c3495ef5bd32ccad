use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Buffers begin at a cache line.
pub(super) const ALIGN: usize = 64;
/// From this size on, blocks begin at a huge page and ask for such pages: a table of 36 MB is then 18 pages to the
/// processor instead of 9000, of which it remembers some 2000.
const HUGE: usize = 2 << 20;
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
            // SAFETY: the block came from `alloc` with this very layout and nobody holds it.
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
    let size = size_of_class(class);
    Layout::from_size_align(size, if size < HUGE { ALIGN } else { HUGE })
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
    Block { ptr: fresh(class), class }
}

/// Memory from the operating system, zeros.
fn fresh(class: usize) -> NonNull<u8> {
    let layout = layout(class);
    // SAFETY: the layout's size is at least 64 bytes.
    let Some(ptr) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
    if layout.align() == HUGE {
        ask_for_huge_pages(ptr, layout.size());
    }
    // SAFETY: the memory was allocated with this size just now.
    unsafe { ptr.write_bytes(0, layout.size()) };
    ptr
}

/// Before the memory is first written: a page that is there stays as it is.
#[cfg(target_os = "linux")]
fn ask_for_huge_pages(ptr: NonNull<u8>, bytes: usize) {
    // SAFETY: the range is allocated and ours; the advice changes no content, and where it is refused nothing is lost.
    unsafe { libc::madvise(ptr.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages(_: NonNull<u8>, _: usize) {}

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

    #[test]
    fn large_blocks_begin_at_a_huge_page_and_hold_zeros() {
        for bytes in [HUGE - 64, HUGE, 3 * HUGE + 1] {
            let class = class_of_size(bytes);
            let ptr = fresh(class);
            assert!(ptr.addr().get().is_multiple_of(layout(class).align()));
            assert_eq!(layout(class).align() == HUGE, size_of_class(class) >= HUGE);
            // SAFETY: the block is that long, and nobody else knows it.
            let zeros = unsafe { std::slice::from_raw_parts(ptr.as_ptr(), bytes) };
            assert!(zeros.iter().all(|&x| x == 0));
            // SAFETY: it came from `alloc` with this layout.
            unsafe { dealloc(ptr.as_ptr(), layout(class)) };
        }
    }
}
