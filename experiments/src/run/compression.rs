//! Compressed weights: in int8, without the smallest ones, or both.

use gradus_engine::DType;
use gradus_engine::Tensor;
use gradus_engine::state::{StateDict, add_compressed};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How the weights of a run are compressed.
///
/// The weights are the parameters with two axes or more, except the transitions of a CRF: biases, the scales of layer norms, and the
/// few parameters of a CRF are left as they are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compression {
    /// Whether each weight becomes an int8 ([`Int8Rows`](gradus_engine::Int8Rows)).
    pub int8: bool,
    /// The share of all weights that is first set to 0: those with the smallest absolute values, in whichever matrix they are. In a
    /// network for translation this loses less than the same share of each layer. Source: See, Luong, Manning, "Compression of neural
    /// machine translation models via pruning", CoNLL 2016, where it is called class-blind; after Han et al., "Learning both weights
    /// and connections for efficient neural networks", NeurIPS 2015.
    pub pruned: f64,
}

const KEY: &str = "compressed";

impl Compression {
    /// What a file of compressed parameters says of itself, as its text.
    pub fn written(self) -> String {
        json!({ KEY: self }).to_string()
    }

    /// Reads what [`written`](Compression::written) wrote; none if it is another text.
    pub fn read(text: &str) -> Option<Self> {
        let text: Value = serde_json::from_str(text).ok()?;
        serde_json::from_value(text.get(KEY)?.clone()).ok()
    }

    /// In words, as reports show it.
    pub fn described(self) -> String {
        let int8 = self.int8.then(|| "int8".to_owned());
        let pruned = (self.pruned > 0.0).then(|| format!("{} % of the weights 0", 100.0 * self.pruned));
        let all: Vec<String> = int8.into_iter().chain(pruned).collect();
        if all.is_empty() { "no change".into() } else { all.join(", ") }
    }

    /// The tensors of a file of the compressed parameters.
    pub fn applied(self, parameters: &StateDict) -> StateDict {
        let mut tensors = parameters.clone();
        if self.pruned > 0.0 {
            prune(&mut tensors, self.pruned);
        }
        let mut file = StateDict::new();
        for (name, tensor) in tensors {
            match is_weight(&name, &tensor) {
                true => add_compressed(&mut file, &name, &tensor, self.int8),
                false => drop(file.insert(name, tensor)),
            }
        }
        file
    }
}

fn is_weight(name: &str, tensor: &Tensor) -> bool {
    tensor.rank() >= 2 && tensor.dtype() == DType::F32 && !name.ends_with("transitions")
}

/// Sets the smallest weights to 0: `share` of them, to the nearest integer. Of equal ones the first come first.
fn prune(tensors: &mut StateDict, share: f64) {
    let weights = || tensors.iter().filter(|(name, tensor)| is_weight(name, tensor));
    // The bits of absolute values are in the order of their sizes.
    let size = |x: f32| x.abs().to_bits();
    let mut sizes: Vec<u32> = weights().flat_map(|(_, w)| w.to_vec::<f32>()).map(size).collect();
    let count = (share * sizes.len() as f64).round() as usize;
    let Some(last) = count.checked_sub(1) else { return };
    let (smaller, &mut limit, _) = sizes.select_nth_unstable(last);
    let mut equal = count - smaller.iter().filter(|&&size| size < limit).count();
    for (name, tensor) in tensors.iter_mut() {
        if !is_weight(name, tensor) {
            continue;
        }
        let mut values = tensor.to_vec::<f32>();
        for x in &mut values {
            let first = size(*x) == limit && equal > 0;
            equal -= usize::from(first);
            if first || size(*x) < limit {
                *x = 0.0;
            }
        }
        *tensor = Tensor::from_slice(&values, tensor.shape());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dict() -> StateDict {
        let tensor = |x: &[f32], shape: &[usize]| Tensor::from_slice(x, shape);
        StateDict::from([
            ("bias".into(), tensor(&[0.01, 0.02], &[2])),
            ("crf.transitions".into(), tensor(&[0.01, 0.02], &[1, 2])),
            ("a.weight".into(), tensor(&[0.5, -0.1, 3.0, 0.2], &[2, 2])),
            ("b.weight".into(), tensor(&[-0.2, 0.2, 0.3, -4.0], &[1, 4])),
        ])
    }

    fn pruned(share: f64) -> StateDict {
        let mut tensors = dict();
        prune(&mut tensors, share);
        tensors
    }

    #[test]
    fn the_smallest_of_all_weights_become_zero() {
        let half = pruned(0.5);
        assert_eq!(half["a.weight"].to_vec::<f32>(), [0.5, 0.0, 3.0, 0.0]);
        assert_eq!(half["b.weight"].to_vec::<f32>(), [0.0, 0.0, 0.3, -4.0]);
        for name in ["bias", "crf.transitions"] {
            assert_eq!(half[name].to_f64(), dict()[name].to_f64());
        }
        // Of three equal ones the first two.
        let fewer = pruned(0.375);
        assert_eq!(fewer["a.weight"].to_vec::<f32>(), [0.5, 0.0, 3.0, 0.0]);
        assert_eq!(fewer["b.weight"].to_vec::<f32>(), [0.0, 0.2, 0.3, -4.0]);
        assert_eq!(pruned(0.05)["a.weight"].to_f64(), dict()["a.weight"].to_f64());
        assert!(pruned(0.99)["a.weight"].to_vec::<f32>().iter().all(|x| *x == 0.0));
    }

    #[test]
    fn a_file_has_other_parts_for_weights_only() {
        let compression = Compression { int8: true, pruned: 0.5 };
        let names: Vec<String> = compression.applied(&dict()).into_keys().collect();
        let a = ["a.weight.bitmap", "a.weight.int8", "a.weight.scales"];
        let b = a.map(|name| name.replace("a.", "b."));
        let expected = a.map(String::from).into_iter().chain(b);
        assert_eq!(names, expected.chain(["bias".into(), "crf.transitions".into()]).collect::<Vec<_>>());
        assert_eq!(Compression::read(&compression.written()), Some(compression));
        assert_eq!(["", "{}", "{\"compressed\":1}"].map(Compression::read), [None; 3]);
    }
}
