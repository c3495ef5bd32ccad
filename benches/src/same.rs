//! Whether three steps without dropout end where PyTorch's do, from the same weights and on the same batches.

use crate::ops::adamw;
use crate::steps::{Batch, Learner};
use anyhow::{Context, Result, ensure};
use gradus_engine::state::{StateDict, load_state_dict, read_tensors};
use gradus_engine::{Mode, Tensor};
use std::path::Path;

/// Bounds on what rounding does in three steps of AdamW: of a loss, relative; of a parameter, of the way it went.
/// AdamW's first steps are the sign of the gradient, so that an element whose gradient is nearly 0 may go the other way.
const OF_LOSS: f64 = 1e-4;
const OF_WAY: f64 = 0.02;

/// Parameters whose true gradient is 0, so that rounding alone decides where they go: what moves all scores of a
/// softmax alike.
const FREE: [&str; 3] = ["wc.bias", "p1.bias", "p2.bias"];

/// How far apart two trainings ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distance {
    /// |ours − theirs| / |theirs| of the worst loss.
    pub loss: f64,
    /// ‖ours − theirs‖ / ‖theirs − initial‖ of the worst parameter.
    pub way: f64,
}

impl Distance {
    /// Whether rounding explains it.
    pub fn is_rounding(&self) -> bool {
        self.loss < OF_LOSS && self.way < OF_WAY
    }
}

/// Runs the three steps of the file.
///
/// # Errors
/// A file that cannot be read, or that is not of this model.
pub fn distance(learner: &dyn Learner, file: &Path) -> Result<Distance> {
    let (tensors, _) = read_tensors(file)?;
    let of =
        |name: &str| tensors.get(name).with_context(|| format!("{}: there is no {name}", file.display()));
    let initial: StateDict =
        tensors.iter().filter_map(|(n, t)| Some((n.strip_prefix("param.")?.to_owned(), t.clone()))).collect();
    load_state_dict(learner.module(), &initial, file)?;
    let targets: Vec<Tensor> = (0..).map_while(|i| tensors.get(&format!("in.target.{i}")).cloned()).collect();
    ensure!(!targets.is_empty(), "{}: there are no targets", file.display());
    let mut optimizer = adamw();
    let mut losses = vec![];
    for i in 0..3 {
        let batch = Batch {
            ids: of(&format!("in.ids.{i}"))?,
            question: tensors.get(&format!("in.question.{i}")),
            targets: &targets,
        };
        let loss = learner.loss(&batch, &mut Mode::Eval);
        losses.push(loss.item());
        optimizer.step(learner.module(), &loss.backward());
    }
    let theirs = of("out.losses")?.to_f64();
    let loss = losses.iter().zip(&theirs).map(|(a, b)| (a - b).abs() / b.abs()).fold(0.0, f64::max);
    let mut way: f64 = 0.0;
    for (name, param) in learner.module().named_params().iter().filter(|(n, _)| !FREE.contains(&n.as_str())) {
        let (ours, theirs) = (param.value().to_f64(), of(&format!("out.{name}"))?.to_f64());
        let before = of(&format!("param.{name}"))?.to_f64();
        // The middle third is the key's bias, which moves all scores of a query alike.
        let free = if name.ends_with("qkv.bias") { ours.len() / 3..ours.len() / 3 * 2 } else { 0..0 };
        let norm = |a: &[f64], b: &[f64]| {
            let squares = a.iter().zip(b).enumerate().filter(|(i, _)| !free.contains(i));
            squares.map(|(_, (a, b))| (a - b) * (a - b)).sum::<f64>().sqrt()
        };
        let share = norm(&ours, &theirs) / norm(&theirs, &before);
        way = if share.is_nan() { f64::INFINITY } else { way.max(share) };
    }
    Ok(Distance { loss, way })
}
