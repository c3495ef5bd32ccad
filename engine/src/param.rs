use crate::graph::Edge;
use crate::optim::{Moments, lock};
use crate::{DType, Device, Int8Rows, Int8Weight, Kind, Shape, Tensor};
use gradus_kernels::memory::Buffer;
use std::sync::{Arc, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

/// The identity of a parameter in this process: unique per construction and per clone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId(pub(crate) u64);

/// A tensor that training changes.
///
/// [`tensor`](Param::tensor) is its value as a leaf of the graph. The leaf holds no buffer, so once a
/// graph is consumed the optimizer is the buffer's only user and changes it in place.
///
/// Rows of a table may have steps of the [`Optimizer`](crate::optim::Optimizer) that they have not taken yet; they are taken
/// before the rows are read. The head of `optim/moments.rs` explains these deferred steps.
///
/// A weight may also be there in int8 ([`set_int8`](Param::set_int8)), for inference; it is lost when the value changes.
pub struct Param(Arc<Inner>);

struct Inner {
    leaf: Edge,
    held: RwLock<Held>,
}

/// The value and, while some rows have not taken all of their steps, the moments that hold these steps.
struct Held {
    value: Tensor,
    deferred: Option<Arc<Mutex<Moments>>>,
    /// The value in int8, of which `value` is the expanded form.
    int8: Option<Arc<Int8Weight>>,
}

/// A parameter that is dropped when its model is.
#[derive(Clone)]
pub(crate) struct WeakParam(Weak<Inner>);

/// The parameter that owns what is stored under a name: none before the first one claims it, and after it is dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owner(Option<WeakParam>);

impl Owner {
    /// Makes this parameter the owner; panics if there is another one, because two that share a name would share what is stored.
    #[track_caller]
    pub(crate) fn claim(&mut self, what: &str, name: &str, param: &Param) {
        let other = self.0.as_ref().and_then(WeakParam::upgrade).filter(|owner| owner.id() != param.id());
        if let Some(other) = other {
            let (old, new) = (other.shape(), param.shape());
            panic!(
                "{what}: two parameters have the name {name:?}, one of shape {old:?} and now one of shape {new:?}; give each \
                model its own {what}, or make both parts of one model"
            );
        }
        if self.0.as_ref().is_none_or(|owner| owner.upgrade().is_none()) {
            self.0 = Some(param.downgrade());
        }
    }
}

impl Param {
    /// A parameter with this value.
    pub fn new(value: Tensor) -> Self {
        let held = Held { value: whole(&value), deferred: None, int8: None };
        Param(Arc::new(Inner { leaf: Edge::leaf(), held: RwLock::new(held) }))
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
        let held = self.read();
        if held.deferred.is_none() {
            return held.value.clone();
        }
        drop(held);
        let mut held = self.write();
        held.settle();
        held.value.clone()
    }

    /// The value of a table [V, D] as a leaf of the graph, for reading the rows `ids` (`i64`, any shape) alone.
    ///
    /// Other rows may be older than the last step; see [`Optimizer`](crate::optim::Optimizer).
    pub fn tensor_for_rows(&self, ids: &Tensor) -> Tensor {
        if ids.dtype() != DType::I64 {
            return self.tensor();
        }
        let mut held = self.read();
        let behind = |moments: &Arc<Mutex<Moments>>| !lock(moments).behind_of(ids).is_empty();
        if held.deferred.as_ref().is_some_and(behind) {
            drop(held);
            self.write().settle_rows(ids);
            held = self.read();
        }
        Tensor { edge: Some(self.0.leaf.clone()), ..held.value.clone() }
    }

    fn read(&self) -> RwLockReadGuard<'_, Held> {
        self.0.held.read().unwrap_or_else(|e| e.into_inner())
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.0.held.write().unwrap_or_else(|e| e.into_inner())
    }

    /// The shape.
    pub fn shape(&self) -> Shape {
        self.read().value.shape()
    }

    /// The number of elements.
    pub fn count(&self) -> usize {
        self.shape().count()
    }

    /// The dtype.
    pub fn dtype(&self) -> DType {
        self.read().value.dtype()
    }

    /// Replaces the value, on the parameter's device; panics if shape or dtype differ.
    #[track_caller]
    pub fn set(&self, value: &Tensor) {
        self.adopt(Tensor::from_buffer(value.packed(), value.shape()));
    }

    /// Like [`set`](Param::set), without a copy if the value is a whole buffer: the next step copies it if the
    /// buffer then has another user.
    #[track_caller]
    pub(crate) fn adopt(&self, value: Tensor) {
        assert_eq!(self.shape(), value.shape(), "set: a parameter keeps its shape");
        assert_eq!(self.dtype(), value.dtype(), "set: a parameter keeps its dtype");
        let value = whole(&value.to_device(self.kind().device));
        let mut held = self.write();
        // The moments are not replaced, so they need the deferred steps.
        held.settle();
        held.value = value;
        held.int8 = None;
    }

    /// Replaces the value by one in int8, expanded to `f32`. Layers whose products have a kernel for int8 run it in inference
    /// ([`Linear`](crate::nn::Linear), [`Lstm`](crate::nn::Lstm)), everything else reads the expanded value.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn set_int8(&self, rows: &Int8Rows) {
        self.adopt(rows.expanded().to_dtype(self.dtype()));
        self.keep_int8(Int8Weight::pack(rows));
    }

    /// Sets the int8 of which the value, in `f32`, already is the expanded form; other values have none.
    pub(crate) fn keep_int8(&self, packed: Option<Int8Weight>) {
        let kind = self.kind();
        let packed = packed.filter(|_| kind.dtype == DType::F32);
        self.write().int8 = packed.map(|packed| Arc::new(packed.to_device(kind.device)));
    }

    /// The value in int8, as a layer reads it; none if it was not set so, or has changed.
    pub fn int8(&self) -> Option<Arc<Int8Weight>> {
        self.read().int8.clone()
    }

    /// The dtype and the device.
    pub fn kind(&self) -> Kind {
        self.read().value.kind()
    }

    /// Moves the value to another device.
    pub fn move_to(&self, device: Device) {
        let mut held = self.write();
        held.settle();
        held.value = held.value.to_device(device);
        held.int8 = held.int8.take().map(|int8| Arc::new(int8.to_device(device)));
    }

    /// Converts the value to another dtype.
    pub fn convert(&self, dtype: DType) {
        let mut held = self.write();
        held.settle();
        held.value = held.value.to_dtype(dtype);
        held.int8.take_if(|int8| int8.kind().dtype != dtype);
    }

    /// Lets `step` change moments and value; it returns whether rows of the value have deferred steps.
    pub(crate) fn step(
        &self,
        moments: &Arc<Mutex<Moments>>,
        step: impl FnOnce(&mut Moments, &mut Buffer) -> bool,
    ) {
        let mut held = self.write();
        if held.deferred.as_ref().is_some_and(|other| !Arc::ptr_eq(other, moments)) {
            held.settle();
        }
        let deferred = step(&mut lock(moments), held.own());
        held.deferred = deferred.then(|| moments.clone());
    }

    /// Lets `step` change the moments and values of several parameters at the same time. Each is in the list once; none has
    /// deferred steps before and after it.
    ///
    /// Locks on several parameters are taken in the order of their identities, so that no thread waits for ever.
    pub(crate) fn step_all(
        all: &[(Param, Arc<Mutex<Moments>>)],
        step: impl FnOnce(Vec<(&mut Moments, &mut Buffer)>),
    ) {
        assert!(all.is_sorted_by(|(a, _), (b, _)| a.id() < b.id()), "step: parameters out of order");
        let mut held: Vec<_> = all.iter().map(|(param, _)| param.write()).collect();
        held.iter_mut().for_each(|held| held.settle());
        let mut moments: Vec<_> = all.iter().map(|(_, moments)| lock(moments)).collect();
        let moments = moments.iter_mut().map(|moments| &mut **moments);
        step(moments.zip(held.iter_mut().map(|held| held.own())).collect());
    }

    /// The same parameter, not kept alive.
    pub(crate) fn downgrade(&self) -> WeakParam {
        WeakParam(Arc::downgrade(&self.0))
    }
}

