//! Every task on the emulated CUDA device: what is trained, evaluated, predicted and compared there agrees with the CPU to
//! rounding, and a recorded step is the step.

use crate::place::Place;
use crate::tasks::{TEXT, predict};
use crate::tiny::Tiny;
use gradus::data::Split;
use gradus::run::From;
use gradus_engine::optim::Optimizer;
use gradus_engine::{Device, Gradients, Mode, Module, Recorded, Rng, Tensor};

const DEVICE: &str = "cuda-emulated";

/// Whether two texts are the same but for the last digits of numbers.
#[track_caller]
fn assert_close(a: &str, b: &str, tolerance: f64) {
    let words = |text: &str| -> Vec<String> {
        text.split([' ', '\t', '\n', ',', ':', '{', '}', '[', ']', '%']).map(String::from).collect()
    };
    let (x, y) = (words(a), words(b));
    assert_eq!(x.len(), y.len(), "{a}\n{b}");
    for (x, y) in x.iter().zip(&y) {
        let close = match (x.parse::<f64>(), y.parse::<f64>()) {
            (Ok(x), Ok(y)) => (x - y).abs() <= tolerance * x.abs().max(1.0),
            _ => x == y,
        };
        assert!(close, "{x} and {y} in {a}\n{b}");
    }
}

#[test]
fn each_task_agrees_with_the_cpu() {
    let place = Place::new();
    for tiny in Tiny::all() {
        let few =
            tiny.with(&["data.train_limit=12", "data.dev_limit=3", "data.test_limit=4", "train.epochs=2"]);
        let few = few.with(&["train.batch_size=6", "data.max_len=24"]);
        for (i, tiny) in [few.clone(), few.with_state()].into_iter().enumerate() {
            let [cpu, device] = ["cpu", "device"].map(|on| format!("{}{i}-{on}", tiny.name()));
            place.gradus(&tiny.train(&cpu)).well();
            place.gradus(&format!("{} --device {DEVICE}", tiny.train(&device))).well();
            let losses = |run: &str| {
                let log = place.text(&format!("{run}/metrics.jsonl"));
                log.lines().filter(|line| line.contains("\"loss\"")).collect::<Vec<_>>().join("\n")
            };
            assert!(losses(&cpu).lines().count() >= 4);
            assert_close(&losses(&cpu), &losses(&device), 1e-3);

            // The same run on both.
            let evaluate = |on: &str| {
                let mut found = place.json(&format!("evaluate {cpu} --json {on}")).remove(0);
                let written = place.text(found["predictions"].as_str().unwrap());
                (found["metrics"].take().to_string(), written)
            };
            let on = format!("--device {DEVICE}");
            let (here, there) = (evaluate(""), evaluate(&on));
            assert_close(&here.0, &there.0, 1e-6);
            assert_close(&here.1, &there.1, 1e-4);
            let asked = |args: &[&str]| {
                let [text, blank, word] = [TEXT, "", "Ada"].map(|text| tiny.asked(text));
                let texts = ["--json", "--text", &text, "--text", &blank, "--text", &word];
                let args = [&texts[..], args].concat();
                predict(&place, &tiny, &cpu, &args).well()
            };
            assert_close(&asked(&[]), &asked(&["--device", DEVICE]), 1e-4);
            let compare = |on: &str| place.json(&format!("compare {cpu} {device} --json {on}")).remove(0);
            let (here, there) = (compare(""), compare(&on));
            assert_close(&here["metrics"].to_string(), &there["metrics"].to_string(), 1e-6);
            let keys: Vec<&String> = here["configuration"].as_object().unwrap().keys().collect();
            assert_eq!(keys, ["device"]);

            // It is continued where it was not begun.
            let resume = |run: &str, on: &str| {
                let args = format!("{} --set train.epochs=3 --device {on}", tiny.resume(run));
                place.gradus(&args).well();
            };
            resume(&cpu, DEVICE);
            resume(&device, "cpu");
            assert_close(&losses(&cpu), &losses(&device), 1e-3);
        }
    }
}

