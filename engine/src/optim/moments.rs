//! The moments that an optimizer keeps for one parameter. This comment also explains deferred steps for all files that handle
//! them: `param.rs`, `optim/{optimizer,config,apply}.rs`, and `optimizer/replay.rs` in the kernels.
//!
//! # Deferred steps
//!
//! **Why.** A batch reads a few hundred rows of an embedding table of perhaps 100,000. The gradient of all other rows is 0,
//! but most rules change them nevertheless: Adam's moments decay, and they move a row for many steps after its last gradient.
//! If this were done immediately, each training step would read and write the whole table and its moments, which can take
//! longer than the model itself.
//!
//! **What is deferred.** A step changes only the rows that have a gradient. For the others this step, with gradient 0, is
//! *deferred*: the optimizer appends the step's learning rate, weight decay and t to the list [`Moments::deferred`], and
//! [`Moments::done`] counts for each row how many entries of the list it has already taken. A row with a gradient first takes
//! its deferred steps, then the step with its gradient ([`Moments::step`]).
//!
//! **What is not deferred.** A step is taken for all rows at once if the gradient covers the whole table (a penalty in the
//! loss, a table that is also the output layer) or half of its rows; if the table is small; under `Optimizer::dense`; with
//! weight decay in the gradient, which is then not 0; and with a learning rate that is negative or not finite
//! ([`ZeroGrad::Immediate`]). If a zero gradient changes nothing, as in SGD without momentum, rows without a gradient skip the
//! step ([`ZeroGrad::NoChange`]).
//!
//! **When rows catch up.** Before they can be read. The parameter holds a handle to the moments as long as rows have deferred
//! steps: [`Param::tensor_for_rows`] makes the rows that are about to be read catch up, and everything else that reads or
//! replaces the value ([`Param::value`], `tensor`, `set`, `move_to`, `convert`, a clone) makes all rows catch up. So do a
//! checkpoint (`Optimizer::state`), a step that is not deferred, a step by another optimizer, and a list of [`MAX_DEFERRED`]
//! steps, which bounds its memory. The lock of a parameter is always taken before the lock of its moments.
//!
//! **Why the bits are the same.** All rules are elementwise: the result of a step depends on the element, its moments, its
//! gradient and the step's learning rate, weight decay and t, not on other rows and not on when it is computed. The list holds
//! these values as they were. The kernel `replay` takes a row's steps in order, with the arithmetic of the kernel for whole
//! tables, but keeps the row in registers between steps. `lazy_tests.rs` compares the bits.

use super::Rule;
use super::apply::{Taken, apply, apply_all, replay, whole};
use super::config::ZeroGrad;
use crate::param::WeakParam;
use crate::{Device, Grad, Param, Tensor};
use gradus_kernels::Src;
use gradus_kernels::memory::Buffer;
use gradus_kernels::optimizer::{Owed, Whole};
use std::sync::{Arc, Mutex, MutexGuard};

/// The number of elements below which steps of a table are not deferred: it fits the cache.
const SMALL: usize = 16 * 1024;
/// The number of deferred steps at which all rows catch up.
const MAX_DEFERRED: usize = 1024;

/// The number of steps so far, and the moments. Rows of a table may not have taken all of these steps yet.
#[derive(Debug)]
pub(crate) struct Moments {
    rule: Rule,
    pub(super) steps: u64,
    pub(super) buffers: Vec<Buffer>,
    /// Steps that some row has not taken yet, in order. The parameter holds a handle to them as long as there are any.
    deferred: Vec<Taken>,
    /// How many of these each row has already taken.
    done: Vec<u32>,
    /// The parameter whose rows have deferred steps.
    of: Option<WeakParam>,
}

/// The moments, also after a panic elsewhere.
pub(crate) fn lock(moments: &Mutex<Moments>) -> MutexGuard<'_, Moments> {
    moments.lock().unwrap_or_else(|e| e.into_inner())
}

/// Makes all rows catch up.
pub(super) fn settle(moments: &Mutex<Moments>) {
    let of = match &*lock(moments) {
        nothing if nothing.deferred.is_empty() => return,
        moments => moments.of.clone(),
    };
    match of.and_then(|of| of.upgrade()) {
        // Parameters are locked before moments.
        Some(param) => drop(param.value()),
        // The parameter is gone; moments do not depend on it.
        None => {
            let mut moments = lock(moments);
            if let Some(first) = moments.buffers.first() {
                let mut p = Buffer::zeros(first.kind(), first.len());
                moments.settle(&mut p);
            }
        }
    }
}

