//! Methods against closed forms, and on models of which we know what they read.

use super::explained::{gradients, scores_with};
use super::*;
use gradus_engine::{DType, Mode, Rng, Tensor};
use gradus_models::{BiLstm, BiLstmConfig, CharacterModel, Classifier, DataSizes, Embeds, Words};
use std::ops::Range;

/// A function of the vectors of some words, with attention maps.
struct Toy<F> {
    tokens: Vec<String>,
    x: Tensor,
    baseline: Tensor,
    score: F,
    layers: Vec<Tensor>,
}

impl<F: Fn(&Tensor) -> Tensor> Explained for Toy<F> {
    fn what(&self) -> String {
        "label toy".into()
    }

    fn tokens(&self) -> &[String] {
        &self.tokens
    }

    fn parts(&self) -> Vec<(&'static str, Range<usize>)> {
        vec![]
    }

    fn vectors(&self) -> Tensor {
        self.x.clone()
    }

    fn baseline(&self) -> Tensor {
        self.baseline.clone()
    }

    fn score(&self, x: &Tensor) -> Tensor {
        (self.score)(x)
    }

    fn attention(&self) -> Vec<AttentionMap> {
        AttentionMap::of_layers(self.layers.clone())
    }

    fn reads_from(&self) -> Vec<f64> {
        vec![1.0 / self.tokens.len() as f64; self.tokens.len()]
    }
}

/// T words of width D with random vectors.
fn toy<F: Fn(&Tensor) -> Tensor>(t: usize, d: usize, score: F) -> Toy<F> {
    let mut rng = Rng::new(t as u64);
    let mut draw = || Tensor::normal([t, d], 0.0, 1.0, &mut rng).to_dtype(DType::F64);
    let tokens = (0..t).map(|i| format!("w{i}")).collect();
    Toy { tokens, x: draw(), baseline: draw(), score, layers: vec![] }
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    let close =
        found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= tolerance);
    assert!(close, "{found:?}, expected {expected:?}");
}

/// F = Σ_t w · x_t + b: gradient × input is w · x_t, the others w · (x_t − x′_t).
#[test]
fn a_linear_bag_of_words_has_its_closed_form() {
    let w = Tensor::from_slice(&[0.5f64, -1.0, 2.0], [3]);
    let subject = toy(5, 3, |x: &Tensor| (x * &w).sum(&[1, 2]) + 0.7);
    let of_words = |vectors: &Tensor| -> Vec<f64> { (vectors * &w).sum(&[-1]).to_f64() };
    let input = of_words(&subject.x);
    let change: Vec<f64> = input.iter().zip(of_words(&subject.baseline)).map(|(a, b)| a - b).collect();
    assert_close(&gradient_input::attributions(&subject), &input, 1e-12);
    assert_close(&occlusion::attributions(&subject), &change, 1e-12);
    let integrated = integrated::attributions(&subject);
    assert_close(&integrated.values, &change, 1e-12);
    assert!(integrated.complete && integrated.steps == 32 && integrated.gap < 1e-12);
    let found = explain(&subject, &[]).unwrap();
    assert_eq!(found.attributions.len(), 3);
    let (a, b, rho) = found.agreement[2];
    assert_eq!(
        (a, b, rho.map(|rho| (rho * 1e9).round() / 1e9)),
        (Method::Integrated, Method::Occlusion, Some(1.0))
    );
}

/// Σ a = F(x) − F(x′) to 1 %, where 32 steps are enough, where they are not, and where no number is.
#[test]
fn integrated_gradients_are_complete_or_say_what_they_reached() {
    let smooth = toy(4, 3, |x: &Tensor| x.tanh().sum(&[1, 2]).square());
    // α, the place on the path, as a function of the vectors.
    let [first, last] = [&smooth.baseline, &smooth.x].map(|vectors| vectors.sum_all().item());
    let along = |x: &Tensor| (x.sum(&[1, 2]) - first) * (1.0 / (last - first));
    // A step that is a hundredth of the path wide.
    let steep = toy(4, 3, |x: &Tensor| ((along(x) - 0.5) * 1000.0).sigmoid());
    let check = |subject: &dyn Explained| {
        let found = integrated::attributions(subject);
        let t = subject.tokens().len();
        let ends = scores_with(subject, &[vec![true; t], vec![false; t]]);
        let gap = (found.values.iter().sum::<f64>() - (ends[0] - ends[1])).abs() / (ends[0] - ends[1]).abs();
        assert!((gap - found.gap).abs() < 1e-9, "{gap} {}", found.gap);
        assert!(found.complete && gap <= 0.01, "{} steps: {gap}", found.steps);
        found.steps
    };
    assert_eq!(check(&smooth), 32);
    assert!(check(&steep) > 32);
    // The gradient of a jump is 0.
    let jump = toy(4, 3, |x: &Tensor| along(x).ge_scalar(0.5).to_dtype(DType::F64) + along(x) * 1e-9);
    let found = explain(&jump, &[Method::Integrated]).unwrap();
    assert!(found.attributions[0].note.contains("only to within 100.0 %"), "{}", found.attributions[0].note);
}

