//! Allocates zeroed memory from the operating system, and returns it.

use std::alloc::{Layout, dealloc};
use std::ptr::NonNull;

/// From this size on, blocks begin at a huge page and request huge pages: a table of 36 MB then has 18 pages instead of 9000, and
/// the processor caches the addresses of about 2000.
pub(super) const HUGE: usize = 2 << 20;

/// Zeroed memory of a layout whose size is at least 64 bytes; `None` if the system refuses.
pub(super) fn zeros(layout: Layout) -> Option<NonNull<u8>> {
    if layout.align() == HUGE { mapped(layout) } else { allocated(layout) }
}

/// Returns memory that came from [`zeros`].
///
/// # Safety
/// `ptr` came from [`zeros`] with this layout, and is not used any more.
pub(super) unsafe fn release(ptr: NonNull<u8>, layout: Layout) {
    #[cfg(target_os = "linux")]
    if layout.align() == HUGE {
        // SAFETY: as the caller promises; `mapped` left exactly this range mapped.
        unsafe { libc::munmap(ptr.as_ptr().cast(), layout.size()) };
        return;
    }
    // SAFETY: as the caller promises; it came from `allocated` with this layout.
    unsafe { dealloc(ptr.as_ptr(), layout) }
}

fn allocated(layout: Layout) -> Option<NonNull<u8>> {
    // SAFETY: the layout's size is at least 64 bytes.
    NonNull::new(unsafe { std::alloc::alloc_zeroed(layout) })
}

/// Pages that the system provides when they are first written: the part of a block that its buffer does not use costs nothing, and
/// a buffer that a file is read into is written only once.
#[cfg(target_os = "linux")]
fn mapped(layout: Layout) -> Option<NonNull<u8>> {
    use std::ptr::null_mut;
    let (size, mapped_size) = (layout.size(), layout.size().checked_add(HUGE)?);
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: the system chooses a new range, which overlaps no other.
    let start = unsafe { libc::mmap(null_mut(), mapped_size, protection, kind, -1, 0) };
    if start == libc::MAP_FAILED {
        return None;
    }
    let start = start.cast::<u8>();
    let before = start.align_offset(HUGE);
    // SAFETY: `before` is at most HUGE, and the range is `size + HUGE` long. Both its ends are whole pages of ours that are unused.
    // The advice changes no contents, and if it is refused nothing is lost.
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
