use crate::sizes::count;
use crate::{Dst, Element, Real, Src};
use std::ops::Range;

/// The scores of a batch of sentences: slices of one type and of `i64`, or twice [`Src`] of a type known at run time.
#[derive(Clone, Copy)]
pub struct Chains<X, I> {
    /// Score of each tag at each position, [B, T, K].
    pub emissions: X,
    /// Score of the transition from tag i to tag j, [K, K].
    pub transitions: X,
    /// Score of the first tag, `[K]`.
    pub start: X,
    /// Score of the last tag, `[K]`.
    pub end: X,
    /// Positions of each sentence that are not padding, `[B]`, each from 0 to T.
    pub lengths: I,
}

/// Where the gradients of a batch's scores go; every element is written, padding with 0.
pub struct Gradients<X> {
    /// Of the emissions, [B, T, K].
    pub demissions: X,
    /// Of the transitions, [K, K].
    pub dtransitions: X,
    /// Of the start scores, `[K]`.
    pub dstart: X,
    /// Of the end scores, `[K]`.
    pub dend: X,
}

/// The values that the forward pass of log Z saves for the backward pass.
#[derive(Clone, Copy)]
pub struct State<X> {
    /// Forward variables, [B, T, K]: scaled to sum 1 at each position, or as logarithms.
    pub alpha: X,
    /// Their divisors, [B, T]; 0 marks a sentence whose variables are logarithms.
    pub scale: X,
}

/// The sizes of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub batch: usize,
    pub len: usize,
    pub tags: usize,
}

impl Shape {
    /// The shape of scores whose arrays have these lengths; panics if they do not fit together.
    #[track_caller]
    pub fn of(lens: Chains<usize, usize>) -> Self {
        let Chains { emissions, transitions, start: tags, end, lengths: batch } = lens;
        let len = emissions.checked_div(count("crf", [batch, tags])).unwrap_or(0);
        assert!(
            emissions == batch * len * tags && transitions == count("crf", [tags, tags]) && end == tags,
            "crf: with {batch} lengths and {tags} start scores, emissions are [{batch}, T, {tags}], transitions \
             [{tags}, {tags}] and end [{tags}], but they hold {emissions}, {transitions} and {end} numbers"
        );
        Shape { batch, len, tags }
    }

    /// Panics if gradients of emissions, transitions, start and end have other lengths.
    #[track_caller]
    pub fn check_gradients(self, lens: [usize; 4]) {
        let Shape { batch, len, tags } = self;
        assert!(
            lens == [batch * len * tags, tags * tags, tags, tags],
            "crf: gradients of [{batch}, {len}, {tags}] emissions and {tags} tags do not fit into {lens:?} elements"
        );
    }

    /// Sentences that one task computes. Depends only on the shape, and gives a task at least about 32 Ki multiplications.
    pub fn sentences_per_task(self) -> usize {
        ((1 << 15) / (self.len * self.tags * self.tags).max(1)).clamp(4, 32)
    }
    /// Number of scores of one sentence.
    pub fn cells(self) -> usize {
        self.len * self.tags
    }
    /// The number of elements of the gradients of transitions, start and end.
    pub fn weights(self) -> usize {
        self.tags * (self.tags + 2)
    }
}

impl<'a> Chains<Src<'a>, Src<'a>> {
    pub(super) fn typed<T: Element>(self) -> Chains<&'a [T], &'a [i64]> {
        Chains {
            emissions: self.emissions.slice(),
            transitions: self.transitions.slice(),
            start: self.start.slice(),
            end: self.end.slice(),
            lengths: self.lengths.slice(),
        }
    }
}

impl<'a> Gradients<Dst<'a>> {
    pub(super) fn typed<T: Element>(self) -> Gradients<&'a mut [T]> {
        Gradients {
            demissions: self.demissions.slice(),
            dtransitions: self.dtransitions.slice(),
            dstart: self.dstart.slice(),
            dend: self.dend.slice(),
        }
    }
}

impl<'a> State<Src<'a>> {
    pub(super) fn typed<T: Element>(self) -> State<&'a [T]> {
        State { alpha: self.alpha.slice(), scale: self.scale.slice() }
    }
}

impl<'a> State<Dst<'a>> {
    pub(super) fn typed<T: Element>(self) -> State<&'a mut [T]> {
        State { alpha: self.alpha.slice(), scale: self.scale.slice() }
    }
}

impl<'a, T: Real> Chains<&'a [T], &'a [i64]> {
    /// The sizes; panics if they do not fit together or a length is out of range.
    #[track_caller]
    pub(super) fn shape(&self) -> Shape {
        let [emissions, transitions, start, end] =
            [self.emissions, self.transitions, self.start, self.end].map(<[T]>::len);
        let shape = Shape::of(Chains { emissions, transitions, start, end, lengths: self.lengths.len() });
        let len = shape.len;
        for (b, &n) in self.lengths.iter().enumerate() {
            assert!(
                (0..=len as i64).contains(&n),
                "crf: sentence {b} has length {n}, which is not in 0..={len}, the positions of the emissions"
            );
        }
        shape
    }

    /// The sentences of one task.
    pub(super) fn part(&self, shape: Shape, sentences: Range<usize>) -> Self {
        Chains {
            emissions: &self.emissions[sentences.start * shape.cells()..sentences.end * shape.cells()],
            lengths: &self.lengths[sentences],
            ..*self
        }
    }

    /// The emissions of one sentence without its padding, [n, K].
    pub(super) fn sentence(&self, shape: Shape, b: usize) -> &'a [T] {
        &self.emissions[b * shape.cells()..][..self.lengths[b] as usize * shape.tags]
    }
}

impl<T: Real> Gradients<&mut [T]> {
    /// Panics if the sizes are not those of the scores.
    #[track_caller]
    pub(super) fn check(&self, shape: Shape) {
        let Gradients { demissions, dtransitions, dstart, dend } = self;
        shape.check_gradients([demissions.len(), dtransitions.len(), dstart.len(), dend.len()]);
    }

    /// Sums the tasks' slots, each [K·K + K + K], in order.
    pub(super) fn add_slots(&mut self, slots: &[T]) {
        let (k, kk) = (self.dstart.len(), self.dtransitions.len());
        let weights: [&mut [T]; 3] = [self.dtransitions, self.dstart, self.dend];
        for (y, from) in weights.into_iter().zip([0, kk, kk + k]) {
            y.fill(T::ZERO);
            for slot in slots.chunks_exact((kk + 2 * k).max(1)) {
                for (y, &x) in y.iter_mut().zip(&slot[from..]) {
                    *y += x;
                }
            }
        }
    }
}

/// One task's gradients of the weights, cut from its slot.
pub(super) fn cut<T>(slot: &mut [T], tags: usize) -> (&mut [T], &mut [T], &mut [T]) {
    let (dtransitions, rest) = slot.split_at_mut(tags * tags);
    let (dstart, dend) = rest.split_at_mut(tags);
    (dtransitions, dstart, dend)
}

impl<'a, T: Real> Chains<&'a [T], &'a [i64]> {
    /// The same scores, whose type is `f32`.
    pub(super) fn f32s(&self) -> Chains<&'a [f32], &'a [i64]> {
        Chains {
            emissions: T::f32s(self.emissions),
            transitions: T::f32s(self.transitions),
            start: T::f32s(self.start),
            end: T::f32s(self.end),
            lengths: self.lengths,
        }
    }
}
