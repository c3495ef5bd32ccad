//! Weights in fewer bytes: in int8, or without their zeros, or both.
//!
//! A weight `NAME` of n elements is one of these sets of tensors, whichever is smallest:
//!
//! | tensors | bytes |
//! | --- | --- |
//! | `NAME`, `f32` | 4 n |
//! | `NAME.bitmap` and `NAME.values`: the values other than 0, `f32` | n / 8 + 4 nonzeros |
//! | `NAME.int8` and `NAME.scales` ([`Int8Rows`]) | n + 4 rows |
//! | `NAME.bitmap`, `NAME.int8` of the values other than 0, and `NAME.scales` | n / 8 + nonzeros + 4 rows |
//!
//! A bitmap has one bit for each element, the first in the lowest bit of the first word, 1 where the element is not 0. It and int8,
//! four to a word and the first in the lowest byte, are tensors of `u32`, and the last word is filled with zeros.

use super::{StateDict, StateError, load_state_dict};
use crate::{DType, Int8Rows, Int8Weight, Module, Shape, Tensor};
use std::path::Path;

const BITMAP: &str = "bitmap";
const VALUES: &str = "values";
const INT8: &str = "int8";
const SCALES: &str = "scales";

/// Adds a weight, of `f32` and on the CPU, to the tensors of a file.
pub fn add_compressed(tensors: &mut StateDict, name: &str, weight: &Tensor, int8: bool) {
    let mut add = |part: &str, tensor: Tensor| {
        tensors.insert(format!("{name}.{part}"), tensor);
    };
    let n = weight.count();
    if int8 && weight.rank() > 0 {
        let rows = Int8Rows::quantize(weight);
        let nonzeros: Vec<i8> = rows.q().iter().copied().filter(|&q| q != 0).collect();
        add(SCALES, Tensor::from_slice(rows.scales(), [rows.scales().len()]));
        if n.div_ceil(8) + nonzeros.len() < n {
            add(BITMAP, bitmap(rows.q().iter().map(|&q| q != 0)));
            return add(INT8, words(&nonzeros));
        }
        return add(INT8, words(rows.q()));
    }
    let values = weight.to_vec::<f32>();
    let nonzeros: Vec<f32> = values.iter().copied().filter(|&x| x != 0.0).collect();
    if n.div_ceil(8) + 4 * nonzeros.len() < 4 * n {
        add(BITMAP, bitmap(values.iter().map(|&x| x != 0.0)));
        return add(VALUES, Tensor::from_slice(&nonzeros, [nonzeros.len()]));
    }
    tensors.insert(name.into(), weight.clone());
}

/// Sets a module's parameters from tensors that [`add_compressed`] may have added; `path` is named in errors. Parameters that are in
/// int8 there keep it ([`Param::set_int8`]).
///
/// # Errors
/// [`StateError::Compressed`], and those of [`load_state_dict`].
pub fn load_compressed(module: &dyn Module, tensors: &StateDict, path: &Path) -> Result<(), StateError> {
    let (mut rest, mut int8) = (tensors.clone(), vec![]);
    for (name, param) in module.all_names() {
        let fault = |reason| StateError::Compressed { path: path.into(), name: name.clone(), reason };
        match taken(&mut rest, &name, param.shape()).map_err(fault)? {
            None => {}
            Some(Weight::Float(weight)) => drop(rest.insert(name, weight)),
            Some(Weight::Int8(rows)) => {
                rest.insert(name, rows.expanded());
                int8.push((param, Int8Weight::pack(&rows)));
            }
        }
    }
    load_state_dict(module, &rest, path)?;
    for (param, packed) in int8 {
        param.keep_int8(packed);
    }
    Ok(())
}

enum Weight {
    Float(Tensor),
    Int8(Int8Rows),
}