/// The same elements without the graph, in a buffer that holds nothing else; copied if they are part of a larger buffer. A
/// step changes whole buffers.
fn whole(value: &Tensor) -> Tensor {
    match value.count() == value.storage.len() && value.layout.is_contiguous() {
        true => value.detach(),
        false => Tensor::from_buffer(value.packed(), value.shape()),
    }
}

impl WeakParam {
    /// The parameter, unless it was dropped.
    pub(crate) fn upgrade(&self) -> Option<Param> {
        self.0.upgrade().map(Param)
    }
}

impl std::fmt::Debug for WeakParam {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WeakParam({:?})", self.upgrade())
    }
}

impl Held {
    /// All rows take their deferred steps.
    fn settle(&mut self) {
        if let Some(moments) = self.deferred.take() {
            let p = self.own();
            lock(&moments).settle(p);
        }
    }

    /// These rows take their deferred steps.
    fn settle_rows(&mut self, ids: &Tensor) {
        let Some(moments) = self.deferred.clone() else { return };
        let mut moments = lock(&moments);
        let ids = moments.behind_of(ids);
        if !ids.is_empty() {
            moments.settle_rows(self.own(), &ids);
        }
    }

    /// The buffer, to be written. If something else holds it, a copy replaces it first, which the
    /// [memory report](crate::memory) counts.
    fn own(&mut self) -> &mut Buffer {
        self.int8 = None;
        let value = &mut self.value;
        if Arc::get_mut(&mut value.storage).is_none() {
            crate::memory::count_copy(value.storage.size());
            *value = Tensor::from_buffer(value.packed(), value.shape());
        }
        Arc::get_mut(&mut value.storage).expect("a copy has one user")
    }
}

