use crate::graph::Edge;
use crate::{DType, Shape, Tensor};
use gradus_kernels::memory::Buffer;
use std::sync::{Arc, RwLock};

/// What tells one parameter from all others in this process: unique per construction and per clone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId(pub(crate) u64);

/// A tensor that training changes.
///
/// [`tensor`](Param::tensor) is its value as a leaf of the graph. The leaf holds no buffer, so once a
/// graph is consumed the optimizer is the buffer's only user and changes it in place.
pub struct Param(Arc<Inner>);

struct Inner {
    leaf: Edge,
    value: RwLock<Tensor>,
}

impl Param {
    /// A parameter with this value.
    pub fn new(value: Tensor) -> Self {
        Param(Arc::new(Inner { leaf: Edge::leaf(), value: RwLock::new(value.contiguous().detach()) }))
    }

    /// Another handle to the same parameter: one identity, one gradient, one entry in a state dict.
    pub fn tied(&self) -> Self {
        Param(self.0.clone())
    }

    /// The identity.
    pub fn id(&self) -> ParamId {
        ParamId(self.0.leaf.node.id)
    }

    /// The value as a leaf of the graph.
    pub fn tensor(&self) -> Tensor {
        Tensor { edge: Some(self.0.leaf.clone()), ..self.value() }
    }

    /// The value without the graph.
    pub fn value(&self) -> Tensor {
        self.0.value.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// The shape.
    pub fn shape(&self) -> Shape {
        self.value().shape()
    }

    /// The number of elements.
    pub fn count(&self) -> usize {
        self.shape().count()
    }

    /// The dtype.
    pub fn dtype(&self) -> DType {
        self.value().dtype()
    }

    /// Replaces the value; panics where shape or dtype differ.
    #[track_caller]
    pub fn set(&self, value: &Tensor) {
        assert_eq!(self.shape(), value.shape(), "set: a parameter keeps its shape");
        assert_eq!(self.dtype(), value.dtype(), "set: a parameter keeps its dtype");
        *self.0.value.write().unwrap_or_else(|e| e.into_inner()) =
            Tensor::from_buffer(value.packed(), value.shape());
    }

    /// Replaces the value by the same numbers in another dtype.
    pub fn convert(&self, dtype: DType) {
        let mut value = self.0.value.write().unwrap_or_else(|e| e.into_inner());
        *value = value.to_dtype(dtype);
    }

    /// Lets `change` write the buffer: in place where nothing else holds it, else in a copy, which the
    /// [memory report](crate::memory) counts.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Buffer)) {
        let mut value = self.0.value.write().unwrap_or_else(|e| e.into_inner());
        if let Some(buffer) = Arc::get_mut(&mut value.storage) {
            return change(buffer);
        }
        crate::memory::count_copy(value.storage.bytes().len());
        let mut buffer = value.packed();
        change(&mut buffer);
        *value = Tensor::from_buffer(buffer, value.shape());
    }
}

impl Clone for Param {
    /// A new parameter with an equal value: its own identity, its own buffer.
    fn clone(&self) -> Self {
        let value = self.value();
        Param::new(Tensor::from_buffer(value.packed(), value.shape()))
    }
}

impl std::fmt::Debug for Param {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Param({} {:?})", self.dtype(), self.shape())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_is_per_construction_and_per_clone() {
        let a = Param::new(Tensor::scalar(1.0f32));
        assert_eq!(a.id(), a.tied().id());
        assert_ne!(a.id(), a.clone().id());
        assert_ne!(a.id(), Param::new(Tensor::scalar(1.0f32)).id());
    }

    #[test]
    fn update_is_in_place_unless_somebody_looks() {
        let a = Param::new(Tensor::scalar(1.0f32));
        let place = a.value().storage.bytes().as_ptr();
        a.update(|b| b.slice_mut::<f32>()[0] = 2.0);
        assert_eq!((a.value().item(), a.value().storage.bytes().as_ptr()), (2.0, place));
        let held = a.value();
        a.update(|b| b.slice_mut::<f32>()[0] = 3.0);
        assert_eq!((held.item(), a.value().item()), (2.0, 3.0));
    }
}