/// One step of several parameters on a CUDA device, with gradients of all their elements: one launch for all parameters with
/// equal learning rate, weight decay and t. None of their rows may have deferred steps.
pub(super) fn step_all(rule: Rule, all: Vec<(&mut Moments, &mut Buffer)>, gradients: &[(Tensor, Taken)]) {
    let mut alike: Vec<(Taken, Device, Vec<Whole>)> = vec![];
    for ((moments, p), (gradient, taken)) in all.into_iter().zip(gradients) {
        let device = p.device();
        let step = moments.begin(device, |t| Taken { t, ..*taken });
        let whole = whole(rule, p, gradient.src(), &mut moments.buffers);
        match alike.iter_mut().find(|(other, on, _)| (*other, *on) == (step, device)) {
            Some((.., alike)) => alike.push(whole),
            None => alike.push((step, device, vec![whole])),
        }
    }
    for (step, _, alike) in alike {
        apply_all(rule, step, alike);
    }
}

impl Moments {
    /// The moments before the first step.
    pub(super) fn new(rule: Rule, param: &Param) -> Arc<Mutex<Self>> {
        let zeros = || Buffer::zeros(param.kind(), param.count());
        Self::loaded(rule, 0, rule.state_names().iter().map(|_| zeros()).collect())
    }

    /// The moments after some steps.
    pub(super) fn loaded(rule: Rule, steps: u64, buffers: Vec<Buffer>) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Moments { rule, steps, buffers, deferred: vec![], done: vec![], of: None }))
    }

    /// Whether no parameter but this one has deferred steps.
    pub(super) fn are_of(&self, param: &Param) -> bool {
        self.of.as_ref().is_none_or(|of| of.upgrade().is_some_and(|of| of.id() == param.id()))
    }

    /// One step; returns whether rows have deferred steps after it.
    pub(super) fn step(
        &mut self,
        param: &Param,
        p: &mut Buffer,
        gradient: &Grad,
        dense: bool,
        taken: impl FnOnce(u64) -> Taken,
    ) -> bool {
        let step = self.begin(p.device(), taken);
        let zero_grad = self.rule.zero_grad(step.lr, step.weight_decay);
        let few = match gradient {
            Grad::Rows(rows) if !dense && p.len() >= SMALL && 2 * rows.ids.count() < rows.rows => Some(rows),
            _ => None,
        };
        let (Some(rows), ZeroGrad::NoChange | ZeroGrad::Deferrable) = (few, zero_grad) else {
            self.settle(p);
            apply(self.rule, step, p, gradient, &mut self.buffers);
            return false;
        };
        let (ids, values) = (rows.ids.to_vec::<i64>(), rows.values.contiguous());
        let later = zero_grad == ZeroGrad::Deferrable;
        if !later || self.deferred.len() >= MAX_DEFERRED {
            self.settle(p);
        }
        if self.deferred.is_empty() {
            self.done.clear();
            self.done.resize(rows.rows, 0);
        }
        self.deferred.push(step);
        self.take(p, &ids, Some(values.src()));
        if later {
            self.of = Some(param.downgrade());
        } else {
            self.forget();
        }
        later
    }

    /// Counts a step of a parameter on this device, and moves the moments to that device.
    fn begin(&mut self, device: Device, taken: impl FnOnce(u64) -> Taken) -> Taken {
        // Moments that were read from a file are in host memory.
        for buffer in self.buffers.iter_mut().filter(|buffer| buffer.device() != device) {
            *buffer = buffer.to_device(device);
        }
        self.steps += 1;
        taken(self.steps)
    }

    /// All rows take their deferred steps.
    pub(crate) fn settle(&mut self, p: &mut Buffer) {
        let ids = self.behind(0..self.done.len() as i64);
        self.take(p, &ids, None);
        self.forget();
    }

    /// These rows, ascending and distinct, take their deferred steps.
    pub(crate) fn settle_rows(&mut self, p: &mut Buffer, ids: &[i64]) {
        self.take(p, ids, None);
    }

    /// The rows among these that have deferred steps.
    pub(crate) fn behind(&self, ids: impl Iterator<Item = i64>) -> Vec<i64> {
        let behind =
            |&id: &i64| self.done.get(id as usize).is_some_and(|&n| (n as usize) < self.deferred.len());
        ids.filter(behind).collect()
    }

    /// [`behind`](Moments::behind) for the rows whose ids are in a tensor; the result is ascending and distinct.
    pub(crate) fn behind_of(&self, ids: &Tensor) -> Vec<i64> {
        let mut ids = self.behind(ids.contiguous().elements::<i64>().iter().copied());
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn take(&mut self, p: &mut Buffer, ids: &[i64], last: Option<Src>) {
        let Some(first) = ids.iter().map(|&id| self.done[id as usize]).min() else { return };
        let from: Vec<u32> = ids.iter().map(|&id| self.done[id as usize] - first).collect();
        let rows = Owed { ids, from: &from, width: p.len() / self.done.len(), last };
        replay(self.rule, &self.deferred[first as usize..], rows, p, &mut self.buffers);
        let all = self.deferred.len() as u32;
        ids.iter().for_each(|&id| self.done[id as usize] = all);
    }

    fn forget(&mut self) {
        self.deferred.clear();
        self.done.clear();
        self.of = None;
    }
}