impl Clone for Param {
    /// A new parameter with an equal value, also in int8: its own identity, its own buffer.
    fn clone(&self) -> Self {
        let value = self.value();
        let clone = Param::new(Tensor::from_buffer(value.packed(), value.shape()));
        clone.write().int8 = self.int8();
        clone
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
        a.write().own().slice_mut::<f32>()[0] = 2.0;
        assert_eq!((a.value().item(), a.value().storage.bytes().as_ptr()), (2.0, place));
        let held = a.value();
        a.write().own().slice_mut::<f32>()[0] = 3.0;
        assert_eq!((held.item(), a.value().item()), (2.0, 3.0));
    }

    #[test]
    fn a_value_in_int8_is_lost_when_the_value_changes() {
        let w = Int8Rows::quantize(&Tensor::from_slice(&[1.0f32, -3.0, 2.0, 0.4], [2, 2]));
        let a = Param::new(Tensor::zeros([2, 2], DType::F32));
        let set = || {
            a.set_int8(&w);
            assert!(a.int8().is_some() && a.clone().int8().is_some());
            assert_eq!(a.value().to_f64(), w.expanded().to_f64());
        };
        let changes: [&dyn Fn(); 3] = [
            &|| a.set(&Tensor::zeros([2, 2], DType::F32)),
            &|| a.write().own().slice_mut::<f32>()[0] = 2.0,
            &|| a.convert(DType::F64),
        ];
        for change in changes {
            set();
            change();
            assert!(a.int8().is_none());
        }
    }

    #[test]
    fn a_part_of_a_buffer_is_copied() {
        let whole = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [4]);
        let a = Param::new(whole.narrow(0, 1, 2));
        assert_eq!((a.value().to_f64(), a.value().storage.len()), (vec![2.0, 3.0], 2));
    }

    #[test]
    fn adopting_shares_a_whole_buffer_and_copies_a_part() {
        let a = Param::new(Tensor::zeros([2], DType::F32));
        let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [2, 2]);
        a.adopt(x.at(0, 1));
        assert_eq!((a.value().to_f64(), a.value().storage.len()), (vec![3.0, 4.0], 2));
        let whole = x.reshape([4]);
        let a = Param::new(Tensor::zeros([4], DType::F32));
        a.adopt(whole.clone());
        assert_eq!(a.value().storage.bytes().as_ptr(), x.storage.bytes().as_ptr());
        a.write().own().slice_mut::<f32>()[0] = 9.0;
        assert_eq!((whole.to_f64()[0], a.value().to_f64()[0]), (1.0, 9.0));
    }
}
