//! Checked arithmetic of lengths and strides, on which `unsafe` code and device memory rely.

/// The most elements of an array: as many as memory has addresses for, with eight bytes for each.
const MOST: usize = isize::MAX as usize / 8;

/// The number of elements of an array of these lengths; panics if memory has no addresses for them.
///
/// Lengths of 0 count as 1 in that check, so that afterwards the product of any of the lengths cannot overflow.
#[inline]
#[track_caller]
pub(crate) fn count<const N: usize>(op: &str, lengths: [usize; N]) -> usize {
    let all = lengths.iter().try_fold(1usize, |n, &length| n.checked_mul(length.max(1)));
    assert!(
        all.is_some_and(|n| n <= MOST),
        "{op}: an array of {lengths:?} has more elements than memory has addresses"
    );
    lengths.iter().product()
}

/// One past the last offset that axes of (length, stride) lead to from offset 0; 0 if there are no elements, and `usize::MAX`, which
/// no memory holds, if that overflows.
#[inline(always)]
pub(crate) fn reach<const N: usize>(axes: [(usize, usize); N]) -> usize {
    if axes.iter().any(|&(length, _)| length == 0) {
        return 0;
    }
    let place = |at: Option<usize>, &(length, stride): &(usize, usize)| {
        at.and_then(|at| (length - 1).checked_mul(stride).and_then(|step| at.checked_add(step)))
    };
    axes.iter().fold(Some(1), place).unwrap_or(usize::MAX)
}

/// Panics unless each operand (name, length found, length expected) has its expected length.
#[track_caller]
pub(crate) fn lengths<const N: usize>(op: &str, operands: [(&str, usize, usize); N]) {
    for (name, found, expected) in operands {
        assert!(found == expected, "{op}: {name} holds {found} elements, not {expected}");
    }
}

/// Whether `start..start + len` is within `0..whole`.
#[inline(always)]
pub(crate) fn inside(start: usize, len: usize, whole: usize) -> bool {
    start <= whole && len <= whole - start
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sizes around the limits of 31, 32, 62, 63 and 64 bits, and small ones.
    pub(crate) fn near_limits() -> impl Strategy<Value = usize> {
        let at = |bits: u32| (1u64 << bits) as usize;
        let base =
            prop::sample::select(vec![0, 1, 2, 3, 8, at(31), at(32), at(61), at(62), at(63), usize::MAX]);
        (base, -1isize..=1).prop_map(|(base, by)| base.saturating_add_signed(by))
    }

    proptest! {
        #[test]
        fn reach_and_inside_are_exact(a in prop::array::uniform6(near_limits())) {
            let wide = |x: usize| x as u128;
            let last = |axis: &[usize]| wide(axis[0]).saturating_sub(1) * wide(axis[1]);
            let exact = a.chunks(2).map(last).fold(1, u128::saturating_add);
            let empty = a[0] == 0 || a[2] == 0 || a[4] == 0;
            let expected = if empty { 0 } else { exact.min(wide(usize::MAX)) };
            prop_assert_eq!(wide(reach([(a[0], a[1]), (a[2], a[3]), (a[4], a[5])])), expected);
            prop_assert_eq!(inside(a[0], a[1], a[2]), wide(a[0]) + wide(a[1]) <= wide(a[2]));
        }

        #[test]
        fn a_count_is_exact_or_refused(a in prop::array::uniform3(near_limits())) {
            let exact: u128 = a.iter().try_fold(1u128, |n, &d| n.checked_mul(d.max(1) as u128)).unwrap_or(u128::MAX);
            match std::panic::catch_unwind(|| count("test", a)) {
                Ok(n) => prop_assert!(exact <= MOST as u128 && n == a.iter().product::<usize>()),
                Err(_) => prop_assert!(exact > MOST as u128),
            }
        }
    }
}
