use crate::Tensor;

/// Which of an operation's inputs or outputs its backward rule reads. A rule that reads any other panics.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keep {
    None,
    All,
    /// Those with these indices.
    These(&'static [usize]),
}

/// What an operation declares that it saves for its backward rule.
pub(crate) struct Saves {
    pub inputs: Keep,
    pub outputs: Keep,
    /// Anything else that the backward kernel needs from the forward kernel; not part of the graph.
    pub extra: Vec<Tensor>,
}

impl Keep {
    /// What is saved of each of `all`, or `None`. Panics if an index is out of range.
    pub(super) fn of<T, S>(self, all: &[T], save: impl Fn(&T) -> S) -> Vec<Option<S>> {
        match self {
            Keep::None => all.iter().map(|_| None).collect(),
            Keep::All => all.iter().map(|t| Some(save(t))).collect(),
            Keep::These(indices) => {
                let mut saved: Vec<Option<S>> = all.iter().map(|_| None).collect();
                indices.iter().for_each(|&i| saved[i] = Some(save(&all[i])));
                saved
            }
        }
    }
}

impl Saves {
    pub const NOTHING: Saves = Saves { inputs: Keep::None, outputs: Keep::None, extra: vec![] };
    /// All outputs: for most operations the only one.
    pub const OUTPUT: Saves = Saves { inputs: Keep::None, outputs: Keep::All, extra: vec![] };

    /// The inputs with these indices.
    pub const fn inputs(indices: &'static [usize]) -> Self {
        Saves { inputs: Keep::These(indices), outputs: Keep::None, extra: vec![] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Backward, ForwardOutput, Fused, record_one};
    use crate::{checkpoint, memory};

    fn variables(n: usize) -> Vec<Tensor> {
        (0..n).map(|i| Tensor::full([2], i as f64, crate::DType::F64).variable()).collect()
    }

    /// Σ (i + 1) xᵢ².
    fn weighted(x: &[Tensor]) -> Vec<Tensor> {
        let terms = x.iter().enumerate().map(|(i, x)| x.square() * (i + 1) as f64);
        vec![terms.reduce(|a, b| a + b).expect("there are inputs")]
    }

    fn check(y: Tensor, x: &[Tensor], op: &str) {
        assert_eq!(memory::Report::of(&y).by_op[op].bytes, 16 * x.len(), "all inputs of {op} are saved");
        let gradients = y.sum_all().backward();
        for (i, x) in x.iter().enumerate() {
            assert_eq!(
                gradients.get(x).unwrap().to_f64(),
                [2.0 * (i * (i + 1)) as f64; 2],
                "{op}: input {i}"
            );
        }
    }

    #[test]
    fn forty_inputs_are_saved() {
        let x = variables(40);
        let inputs: Vec<&Tensor> = x.iter().collect();
        check(checkpoint(&inputs, weighted).swap_remove(0), &x, "checkpoint");
        let fused = Fused {
            op: "lstm",
            inputs: &inputs,
            reference: weighted,
            forward: |x| {
                let x: Vec<Tensor> = x.iter().map(|t| t.detach()).collect();
                Some(ForwardOutput { outputs: weighted(&x), extra: vec![] })
            },
            saved_outputs: Keep::None,
            backward: |_| false,
        };
        check(fused.apply_one(), &x, "lstm");
    }

    /// A node of x and z whose rule reads something.
    fn reads(saves: Saves, rule: fn(&Backward)) {
        let x = variables(2);
        let y = record_one("add", &[&x[0], &x[1]], x[0].detach(), saves, move |cx| rule(cx));
        y.sum_all().backward();
    }

    #[test]
    fn what_is_declared_can_be_read() {
        reads(Saves::inputs(&[1]), |cx| assert_eq!(cx.input(1).to_f64(), [1.0; 2]));
        reads(Saves::OUTPUT, |cx| assert_eq!(cx.output(0).to_f64(), [0.0; 2]));
    }

    #[test]
    #[should_panic(expected = "add: the rule reads input 0, which is not saved")]
    fn another_input_cannot_be_read() {
        reads(Saves::inputs(&[1]), |cx| drop(cx.input(0)));
    }

    #[test]
    #[should_panic(expected = "add: the rule reads output 0, which is not saved")]
    fn another_output_cannot_be_read() {
        reads(Saves::inputs(&[0, 1]), |cx| drop(cx.output(0)));
    }
}
