//! Rows that take deferred steps have the same bits as rows of a table that each step updates as a whole.

use super::*;
use crate::losses::l2;
use crate::nn::Embedding;
use crate::{DType, Gradients, Module, Param, Rng, Tensor, Visitor};
use gradus_kernels::philox::Stream;

const ROWS: usize = 640;
const WIDTH: usize = 27;

struct Model(Embedding, Param);

impl Module for Model {
    fn visit(&self, v: &mut Visitor) {
        v.module("words", &self.0);
        v.param("scale", &self.1);
    }
}

fn model() -> Model {
    let scale = Param::new(Tensor::from_slice(&[0.5f32; WIDTH], [WIDTH]));
    Model(Embedding::new(ROWS, WIDTH, 1.0, &mut Rng::new(4)), scale)
}

/// Nine ids of words, small ones more often: ⌊ROWS uᵏ⌋.
fn ids(t: u64) -> Tensor {
    let s = Stream { seed: 5, stream: t };
    let ids: Vec<i64> = (0..9).map(|i| (ROWS as f32 * s.uniform(i).powi(4)) as i64).collect();
    Tensor::from_slice(&ids, [3, 3])
}

fn gradients(model: &Model, t: u64) -> Gradients {
    let mut loss = (model.0.forward(&ids(t)) * model.1.tensor()).square().mean_all();
    // Two lookups in one table in one graph, and sometimes a gradient of the whole table.
    loss = loss + model.0.forward(&ids(t + 7)).sum_all();
    if t % 331 == 330 {
        loss = loss + model.0.weight.tensor().square().sum_all();
    }
    let mut gradients = loss.backward();
    gradients.clip_norm(0.7);
    gradients
}

fn rules() -> Vec<(Rule, f64)> {
    vec![
        (Rule::sgd(0.0), 0.0),
        (Rule::sgd(0.9), 0.0),
        (Rule::Sgd { momentum: 0.8, dampening: 0.0, nesterov: true }, 0.0),
        (Rule::adagrad(), 0.0),
        (Rule::rmsprop(), 0.0),
        (Rule::RmsProp { alpha: 0.9, eps: 1e-6, momentum: 0.7, centered: true }, 0.0),
        (Rule::adam(), 0.0),
        (Rule::adam(), 0.01),
        (Rule::Adam { beta1: 0.9, beta2: 0.99, eps: 0.0 }, 0.0),
        (Rule::adamw(), 0.01),
        (Rule::radam(), 0.0),
    ]
}

/// The bits, without the sign of a NaN, which depends on the processor.
fn bits(t: &Tensor) -> Vec<u32> {
    let canonical = |x: f32| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() };
    t.to_vec::<f32>().into_iter().map(canonical).collect()
}

fn state_bits(optimizer: &Optimizer) -> Vec<(String, Vec<u32>)> {
    optimizer.state().0.into_iter().map(|(name, t)| (name, bits(&t))).collect()
}

#[test]
fn rows_that_catch_up_have_the_bits_of_tables_that_are_swept() {
    for (rule, weight_decay) in rules() {
        let config = OptimizerConfig { weight_decay, ..OptimizerConfig::new(rule, 1e-2) };
        let (one, two) = (model(), model());
        let mut lazy = Optimizer::new(config);
        let mut dense = Optimizer::new(config).dense();
        for t in 0..2000 {
            for (model, optimizer) in [(&one, &mut lazy), (&two, &mut dense)] {
                optimizer.set_lr_factor(1.0 / (1.0 + t as f64 / 100.0));
                optimizer.step(model, &gradients(model, t));
            }
            if t % 457 == 456 {
                assert_eq!(bits(&one.0.weight.value()), bits(&two.0.weight.value()), "{rule:?}, step {t}");
            }
            if t % 613 == 612 {
                assert_eq!(state_bits(&lazy), state_bits(&dense), "{rule:?}, step {t}");
                let (tensors, numbers) = lazy.state();
                lazy = Optimizer::new(config);
                lazy.load_state(&one, tensors, &numbers).unwrap();
            }
        }
        assert_eq!(bits(&one.0.weight.value()), bits(&two.0.weight.value()), "{rule:?}");
        assert_eq!(state_bits(&lazy), state_bits(&dense), "{rule:?}");
    }
}