/// Takes the parts of a weight; `None` if there are none.
fn taken(tensors: &mut StateDict, name: &str, shape: Shape) -> Result<Option<Weight>, String> {
    let [bitmap, values, int8, scales] =
        [BITMAP, VALUES, INT8, SCALES].map(|part| tensors.remove(&format!("{name}.{part}")));
    let n = shape.count();
    let bits = bitmap.map(|bitmap| bits(&bitmap, n)).transpose()?;
    let stored = bits.as_ref().map_or(n, |bits| bits.iter().filter(|&&bit| bit).count());
    Ok(Some(match (bits, values, int8, scales) {
        (None, None, None, None) => return Ok(None),
        (Some(bits), Some(values), None, None) => {
            let values: Vec<f32> = elements(&values, DType::F32, stored, "values")?;
            Weight::Float(Tensor::from_slice(&spread(&bits, &values), shape))
        }
        (bits, None, Some(int8), Some(scales)) => {
            let q = bytes(&int8, stored)?;
            let q = bits.map_or_else(|| q.clone(), |bits| spread(&bits, &q));
            let rows = if shape.rank() == 0 { 0 } else { shape[0] };
            let scales = elements(&scales, DType::F32, rows, "scales")?;
            Weight::Int8(Int8Rows::new(shape, q, scales).ok_or("an int8 is -128")?)
        }
        _ => return Err("some of its parts are missing".into()),
    }))
}

/// The elements of a vector that must have this type and length.
fn elements<T: crate::Element>(
    tensor: &Tensor,
    dtype: DType,
    n: usize,
    what: &str,
) -> Result<Vec<T>, String> {
    match tensor.dtype() == dtype && tensor.shape() == [n].into() {
        true => Ok(tensor.to_vec()),
        false => {
            Err(format!("expected {n} {what} of {dtype}, found {} {:?}", tensor.dtype(), tensor.shape()))
        }
    }
}

/// Four int8 in each word.
fn words(q: &[i8]) -> Tensor {
    let word = |four: &[i8]| u32::from_le_bytes(std::array::from_fn(|i| four.get(i).map_or(0, |&q| q as u8)));
    let words: Vec<u32> = q.chunks(4).map(word).collect();
    Tensor::from_slice(&words, [words.len()])
}

fn bytes(words: &Tensor, n: usize) -> Result<Vec<i8>, String> {
    let words: Vec<u32> = elements(words, DType::U32, n.div_ceil(4), "words of int8")?;
    let mut bytes: Vec<i8> =
        words.iter().flat_map(|word| word.to_le_bytes()).map(|byte| byte as i8).collect();
    match bytes[n..].iter().all(|&byte| byte == 0) {
        true => bytes.truncate(n),
        false => return Err(format!("its last word has bytes other than 0 after {n} int8")),
    }
    Ok(bytes)
}

fn bitmap(bits: impl Iterator<Item = bool>) -> Tensor {
    let mut words: Vec<u32> = vec![];
    for (i, bit) in bits.enumerate() {
        if i % 32 == 0 {
            words.push(0);
        }
        words[i / 32] |= u32::from(bit) << (i % 32);
    }
    Tensor::from_slice(&words, [words.len()])
}

fn bits(bitmap: &Tensor, n: usize) -> Result<Vec<bool>, String> {
    let words: Vec<u32> = elements(bitmap, DType::U32, n.div_ceil(32), "words of a bitmap")?;
    let mut bits: Vec<bool> =
        words.iter().flat_map(|word| (0..32).map(move |i| word >> i & 1 == 1)).collect();
    match bits[n..].contains(&true) {
        true => return Err(format!("its bitmap has bits after those of {n} elements")),
        false => bits.truncate(n),
    }
    Ok(bits)
}