/// Killed and continued on the device, it has the bits of the undisturbed run there.
#[test]
fn a_resumed_run_has_the_bits_of_an_undisturbed_one() {
    let place = Place::new();
    for tiny in Tiny::all() {
        let few = tiny.with_state().with(&[
            "data.train_limit=12",
            "data.dev_limit=2",
            "data.test_limit=2",
            "data.max_len=20",
        ]);
        let few = few.with(&["train.batch_size=4"]);
        let train = |run: &str| format!("{} --device {DEVICE}", few.train(run));
        let [whole, parts] = ["whole", "parts"].map(|of| format!("{}-{of}", tiny.name()));
        place.gradus(&train(&whole)).well();
        let mut run = place.start(&train(&parts));
        place.wait_for(|| place.path(&format!("{parts}/best.safetensors")).exists());
        run.kill().unwrap();
        run.wait().unwrap();
        place.gradus(&few.resume(&parts)).well();
        let (whole, parts) = (place.state(&whole), place.state(&parts));
        assert!(whole == parts, "{}", tiny.name());
    }
}

/// Losses and gradients of steps with the same batch, taken one by one and, if it is so, recorded. The parameters change
/// between them.
fn steps(tiny: &Tiny, recorded: bool) -> Option<(Vec<f64>, Vec<Vec<f64>>)> {
    let config = gradus::tasks::load(None, tiny.sets()).unwrap();
    let job = tiny.task.prepare(&config, &From::default()).unwrap();
    let learner = job.learner(&mut Rng::new(7)).unwrap();
    if !learner.recordable() {
        return None;
    }
    let model: &dyn Module = learner.module();
    model.move_to(Device::open(DEVICE).unwrap());
    let state = learner.start();
    let mut optimizer = Optimizer::new(config.run.optimizer);
    let mut rng = Rng::new(11);
    let step = |inputs: &[Tensor], mode: &mut Mode| learner.loss(inputs, &state, mode).0;
    let mut recording = Recorded::new(model, step);
    let (mut losses, mut gradients) = (vec![], vec![]);
    let examples: Vec<usize> = (0..job.count(Split::Train)).collect();
    for _ in 0..4 {
        let inputs = learner.inputs(&examples, &mut Mode::Train(&mut rng));
        let inputs: Vec<Tensor> = inputs.into_iter().map(|tensor| tensor.to_device(model.device())).collect();
        let (loss, of_step): (Tensor, Gradients) = match recorded {
            true => recording.run(&inputs.iter().collect::<Vec<_>>(), &mut rng),
            false => {
                let loss = step(&inputs, &mut Mode::Train(&mut rng));
                (loss.detach(), loss.backward())
            }
        };
        losses.push(loss.item());
        let dense = |(_, param): (String, gradus_engine::Param)| {
            of_step.of(&param).map_or(vec![], |gradient| gradient.to_dense().to_device(Device::Cpu).to_f64())
        };
        gradients.push(model.named_params().into_iter().flat_map(dense).collect());
        optimizer.step(model, &of_step);
    }
    assert_eq!(recording.is_recorded(), recorded, "{:?}", tiny.sets());
    Some((losses, gradients))
}

#[test]
fn recorded_steps_are_the_steps() {
    let (mut recorded, mut others) = (0, 0);
    for tiny in Tiny::all() {
        let few =
            tiny.with(&["data.train_limit=3", "data.dev_limit=2", "data.test_limit=2", "data.max_len=12"]);
        for variant in few.variants() {
            let Some(one_by_one) = steps(&variant, false) else {
                others += 1;
                continue;
            };
            let replayed = steps(&variant, true).unwrap();
            assert!(one_by_one.0.iter().all(|loss| loss.is_finite()), "{:?}", variant.sets());
            assert_eq!(one_by_one.0, replayed.0, "{:?}", variant.sets());
            assert!(one_by_one.1 == replayed.1, "the gradients differ: {:?}", variant.sets());
            recorded += 1;
        }
    }
    assert!(recorded >= 10 && others >= 3, "{recorded} {others}");
}