/// A small model in f64 as it is explained.
fn of_model(model: &BiLstm, t: usize, label: usize) -> Toy<impl Fn(&Tensor) -> Tensor + '_> {
    let ids = |id: &dyn Fn(usize) -> i64| Tensor::from_slice(&(0..t).map(id).collect::<Vec<_>>(), [1, t]);
    let lengths = Tensor::from_slice(&[t as i64], [1]);
    let embed = |ids: &Tensor| model.embed(&Words::new(ids, &lengths), &mut Mode::Eval).detach().squeeze(0);
    let text = ids(&|i| 2 + (i as i64 * 5) % 9);
    let layers = model.attentions(&Words::new(&text, &lengths));
    let score = move |x: &Tensor| {
        let [s, t] = [x.dim(0), x.dim(1)];
        let (ids, lengths) = (Tensor::zeros([s, t], DType::I64), Tensor::full([s], t as f64, DType::I64));
        let words = Words { embedded: Some(x), ..Words::new(&ids, &lengths) };
        log_odds(&model.logits(&words, &mut Mode::Eval), label)
    };
    let tokens = (0..t).map(|i| format!("w{i}")).collect();
    Toy { tokens, x: embed(&text), baseline: embed(&ids(&|_| 1)), score, layers }
}

fn model() -> BiLstm {
    let config = BiLstmConfig {
        embed_dim: 4,
        embed_std: 1.0,
        hidden_dim: 3,
        layers: 1,
        attention_heads: 2,
        characters: CharacterModel::None,
        ..Default::default()
    };
    let model = BiLstm::new(config, DataSizes { words: 12, characters: 0, outputs: 3 }, &mut Rng::new(4));
    gradus_engine::Module::convert(&model, DType::F64);
    model
}

/// Gradient × input of a BiLSTM with attention against central differences in f64.
#[test]
fn gradient_times_input_is_the_directional_derivative() {
    let model = model();
    let subject = of_model(&model, 6, 1);
    let found = gradient_input::attributions(&subject);
    let h = 1e-5;
    let along = |word: usize| {
        // d/dε F(x with x_t (1 + ε)).
        let moved = |by: f64| {
            let scale: Vec<f64> = (0..6).map(|t| if t == word { 1.0 + by } else { 1.0 }).collect();
            subject.score(&(&subject.x * Tensor::from_slice(&scale, [6, 1])).unsqueeze(0)).item()
        };
        (moved(h) - moved(-h)) / (2.0 * h)
    };
    let expected: Vec<f64> = (0..6).map(along).collect();
    assert_close(&found, &expected, 1e-8);
    assert!(found.iter().any(|a| a.abs() > 1e-3), "{found:?}");
    let explanation = explain(&subject, &[]).unwrap();
    let methods: Vec<Method> = explanation.attributions.iter().map(|a| a.method).collect();
    assert_eq!(methods, Method::ALL);
    assert!((explanation.probability() - softmax_of(&model, &subject.x, 1)).abs() < 1e-9);
}

fn softmax_of(model: &BiLstm, x: &Tensor, label: usize) -> f64 {
    let t = x.dim(0);
    let (ids, lengths) = (Tensor::zeros([1, t], DType::I64), Tensor::full([1], t as f64, DType::I64));
    let x = x.unsqueeze(0);
    let words = Words { embedded: Some(&x), ..Words::new(&ids, &lengths) };
    model.logits(&words, &mut Mode::Eval).softmax().to_f64()[label]
}

