//! Layers, losses, optimizers, schedules and models against PyTorch, in `f64` and in `f32`.

mod bert;
mod models;

use gradus_engine::losses::{self, CrossEntropy, Ghm, Reduction};
use gradus_engine::nn::{
    Activation, AttentionMask, Conv1d, Crf, Embedding, Highway, LayerNorm, Linear, Lstm, LstmConfig,
    MultiHeadAttention, Norm, TransformerBlock, TransformerBlockConfig,
};
use gradus_engine::optim::{
    AverageConfig, Optimizer, OptimizerConfig, ReduceOnPlateau, Rule, Schedule, WeightAverage,
};
use gradus_engine::{
    CreateGraph, DType, Device, Gradients, Mode, Module, Param, Rng, Tensor, Visitor, grad_from,
};
use gradus_tests::devices;
use gradus_tests::golden::Golden;

const BOTH: [DType; 2] = [DType::F64, DType::F32];

/// Both dtypes on the CPU; in a build with the emulator also the CUDA device that it emulates.
fn everywhere() -> Vec<(DType, Device)> {
    let kinds = devices().into_iter().flat_map(|device| BOTH.map(|dtype| (dtype, device)));
    // A CUDA device works in f32.
    kinds.filter(|&(dtype, device)| device == Device::Cpu || dtype == DType::F32).collect()
}

/// The error that an `f32` result may have here, in rounding errors of its largest element.
const ROUNDINGS: f64 = 512.0;

fn rng() -> Rng {
    Rng::new(1)
}

