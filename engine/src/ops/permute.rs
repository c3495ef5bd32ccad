use crate::Tensor;
use crate::graph::{Saves, record_one};

impl Tensor {
    /// y with axis i = x's axis `axes[i]`; a view.
    #[track_caller]
    pub fn permute(&self, axes: &[usize]) -> Tensor {
        let rank = self.rank();
        let mut inverse = [usize::MAX; crate::shape::MAX_RANK];
        for (i, &a) in axes.iter().enumerate() {
            assert!(
                a < rank && inverse[a] == usize::MAX,
                "permute: {axes:?} is not a permutation of the axes of {:?}",
                self.shape()
            );
            inverse[a] = i;
        }
        assert_eq!(
            axes.len(),
            rank,
            "permute: {axes:?} is not a permutation of the axes of {:?}",
            self.shape()
        );
        record_one("permute", &[self], self.view(self.layout.permute(axes)), Saves::NOTHING, move |cx| {
            cx.give_with(0, |cx| cx.dy().permute(&inverse[..rank]));
        })
    }

    /// y = x with two axes exchanged; a view.
    #[track_caller]
    pub fn transpose(&self, a: isize, b: isize) -> Tensor {
        let mut axes: Vec<usize> = (0..self.rank()).collect();
        axes.swap(self.shape().axis(a), self.shape().axis(b));
        self.permute(&axes)
    }

    /// y = xᵀ: the last two axes exchanged; a view.
    #[track_caller]
    pub fn t(&self) -> Tensor {
        self.transpose(-2, -1)
    }
}
