mod create;
mod display;
mod operators;
mod read;

use crate::graph::Edge;
use crate::{DType, Device, Kind, Layout, Shape};
use gradus_kernels::Src;
use gradus_kernels::memory::Buffer;
use std::sync::Arc;

/// An immutable array: a shared buffer, a layout and, if gradients are needed, an edge into the graph. Cloning shares the
/// buffer. [`ops`](crate::ops) lists the operations by family.
#[derive(Clone)]
pub struct Tensor {
    pub(crate) storage: Arc<Buffer>,
    pub(crate) layout: Layout,
    pub(crate) edge: Option<Edge>,
}

impl Tensor {
    pub(crate) fn new(storage: Arc<Buffer>, layout: Layout, edge: Option<Edge>) -> Self {
        Tensor { storage, layout, edge }
    }

    /// A contiguous tensor without gradient over a fresh buffer.
    pub(crate) fn from_buffer(buffer: Buffer, shape: Shape) -> Self {
        assert_eq!(buffer.len(), shape.count(), "tensor: the buffer's length does not fit {shape:?}");
        Tensor::new(Arc::new(buffer), Layout::contiguous(shape), None)
    }

    /// The same buffer with another layout, without gradient.
    pub(crate) fn view(&self, layout: Layout) -> Self {
        Tensor::new(self.storage.clone(), layout, None)
    }

    /// The lengths of the axes.
    pub fn shape(&self) -> Shape {
        self.layout.shape()
    }
    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.shape().rank()
    }
    /// The number of elements.
    pub fn count(&self) -> usize {
        self.shape().count()
    }
    /// The length of one axis, counted from the end if it is negative.
    #[track_caller]
    pub fn dim(&self, axis: isize) -> usize {
        self.shape()[self.shape().axis(axis)]
    }
    /// The dtype.
    pub fn dtype(&self) -> DType {
        self.storage.dtype()
    }
    /// The device.
    pub fn device(&self) -> Device {
        self.storage.device()
    }
    /// The dtype and the device, for another tensor like this one.
    pub fn kind(&self) -> Kind {
        self.storage.kind()
    }
    /// The layout in the buffer.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
    /// Whether a gradient would reach this tensor.
    pub fn is_tracked(&self) -> bool {
        self.edge.is_some()
    }

    /// The same elements without the graph.
    pub fn detach(&self) -> Tensor {
        Tensor { edge: None, ..self.clone() }
    }

    /// The same elements as a new leaf of the graph: [`Gradients::get`](crate::Gradients::get) and
    /// [`grad`](crate::grad) return its gradient.
    pub fn variable(&self) -> Tensor {
        Tensor { edge: Some(Edge::leaf()), ..self.clone() }
    }

    /// The buffer from this tensor's first to its last element, for a kernel that takes strides.
    pub(crate) fn src(&self) -> Src<'_> {
        self.storage.src_range(self.layout.offset(), self.layout.span())
    }

    /// The elements of a contiguous tensor as bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        debug_assert!(self.layout.is_contiguous());
        let size = self.dtype().size();
        &self.storage.bytes()[self.layout.offset() * size..(self.layout.offset() + self.count()) * size]
    }
}