/// Asserts that `act` gives equal parameters and state with an optimizer that defers steps and with one that does not.
fn same(act: impl Fn(&Model, &mut Optimizer, &dyn Fn(Optimizer) -> Optimizer)) {
    let run = |kind: &dyn Fn(Optimizer) -> Optimizer| {
        let (model, mut optimizer) =
            (model(), kind(Optimizer::new(OptimizerConfig::new(Rule::adam(), 1e-2))));
        (0..20).for_each(|t| optimizer.step(&model, &gradients(&model, t)));
        act(&model, &mut optimizer, kind);
        (0..20).for_each(|t| optimizer.step(&model, &gradients(&model, t)));
        (state_bits(&optimizer), bits(&model.0.weight.value()))
    };
    assert!(run(&|o| o) == run(&Optimizer::dense));
}

#[test]
fn everything_that_can_happen_to_a_table_with_deferred_steps() {
    let other = || OptimizerConfig::new(Rule::adamw(), 1e-3);
    // The value is replaced; the moments are kept.
    same(|model, _, _| model.0.weight.set(&Tensor::ones([ROWS, WIDTH], DType::F32)));
    // Another optimizer takes a step, then the first one again.
    same(|model, _, kind| {
        let mut second = kind(Optimizer::new(other()));
        (0..5).for_each(|t| second.step(model, &gradients(model, t)));
    });
    // The optimizer is dropped.
    same(|model, optimizer, kind| {
        *optimizer = kind(Optimizer::new(other()));
        assert!(model.0.weight.value().to_vec::<f32>().iter().all(|x| x.is_finite()));
    });
    // The model is dropped, and another one with the same names continues.
    same(|_, _, kind| {
        let mut optimizer = kind(Optimizer::new(other()));
        let first = model();
        (0..5).for_each(|t| optimizer.step(&first, &gradients(&first, t)));
        drop(first);
        assert!(!state_bits(&optimizer).is_empty());
        let second = model();
        (0..5).for_each(|t| optimizer.step(&second, &gradients(&second, t)));
        assert_eq!(optimizer.state().1["steps"]["words.weight"], 10);
    });
    // A clone, and an older state of the optimizer.
    same(|model, optimizer, _| {
        let (tensors, numbers) = optimizer.state();
        let before = bits(&model.0.weight.clone().value());
        assert_eq!(before, bits(&model.0.weight.value()));
        (0..5).for_each(|t| optimizer.step(model, &gradients(model, t)));
        optimizer.load_state(model, tensors, &numbers).unwrap();
    });
    // A penalty on the whole table.
    same(|model, optimizer, _| optimizer.step(model, &l2(&[model.0.weight.tied()]).backward()));
}

#[test]
fn rows_wait_and_lookups_do_not_copy() {
    let (model, mut optimizer) = (model(), Optimizer::new(OptimizerConfig::new(Rule::adamw(), 1e-2)));
    let place = model.0.weight.value().storage.bytes().as_ptr();
    for t in 0..30 {
        optimizer.step(&model, &gradients(&model, t.min(1)));
    }
    let stale = model.0.weight.tensor_for_rows(&ids(0)).detach();
    assert_eq!(stale.storage.bytes().as_ptr(), place, "no step and no lookup made a copy");
    let stale = bits(&stale);
    let fresh = bits(&model.0.weight.value());
    assert!(stale != fresh, "AdamW shrinks rows without a gradient, in a deferred step");
    for id in ids(0).to_vec::<i64>() {
        let row = id as usize * WIDTH..(id as usize + 1) * WIDTH;
        assert_eq!(stale[row.clone()], fresh[row]);
    }
}

#[test]
fn no_row_stays_behind_for_ever() {
    let config = OptimizerConfig { weight_decay: 0.01, ..OptimizerConfig::new(Rule::adamw(), 1e-2) };
    let (one, two) = (model(), model());
    let (mut lazy, mut dense) = (Optimizer::new(config), Optimizer::new(config).dense());
    let few = |t: u64| Tensor::from_slice(&[t as i64 % 5, 7], [2]);
    let last = |table: Tensor| bits(&table)[(ROWS - 1) * WIDTH..].to_vec();
    let start = last(two.0.weight.value());
    let mut after_1024 = vec![];
    for t in 0..1100 {
        for (model, optimizer) in [(&one, &mut lazy), (&two, &mut dense)] {
            optimizer.step(model, &model.0.forward(&few(t)).square().sum_all().backward());
        }
        if t == 1023 {
            after_1024 = last(two.0.weight.value());
            let waits = last(one.0.weight.tensor_for_rows(&few(0)).detach());
            assert_eq!(waits, start, "the last row was never read");
        }
    }
    let stale = last(one.0.weight.tensor_for_rows(&few(0)).detach());
    assert_eq!(stale, after_1024, "the list of steps is full");
    assert_eq!(bits(&one.0.weight.value()), bits(&two.0.weight.value()));
    assert_eq!(state_bits(&lazy), state_bits(&dense));
}
