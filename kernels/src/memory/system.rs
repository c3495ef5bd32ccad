//! Allocates zeroed memory from the operating system, and returns it.

use std::alloc::{Layout, dealloc};
use std::ptr::NonNull;

/// From this size on, blocks begin at a huge page and ask for such pages: a table of 36 MB is then 18 pages to the
/// processor instead of 9000, of which it remembers some 2000.
pub(super) const HUGE: usize = 2 << 20;

/// Zeros of a layout whose size is at least 64 bytes; `None` where the system refuses.
pub(super) fn zeros(layout: Layout) -> Option<NonNull<u8>> {
    if layout.align() == HUGE { mapped(layout) } else { allocated(layout) }
}

/// Gives back what [`zeros`] gave.
///
/// # Safety
/// `ptr` came from [`zeros`] with this layout, and nobody uses it any more.
pub(super) unsafe fn release(ptr: NonNull<u8>, layout: Layout) {
    #[cfg(target_os = "linux")]
    if layout.align() == HUGE {
        // SAFETY: the caller's word; `mapped` left exactly this range mapped.
        unsafe { libc::munmap(ptr.as_ptr().cast(), layout.size()) };
        return;
    }
    // SAFETY: the caller's word; it came from `alloc` with this layout.
    unsafe { dealloc(ptr.as_ptr(), layout) }
}

fn allocated(layout: Layout) -> Option<NonNull<u8>> {
    // SAFETY: the layout's size is at least 64 bytes.
    NonNull::new(unsafe { std::alloc::alloc_zeroed(layout) })
}

/// Pages that are there once they are first written: of a block that is larger than its buffer the rest costs nothing,
/// and who reads a file into it writes it once.
#[cfg(target_os = "linux")]
fn mapped(layout: Layout) -> Option<NonNull<u8>> {
    use std::ptr::null_mut;
    let (size, wanted) = (layout.size(), layout.size().checked_add(HUGE)?);
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new range that the system chooses; nothing else lies there.
    let start = unsafe { libc::mmap(null_mut(), wanted, protection, kind, -1, 0) };
    if start == libc::MAP_FAILED {
        return None;
    }
    let start = start.cast::<u8>();
    let before = start.align_offset(HUGE);
    // SAFETY: `before` is at most HUGE and the range `size + HUGE` long. Both its ends are whole pages, ours, and
    // unused; advice changes no content, and where it is refused nothing is lost.
    unsafe {
        let ptr = start.add(before);
        for (at, len) in [(start, before), (ptr.add(size), HUGE - before)] {
            if len > 0 {
                libc::munmap(at.cast(), len);
            }
        }
        libc::madvise(ptr.cast(), size, libc::MADV_HUGEPAGE);
        NonNull::new(ptr)
    }
}

#[cfg(not(target_os = "linux"))]
fn mapped(layout: Layout) -> Option<NonNull<u8>> {
    allocated(layout)
}
