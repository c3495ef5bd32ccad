//! The state of a parameter belongs to that parameter, although a checkpoint stores it by name.

use super::row;
use gradus_engine::nn::Linear;
use gradus_engine::optim::{AverageConfig, Optimizer, OptimizerConfig, Rule, WeightAverage};
use gradus_engine::{Module, Param, Rng, Visitor};

fn step(optimizer: &mut Optimizer, model: &Linear) -> Vec<f32> {
    let loss = model.forward(&row(&[1.0, -2.0, 0.5]).reshape([1, 3])).square().sum_all();
    optimizer.step(model, &loss.backward());
    model.weight.value().to_vec()
}

fn adam() -> Optimizer {
    Optimizer::new(OptimizerConfig::new(Rule::adam(), 1e-2))
}

fn model(seed: u64) -> Linear {
    Linear::new(3, 2, &mut Rng::new(seed))
}

#[test]
#[should_panic(
    expected = "optimizer: two parameters have the name \"weight\", one of shape [2, 3] and now one of shape \
    [2, 3]; give each model its own optimizer, or make both parts of one model"
)]
fn two_models_of_equal_names_do_not_share_moments() {
    let (mut optimizer, first, second) = (adam(), model(1), model(2));
    step(&mut optimizer, &first);
    step(&mut optimizer, &second);
}

/// Two parts with one name, of which a checkpoint could hold only one.
struct Twice(Param, Param);

impl Module for Twice {
    fn visit(&self, v: &mut Visitor) {
        v.param("weight", &self.0);
        v.param("weight", &self.1);
    }
}

#[test]
#[should_panic(
    expected = "optimizer: two parameters have the name \"weight\", one of shape [2] and now one of shape [3]"
)]
fn nor_do_two_parameters_of_one_model() {
    let twice = Twice(Param::new(row(&[1.0, 2.0])), Param::new(row(&[1.0, 2.0, 3.0])));
    let loss = twice.0.tensor().sum_all() + twice.1.tensor().sum_all();
    adam().step(&twice, &loss.backward());
}

#[test]
#[should_panic(expected = "average: two parameters have the name \"weight\"")]
fn nor_do_averages() {
    let mut average = WeightAverage::new(AverageConfig { decay: 0.9, warmup: false });
    average.update(&model(1));
    let (first, second) = (model(1), model(2));
    average.update(&first);
    average.update(&second);
}

/// Tied parameters count as one, and a loaded state continues with the model that it is loaded for.
#[test]
fn a_model_in_the_place_of_another_goes_on_with_its_state() {
    let tied = Param::new(row(&[1.0, 2.0]));
    let twice = Twice(tied.tied(), tied);
    let mut optimizer = adam();
    optimizer.step(&twice, &twice.0.tensor().square().sum_all().backward());

    let (mut optimizer, first) = (adam(), model(1));
    step(&mut optimizer, &first);
    let (tensors, numbers) = optimizer.state();
    let weights = [first.weight.value(), first.bias.as_ref().expect("it has a bias").value()];
    let weights = weights.map(|w| (w.to_vec::<f32>(), w.shape()));
    let expected = step(&mut optimizer, &first);
    // The first model still exists; the second has its weights, and an optimizer with its state, of that moment.
    let second = model(2);
    let params = [&second.weight, second.bias.as_ref().expect("it has a bias")];
    for (param, (numbers, shape)) in params.into_iter().zip(&weights) {
        param.set(&gradus_engine::Tensor::from_slice(numbers, *shape));
    }
    optimizer.load_state(&second, tensors, &numbers).expect("it is of a model like this");
    assert_eq!(step(&mut optimizer, &second), expected);
    // Once a model is dropped, its successor continues with its moments.
    drop(second);
    step(&mut optimizer, &first);
    assert_eq!(optimizer.state().1["steps"]["weight"], 3);
}