/// Values where bits are set, which are as many, and zeros elsewhere.
fn spread<T: Copy + Default>(bits: &[bool], values: &[T]) -> Vec<T> {
    let mut values = values.iter().copied();
    bits.iter().map(|&bit| if bit { values.next() } else { None }.unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Linear;
    use crate::{Rng, no_grad};

    /// A layer whose weight has zeros, and its file.
    fn compressed(int8: bool, zeros: usize) -> (Linear, StateDict) {
        let layer = Linear::new(9, 7, &mut Rng::new(1));
        let mut w = layer.weight.value().to_vec::<f32>();
        w[..zeros].fill(0.0);
        layer.weight.set(&Tensor::from_slice(&w, [7, 9]));
        let mut tensors = StateDict::from([("bias".into(), layer.bias.as_ref().unwrap().value())]);
        add_compressed(&mut tensors, "weight", &layer.weight.value(), int8);
        (layer, tensors)
    }

    fn load(tensors: &StateDict) -> Result<Linear, StateError> {
        let layer = Linear::new(9, 7, &mut Rng::new(2));
        load_compressed(&layer, tensors, Path::new("file")).map(|()| layer)
    }

    #[test]
    fn what_is_written_is_read_and_the_smallest_form_is_taken() {
        for (int8, zeros, parts) in [
            (false, 0, &["weight"][..]),
            (false, 40, &["weight.bitmap", "weight.values"]),
            (true, 0, &["weight.int8", "weight.scales"]),
            (true, 40, &["weight.bitmap", "weight.int8", "weight.scales"]),
            (true, 63, &["weight.bitmap", "weight.int8", "weight.scales"]),
        ] {
            let (layer, tensors) = compressed(int8, zeros);
            let names: Vec<&str> =
                tensors.keys().map(String::as_str).filter(|name| *name != "bias").collect();
            assert_eq!(names, parts);
            let found = load(&tensors).unwrap();
            let w = layer.weight.value();
            let expected = if int8 { Int8Rows::quantize(&w).expanded() } else { w };
            assert_eq!(found.weight.value().to_f64(), expected.to_f64());
            assert_eq!(found.weight.int8().is_some(), int8);
            let x = Tensor::ones([1, 9], DType::F32);
            let (in_int8, in_f32) = (no_grad(|| found.forward(&x)), found.forward(&x));
            assert!(in_int8.to_f64().iter().zip(in_f32.to_f64()).all(|(a, b)| (a - b).abs() < 1e-5));
        }
    }

    #[test]
    fn parts_that_do_not_fit_are_named() {
        let refused = |change: &dyn Fn(&mut StateDict), says: &str| {
            let (_, mut tensors) = compressed(true, 40);
            change(&mut tensors);
            let error = load(&tensors).unwrap_err().to_string();
            assert!(
                error.contains("file: the compressed tensor \"weight\"") && error.contains(says),
                "{error}"
            );
        };
        let put = |name: &'static str, words: Vec<u32>| {
            move |tensors: &mut StateDict| {
                tensors.insert(name.into(), Tensor::from_slice(&words, [words.len()]));
            }
        };
        refused(&|t| drop(t.remove("weight.scales")), "some of its parts are missing");
        refused(&put("weight.bitmap", vec![1]), "expected 2 words of a bitmap of u32, found u32 [1]");
        refused(&put("weight.bitmap", vec![0, 1 << 31]), "its bitmap has bits after those of 63 elements");
        refused(&put("weight.bitmap", vec![3, 0]), "expected 1 words of int8");
        refused(&put("weight.scales", vec![1]), "expected 7 scales of f32, found u32 [1]");
        refused(
            &|t| {
                put("weight.bitmap", vec![1, 0])(t);
                put("weight.int8", vec![0x80])(t);
            },
            "an int8 is -128",
        );
        refused(
            &|t| {
                put("weight.bitmap", vec![1, 0])(t);
                put("weight.int8", vec![0x100])(t);
            },
            "its last word has bytes other than 0 after 1 int8",
        );
        let (_, mut tensors) = compressed(true, 0);
        put("other.int8", vec![1])(&mut tensors);
        assert!(matches!(load(&tensors).unwrap_err(), StateError::Unknown { .. }));
    }
}