/// The output depends on word 3 alone: every method that reads F finds it, and the areas tell the right order from a wrong one.
#[test]
fn a_planted_word_is_found() {
    let subject = toy(8, 2, |x: &Tensor| x.at(1, 3).sum(&[-1]).square() * 3.0 - 4.0);
    let at = |values: &[f64]| (0..8).max_by(|&a, &b| values[a].abs().total_cmp(&values[b].abs())).unwrap();
    let occlusion = occlusion::attributions(&subject);
    assert!(occlusion.iter().enumerate().all(|(i, &a)| (i == 3) == (a != 0.0)), "{occlusion:?}");
    let integrated = integrated::attributions(&subject).values;
    assert_eq!([at(&occlusion), at(&integrated), at(&gradient_input::attributions(&subject))], [3; 3]);
    let p = |known: bool| {
        let kept: Vec<bool> = (0..8).map(|i| known || i != 3).collect();
        faithfulness::sigmoid(scores_with(&subject, &[kept])[0])
    };
    let order =
        |first: bool| -> Vec<f64> { (0..8).map(|i| if (i == 3) == first { 1.0 } else { 0.0 }).collect() };
    let (right, wrong) = (
        faithfulness::faithfulness(&subject, &order(true)),
        faithfulness::faithfulness(&subject, &order(false)),
    );
    // p is known until word 3 goes, which it does first, or last.
    let between = (p(true) + p(false)) / 2.0;
    assert_close(&[right.deletion], &[(between + 7.0 * p(false)) / 8.0], 1e-12);
    assert_close(&[right.insertion], &[(between + 7.0 * p(true)) / 8.0], 1e-12);
    assert_close(&[wrong.deletion], &[(between + 7.0 * p(true)) / 8.0], 1e-12);
    assert!(p(true) != p(false));
}

/// Words that are as in the baseline take no part in the curves and in the correlation; if all are, p is constant.
#[test]
fn what_cannot_be_removed_is_not_compared() {
    let mut subject = toy(5, 2, |x: &Tensor| x.at(1, 1).sum(&[-1]).square() * 3.0 - 4.0);
    let row = |i: usize| if i.is_multiple_of(2) { subject.x.at(0, i) } else { subject.baseline.at(0, i) };
    let rows: Vec<Tensor> = (0..5).map(row).collect();
    subject.baseline = Tensor::stack(&rows.iter().collect::<Vec<_>>(), 0);
    let p = |known: bool| faithfulness::sigmoid(scores_with(&subject, &[vec![known; 5]])[0]);
    // Words 1 and 3 remain; the values of the others, however large, change nothing.
    let found = faithfulness::faithfulness(&subject, &[9.0, 2.0, 9.0, 1.0, 9.0]);
    let between = (p(true) + p(false)) / 2.0;
    assert_close(
        &[found.deletion, found.insertion],
        &[(between + p(false)) / 2.0, (between + p(true)) / 2.0],
        1e-12,
    );
    let explanation = explain(&subject, &[Method::Occlusion]).unwrap();
    let random = |stream| control(&subject, &explanation, 1, stream);
    let of_random: Vec<Areas> = (0..20).map(|stream| random(stream).areas).collect();
    assert!(of_random.contains(&[found.deletion, found.insertion]), "one of the two orders");
    assert!(of_random.iter().any(|areas| *areas != of_random[0]), "and the other one");
    assert_eq!(random(3).areas, of_random[3]);
    let right = of_random[3] == [found.deletion, found.insertion];
    assert_eq!(random(3).agreement, [(Method::Occlusion, Some(if right { 1.0 } else { -1.0 }))]);
    subject.baseline = subject.x.clone();
    let found = faithfulness::faithfulness(&subject, &[1.0; 5]);
    let constant = faithfulness::sigmoid(scores_with(&subject, &[vec![true; 5]])[0]);
    assert_eq!([found.deletion, found.insertion], [constant; 2]);
}

/// Rollout of two layers against the product of matrices, and the last layer's mean attention.
#[test]
fn rollout_is_a_product_of_matrices() {
    let mut subject = toy(3, 2, |x: &Tensor| x.sum(&[1, 2]));
    let mut rng = Rng::new(9);
    let mut layer = || Tensor::normal([1, 2, 3, 3], 0.0, 1.0, &mut rng).to_dtype(DType::F64).softmax();
    subject.layers = vec![layer(), layer()];
    let identity = Tensor::from_slice(&[1.0f64, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], [3, 3]);
    let mean = |layer: &Tensor| layer.squeeze(0).mean(&[0]);
    let [first, second] = [0, 1].map(|i| (mean(&subject.layers[i]) + &identity) * 0.5);
    let read = Tensor::full([1, 3], 1.0 / 3.0, DType::F64);
    let rolled = rollout::attributions(&subject).unwrap();
    assert_close(&rolled, &read.matmul(&second).matmul(&first).to_f64(), 1e-12);
    assert_close(&[rolled.iter().sum()], &[1.0], 1e-12);
    let attended = attention::attributions(&subject).unwrap();
    assert_close(&attended, &read.matmul(&mean(&subject.layers[1])).to_f64(), 1e-12);
}

