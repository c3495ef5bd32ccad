use crate::Failure;
use crate::bench::{Bench, Trained};
use crate::report::Work;
use gradus_kernels::crf::{Chains, Gradients, State, nll, viterbi};
use gradus_kernels::memory::Buffer;
use gradus_kernels::{DType, Outcome, Precision, Src};

pub fn all(bench: &mut Bench) -> Result<(), Failure> {
    for tags in [9, 50] {
        let [batch, time] = bench.size([32, 50], [2, 4]);
        let works = [Work::Chain; 2];
        bench.trained(&format!("crf_nll_{tags}"), Precision::F32, works, |bench| {
            Tagger::new(bench, [batch, time, tags])
        })?;
        let name = format!("crf_viterbi_{tags}");
        if bench.selects(&name) {
            let mut tagger = Tagger::new(bench, [batch, time, tags]);
            bench.row(&name, Precision::F32, Work::Chain, || tagger.viterbi())?;
        }
    }
    Ok(())
}

/// The scores of a batch and all that is made of them.
struct Tagger {
    /// Of emissions, transitions, start and end.
    scores: [Buffer; 4],
    lengths: Buffer,
    tags: Buffer,
    /// Forward variables and their scales.
    state: [Buffer; 2],
    log_z: Buffer,
    nll: Buffer,
    dnll: Buffer,
    gradients: [Buffer; 4],
    path: Buffer,
}

impl Tagger {
    fn new(bench: &Bench, [batch, time, tags]: [usize; 3]) -> Self {
        let cells = batch * time * tags;
        let counts = [cells, tags * tags, tags, tags];
        Tagger {
            scores: [0, 1, 2, 3].map(|i| bench.numbers(counts[i], 34 + i as u64)),
            lengths: bench.integers(batch, time as i64),
            tags: bench.labels(batch * time, tags),
            state: [cells, batch * time].map(|n| bench.zeros(n)),
            log_z: bench.zeros(batch),
            nll: bench.zeros(batch),
            dnll: bench.numbers(batch, 38),
            gradients: counts.map(|n| bench.zeros(n)),
            path: Buffer::zeros(bench.kind.of(DType::I64), batch * time),
        }
    }

    fn viterbi(&mut self) -> Outcome {
        viterbi::forward(chains(&self.scores, &self.lengths), self.path.dst(), self.nll.dst())
    }
}

fn chains<'a>(scores: &'a [Buffer; 4], lengths: &'a Buffer) -> Chains<Src<'a>, Src<'a>> {
    let [emissions, transitions, start, end] = scores.each_ref().map(Buffer::src);
    Chains { emissions, transitions, start, end, lengths: lengths.src() }
}

impl Trained for Tagger {
    fn forward(&mut self, _: Precision) -> Outcome {
        let [alpha, scale] = &mut self.state;
        let state = State { alpha: alpha.dst(), scale: scale.dst() };
        let chains = chains(&self.scores, &self.lengths);
        nll::forward(chains, self.tags.src(), state, self.log_z.dst(), self.nll.dst())
    }

    fn backward(&mut self, _: Precision) -> Outcome {
        let [alpha, scale] = self.state.each_ref().map(Buffer::src);
        let [demissions, dtransitions, dstart, dend] = self.gradients.each_mut().map(Buffer::dst);
        let gradients = Gradients { demissions, dtransitions, dstart, dend };
        let chains = chains(&self.scores, &self.lengths);
        let state = State { alpha, scale };
        nll::backward(chains, self.tags.src(), state, self.log_z.src(), self.dnll.src(), gradients)
    }
}