/// Runs a module on a case in both precisions; compares outputs, and gradients of inputs and parameters.
fn layer<M: Module>(
    name: &str,
    make: impl Fn(&Golden) -> M,
    inputs: &[&str],
    run: impl Fn(&M, &Golden, &[Tensor]) -> Vec<(&'static str, Tensor)>,
) {
    let golden = Golden::read(name);
    for dtype in BOTH {
        let module = make(&golden);
        golden.load(&module, dtype);
        let x: Vec<Tensor> = inputs
            .iter()
            .map(|n| (n, golden.get(&format!("in.{n}"), dtype)))
            .map(|(n, t)| if golden.has(&format!("grad.{n}")) { t.variable() } else { t })
            .collect();
        let outputs = run(&module, &golden, &x);
        for (out, y) in &outputs {
            golden.compare(&format!("out.{out}"), y, ROUNDINGS);
        }
        let up: Vec<Tensor> =
            outputs.iter().map(|(out, _)| golden.get(&format!("up.{out}"), dtype)).collect();
        let roots: Vec<_> = outputs.iter().map(|(_, y)| y).zip(&up).collect();
        let named = module.named_params();
        let params: Vec<Tensor> = named.iter().map(|(_, p)| p.tensor()).collect();
        let mut wrt: Vec<&Tensor> = params.iter().collect();
        let mut names: Vec<String> = named.iter().map(|(n, _)| n.clone()).collect();
        for (n, t) in inputs.iter().zip(&x).filter(|(_, t)| t.is_tracked()) {
            wrt.push(t);
            names.push((*n).to_owned());
        }
        for (n, g) in names.iter().zip(grad_from(&roots, &wrt, CreateGraph::No)) {
            golden.compare(&format!("grad.{n}"), &g, ROUNDINGS);
        }
    }
}

fn dim(golden: &Golden, name: &str, axis: isize) -> usize {
    golden.raw(name).dim(axis)
}

/// The mask of the real positions [B, T].
fn real(lengths: &Tensor, t: usize) -> Tensor {
    Tensor::arange(t).reshape([1, t]).lt(&lengths.reshape([lengths.count(), 1]))
}

#[test]
fn simple_layers() {
    let linear = |g: &Golden| Linear::new(dim(g, "param.weight", 1), dim(g, "param.weight", 0), &mut rng());
    layer("linear", linear, &["x"], |m, _, x| vec![("y", m.forward(&x[0]))]);
    let embedding =
        |g: &Golden| Embedding::new(dim(g, "param.weight", 0), dim(g, "param.weight", 1), 1.0, &mut rng());
    layer("embedding", embedding, &["ids"], |m, _, x| vec![("y", m.forward(&x[0]))]);
    let conv = |g: &Golden| {
        let w = g.raw("param.weight");
        Conv1d::new(w.dim(1), w.dim(0), w.dim(2), g.number("padding"), &mut rng())
    };
    layer("conv1d", conv, &["x"], |m, _, x| vec![("y", m.forward(&x[0]))]);
    let norm = |g: &Golden| LayerNorm::new(dim(g, "param.weight", 0));
    layer("layer_norm", norm, &["x"], |m, _, x| vec![("y", m.forward(&x[0]))]);
    let highway = |g: &Golden| Highway::new(dim(g, "in.x", -1), 2, &mut rng());
    layer("highway", highway, &["x"], |m, _, x| vec![("y", m.forward(&x[0]))]);
}

#[test]
fn lstm() {
    for name in ["lstm_one", "lstm_bi", "lstm_two_layers"] {
        let make = |g: &Golden| {
            let config = LstmConfig {
                inputs: dim(g, "in.x", -1),
                hidden: g.number("hidden"),
                layers: g.number("layers"),
                bidirectional: g.flag("bidirectional"),
                dropout: 0.0,
            };
            Lstm::new(config, &mut rng())
        };
        layer(name, make, &["x", "h0", "c0", "lengths"], |m, _, x| {
            let out = m.forward_from(&x[0], Some(&x[3]), (&x[1], &x[2]), &mut Mode::Eval);
            vec![("y", out.y), ("h", out.h), ("c", out.c)]
        });
    }
}

#[test]
fn attention_and_transformer() {
    for name in ["attention", "attention_causal"] {
        let make =
            |g: &Golden| MultiHeadAttention::new(dim(g, "in.x", -1), g.number("heads"), 0.0, &mut rng());
        layer(name, make, &["x", "lengths"], |m, g, x| {
            let mask = AttentionMask { keys: Some(real(&x[1], x[0].dim(1))), causal: g.flag("causal") };
            vec![("y", m.forward(&x[0], &mask, &mut Mode::Eval))]
        });
    }
    for name in ["transformer_post", "transformer_pre"] {
        let make = |g: &Golden| {
            let config = TransformerBlockConfig {
                width: dim(g, "in.x", -1),
                heads: g.number("heads"),
                feed_forward: g.number("feed_forward"),
                dropout: 0.0,
                norm: if g.flag("norm_first") { Norm::Pre } else { Norm::Post },
                activation: if g.attr["activation"] == "gelu" { Activation::Gelu } else { Activation::Relu },
            };
            TransformerBlock::new(config, &mut rng())
        };
        layer(name, make, &["x", "lengths"], |m, _, x| {
            let mask = AttentionMask { keys: Some(real(&x[1], x[0].dim(1))), causal: false };
            vec![("y", m.forward(&x[0], &mask, &mut Mode::Eval))]
        });
    }
}

#[test]
fn crf_and_its_losses() {
    let make = |g: &Golden| Crf::new(dim(g, "in.emissions", -1), &mut rng());
    layer("crf", make, &["emissions", "lengths", "tags"], |m, g, x| {
        let (best, _) = m.decode(&x[0], &x[1]);
        assert_eq!(best.to_vec::<i64>(), g.raw("out.best").to_vec::<i64>());
        vec![
            ("nll", m.nll(&x[0], &x[2], &x[1])),
            ("log_z", m.log_z(&x[0], &x[1])),
            ("log_marginals", m.log_marginals(&x[0], &x[1])),
        ]
    });
    type Loss = fn(&Crf, &Tensor, &Tensor, &Tensor) -> Tensor;
    let cases: [(&str, Loss); 4] = [
        ("loss_token_cross_entropy", losses::token_cross_entropy),
        ("loss_token_focal", |m, e, y, n| losses::token_focal(m, e, y, n, 2.0)),
        ("loss_sequence_focal", |m, e, y, n| losses::sequence_focal(m, e, y, n, 2.0)),
        ("loss_token_ghm", |m, e, y, n| {
            let ghm = Ghm { bins: 10, momentum: 0.75 };
            losses::token_ghm(m, e, y, n, &ghm, &ghm.start()).0
        }),
    ];
    for (name, loss) in cases {
        layer(name, make, &["emissions", "lengths", "tags"], |m, _, x| {
            vec![("loss", loss(m, &x[0], &x[2], &x[1]))]
        });
    }
}

/// A module without parameters, for losses on logits.
struct Nothing;

impl Module for Nothing {
    fn visit(&self, _: &mut Visitor) {}
}

#[test]
fn losses_on_logits() {
    for name in ["loss_cross_entropy", "loss_cross_entropy_sum", "loss_cross_entropy_all"] {
        layer(
            name,
            |_| Nothing,
            &["x", "labels"],
            |_, g, x| {
                let options = CrossEntropy {
                    weights: g.has("in.weight").then(|| g.raw("in.weight")),
                    smoothing: g.attr["smoothing"].as_f64().unwrap(),
                    ignore: g.attr["ignore"].as_i64(),
                };
                let reduction = if g.attr["reduction"] == "sum" { Reduction::Sum } else { Reduction::Mean };
                vec![("loss", losses::cross_entropy(&x[0], &x[1], &options, reduction))]
            },
        );
    }
    for name in ["loss_focal_0", "loss_focal_1", "loss_focal_2"] {
        layer(
            name,
            |_| Nothing,
            &["x", "labels"],
            |_, g, x| {
                let gamma = g.attr["gamma"].as_f64().unwrap();
                vec![("loss", losses::focal(&x[0], &x[1], gamma, Reduction::Mean))]
            },
        );
    }
    layer(
        "loss_bce",
        |_| Nothing,
        &["x", "targets"],
        |_, _, x| vec![("loss", losses::bce_with_logits(&x[0], &x[1], Reduction::Mean))],
    );
    layer(
        "loss_ghm",
        |_| Nothing,
        &["x0", "labels0", "x1", "labels1", "x2", "labels2"],
        |_, _, x| {
            let ghm = Ghm { bins: 10, momentum: 0.75 };
            let mut state = ghm.start();
            let mut outputs = vec![];
            for (name, batch) in ["loss0", "loss1", "loss2"].into_iter().zip(x.chunks(2)) {
                let (loss, next) = losses::ghm(&batch[0], &batch[1], &ghm, &state);
                state = next;
                outputs.push((name, loss));
            }
            outputs
        },
    );
}

#[test]
fn contrastive_losses() {
    type Loss = fn(&Golden, &[Tensor]) -> Tensor;
    fn number(g: &Golden, name: &str) -> f64 {
        g.attr[name].as_f64().unwrap()
    }
    let cases: [(&str, &[&str], Loss); 4] = [
        ("loss_info_nce", &["a", "p"], |g, x| losses::info_nce(&x[0], &x[1], number(g, "temperature"))),
        ("loss_triplet", &["a", "p"], |g, x| losses::triplet(&x[0], &x[1], number(g, "margin"))),
        ("loss_triplet_of", &["a", "p", "n"], |g, x| {
            losses::triplet_of(&x[0], &x[1], &x[2], number(g, "margin"))
        }),
        ("loss_sne", &["x", "y"], |g, x| losses::sne(&x[0], &x[1], number(g, "perplexity"))),
    ];
    for (name, inputs, loss) in cases {
        layer(name, |_| Nothing, inputs, |_, g, x| vec![("loss", loss(g, x))]);
    }
}

/// The two tensors that the optimizers change.
struct Pair {
    a: Param,
    b: Param,
}

impl Module for Pair {
    fn visit(&self, v: &mut Visitor) {
        v.param("a", &self.a);
        v.param("b", &self.b);
    }
}

fn pair(golden: &Golden, prefix: &str, dtype: DType) -> Pair {
    let param = |n: &str| Param::new(golden.get(&format!("{prefix}.{n}"), dtype));
    Pair { a: param("a"), b: param("b") }
}

#[test]
fn optimizers() {
    let with = |rule: Rule, lr: f64, weight_decay: f64| OptimizerConfig { rule, lr, weight_decay };
    let sgd = |momentum, dampening, nesterov| Rule::Sgd { momentum, dampening, nesterov };
    let centered = Rule::RmsProp { alpha: 0.99, eps: 1e-8, momentum: 0.9, centered: true };
    for (name, config) in [
        ("sgd", with(sgd(0.0, 0.0, false), 0.1, 0.01)),
        ("sgd_momentum", with(sgd(0.9, 0.1, false), 0.1, 0.0)),
        ("sgd_nesterov", with(sgd(0.9, 0.0, true), 0.1, 0.0)),
        ("adagrad", with(Rule::AdaGrad { lr_decay: 0.01, eps: 1e-10 }, 0.1, 0.01)),
        ("rmsprop", with(Rule::rmsprop(), 0.01, 0.0)),
        ("rmsprop_centered", with(centered, 0.01, 0.0)),
        ("adam", with(Rule::adam(), 0.01, 0.01)),
        ("adamw", with(Rule::adamw(), 0.01, 0.1)),
        ("radam", with(Rule::radam(), 0.01, 0.01)),
    ] {
        let golden = Golden::read(&format!("optim_{name}"));
        for dtype in BOTH {
            let module = pair(&golden, "param", dtype);
            let mut optimizer = Optimizer::new(config);
            for step in 0..20 {
                let mut gradients = Gradients::default();
                gradients.set(&module.a, golden.get(&format!("grad.a.{step}"), dtype));
                gradients.set(&module.b, golden.get(&format!("grad.b.{step}"), dtype));
                optimizer.step(&module, &gradients);
            }
            golden.compare("out.a", &module.a.value(), 64.0);
            golden.compare("out.b", &module.b.value(), 64.0);
        }
    }
}

#[test]
fn averages_of_weights() {
    for name in ["average", "average_warmup"] {
        let golden = Golden::read(name);
        let config =
            AverageConfig { decay: golden.attr["decay"].as_f64().unwrap(), warmup: golden.flag("warmup") };
        for dtype in BOTH {
            let module = pair(&golden, "out", dtype);
            let mut average = WeightAverage::new(config);
            for step in 0..20 {
                module.a.set(&golden.get(&format!("in.a.{step}"), dtype));
                module.b.set(&golden.get(&format!("in.b.{step}"), dtype));
                average.update(&module);
            }
            average.apply(&module).keep();
            golden.compare("out.a", &module.a.value(), 64.0);
            golden.compare("out.b", &module.b.value(), 64.0);
        }
    }
}

#[test]
fn clipping() {
    let golden = Golden::read("clip");
    for dtype in BOTH {
        let module = pair(&golden, "grad", dtype);
        let fresh = || {
            let mut gradients = Gradients::default();
            gradients.set(&module.a, module.a.value());
            gradients.set(&module.b, module.b.value());
            gradients
        };
        let (mut norm, mut value) = (fresh(), fresh());
        norm.clip_norm(1.5);
        value.clip_value(0.4);
        for (kind, gradients) in [("norm", norm), ("value", value)] {
            for (n, p) in [("a", &module.a), ("b", &module.b)] {
                golden.compare(&format!("out.{kind}.{n}"), &gradients.of(p).unwrap().to_dense(), 16.0);
            }
        }
    }
}

#[test]
fn schedules() {
    let golden = Golden::read("schedules");
    let rates =
        |f: &mut dyn FnMut(u64) -> f64| Tensor::from_slice(&(0..20).map(f).collect::<Vec<f64>>(), [20]);
    for (name, schedule) in [
        ("step", Schedule::Step { size: 4, gamma: 0.5 }),
        ("exponential", Schedule::Exponential { gamma: 0.9 }),
        ("cosine", Schedule::Cosine { warmup: 0, total: 20, floor: 0.1 }),
        ("linear_warmup", Schedule::LinearWarmup { warmup: 5 }),
        ("inverse_sqrt", Schedule::InverseSqrt { warmup: 5 }),
    ] {
        golden.compare(&format!("out.{name}"), &rates(&mut |t| schedule.factor(t)), 1.0);
    }
    let metric = golden.raw("in.metric").to_f64();
    let mut plateau = ReduceOnPlateau::new(0.5, 2, false);
    golden.compare("out.plateau", &rates(&mut |t| plateau.observe(metric[t as usize])), 1.0);
}