#[test]
fn a_method_that_the_model_lacks_is_refused() {
    let subject = toy(3, 2, |x: &Tensor| x.sum(&[1, 2]));
    let fault = explain(&subject, &[Method::Rollout]).err().unwrap();
    assert!(fault.starts_with("--method rollout: the model has no self-attention"), "{fault}");
    assert!(rollout::attributions(&subject).is_none() && attention::attributions(&subject).is_none());
}

#[test]
fn log_odds_are_those_of_the_softmax() {
    let z = Tensor::from_slice(&[0.3f64, -1.0, 2.0, 90.0, -60.0, 1.0], [2, 3]);
    for k in 0..3 {
        let p = z.softmax().at(1, k).to_f64();
        let found = log_odds(&z, k).to_f64();
        assert!((found[0] - (p[0] / (1.0 - p[0])).ln()).abs() < 1e-12);
    }
    let p = z.softmax().to_f64();
    let of_two = log_odds_of_any(&z, &[true, false, true]).to_f64();
    assert!((of_two[0] - ((p[0] + p[2]) / p[1]).ln()).abs() < 1e-12);
    // Where p is 1 in f64, the log-odds still are exact.
    assert!((log_odds(&z, 0).to_f64()[1] - 89.0).abs() < 1e-9);
    let x = z.variable();
    let (_, gradient) =
        (0, gradus_engine::grad(&log_odds(&x, 0), &[&x], gradus_engine::CreateGraph::No).remove(0));
    assert!(gradient.all_finite() && gradient.to_f64()[0] == 1.0);
}

/// Batches of texts have the gradients of single texts.
#[test]
fn texts_of_a_pass_do_not_mix() {
    let model = model();
    let subject = of_model(&model, 5, 0);
    let both = Tensor::stack(&[&subject.x, &subject.baseline], 0);
    let (scores, gradient) = gradients(&subject, &both);
    for (i, x) in [&subject.x, &subject.baseline].into_iter().enumerate() {
        let (score, alone) = gradients(&subject, &x.unsqueeze(0));
        assert_close(&score, &scores[i..=i], 1e-12);
        assert_close(&alone.to_f64(), &gradient.at(0, i).to_f64(), 1e-12);
    }
}

/// Text of the user changes neither the page nor the terminal, and the page's data can be read back.
#[test]
fn text_stays_text() {
    let attack = "</script><b>&\u{1b}[31m\"'";
    let model = model();
    let mut subject = of_model(&model, 4, 2);
    subject.tokens[1] = attack.into();
    let explanation = [explain(&subject, &[]).unwrap()];
    let page = page("runs/<a>", attack, &explanation);
    assert!(!page.contains("<b>&") && !page.contains('\u{1b}') && !page.contains("<a>"));
    assert_eq!(page.matches("</script>").count(), 2, "the data and the script");
    let data =
        page.split_once("<script type=\"application/json\">").unwrap().1.split_once("</script>").unwrap().0;
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["tokens"][1], "</script><b>&\\u{1b}[31m\"'");
    let sum =
        |row: &serde_json::Value| row.as_array().unwrap().iter().map(|w| w.as_f64().unwrap()).sum::<f64>();
    assert!((sum(&data["maps"][0]["heads"][1][0]) - 1.0).abs() < 1e-5);
    for colour in [true, false] {
        let lines = terminal(&explanation[0], colour);
        assert!(lines.contains("<b>&\\u{1b}[31m"), "{lines}");
        assert_eq!(lines.contains("\u{1b}[30;48;5;"), colour);
    }
    let json = json("run", attack, &explanation);
    assert_eq!((&json["text"], &json["outputs"][0]["tokens"][1]), (&attack.into(), &attack.into()));
    assert_eq!(json["outputs"][0]["attributions"].as_array().unwrap().len(), 5);
    assert_eq!(json["outputs"][0]["agreement"].as_array().unwrap().len(), 10);
}
