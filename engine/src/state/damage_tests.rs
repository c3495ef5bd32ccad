//! Files that were damaged, cut short or forged give an error, never another model.

use super::*;
use crate::nn::{LayerNorm, Linear};
use crate::optim::{Optimizer, OptimizerConfig, Rule};
use crate::{DType, Rng, Stream, Tensor};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;
use std::collections::HashMap;
use std::fs;

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut");
    save(&LayerNorm::new(5), &path).unwrap();
    let whole = fs::read(&path).unwrap();
    for len in 0..whole.len() {
        fs::write(&path, &whole[..len]).unwrap();
        let message = load(&LayerNorm::new(5), &path).unwrap_err().to_string();
        assert!(message.contains("cut"), "{len}: {message}");
    }
    assert!(
        load(&LayerNorm::new(5), &folder.path().join("none"))
            .unwrap_err()
            .to_string()
            .contains("cannot read")
    );
}

#[test]
fn a_header_that_lies_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lies");
    save(&LayerNorm::new(5), &path).unwrap();
    let whole = fs::read(&path).unwrap();
    let longer = [whole.as_slice(), &[0; 4]].concat();
    let endless = [&u64::MAX.to_le_bytes(), &whole[8..]].concat();
    let at = whole.windows(3).position(|w| w == b"[5]").unwrap();
    let mut wider = whole.clone();
    wider[at + 1] = b'6';
    for bytes in [longer, endless, wider] {
        fs::write(&path, &bytes).unwrap();
        let message = read_tensors(&path).unwrap_err().to_string();
        assert!(message.contains("lies is not a whole safetensors file"), "{message}");
    }
}

/// A checkpoint with text, moments, and tensors of several types.
fn checkpoint(path: &Path) {
    let model = Linear::new(3, 2, &mut Rng::new(1));
    let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 1e-2));
    let x = Tensor::normal([4, 3], 0.0, 1.0, &mut Rng::new(2));
    optimizer.step(&model, &model.forward(&x).square().mean_all().backward());
    let x = Tensor::from_slice(&[0.0f32, 1.0], [2]);
    let of = |dtype: DType| (dtype.to_string(), x.to_dtype(dtype));
    let state = [of(DType::Bool), of(DType::I64), of(DType::F64), of(DType::BF16)].into();
    Checkpoint::save(path, &model, &optimizer, None, &state, &json!({ "step": 7, "name": "\"é\\" })).unwrap();
}

#[test]
fn any_bit_that_flips_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    checkpoint(&path);
    let whole = fs::read(&path).unwrap();
    Checkpoint::read(&path).unwrap();
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            fs::write(&path, &changed).unwrap();
            let Err(error) = read_tensors(&path) else { panic!("bit {bit} of byte {at} is missed") };
            assert!(error.to_string().contains("run"), "{error}");
        }
    }
    let at = whole.len() - 3;
    let mut changed = whole.clone();
    changed[at] ^= 4;
    fs::write(&path, &changed).unwrap();
    let message = read_tensors(&path).unwrap_err().to_string();
    assert!(message.contains("run is damaged: its contents do not match its checksum; use"), "{message}");
}

#[test]
fn a_large_file_is_checked_to_its_last_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let tensors = [("a".to_owned(), Tensor::normal([97, 40], 0.0, 1.0, &mut Rng::new(1)))].into();
    write_tensors(&path, &tensors, "").unwrap();
    let whole = fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(97).chain([whole.len() - 1]) {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        fs::write(&path, &changed).unwrap();
        assert!(read_tensors(&path).is_err(), "byte {at}");
    }
}

/// The checksum equals `zlib.crc32` of the file in which the checksum's digits are zeros.
#[test]
fn the_checksum_is_that_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    checkpoint(&path);
    let mut bytes = fs::read(&path).unwrap();
    let mark = b"\"gradus.crc32\":\"crc32:";
    let at = bytes.windows(mark.len()).position(|part| part == mark).unwrap() + mark.len();
    let said = String::from_utf8(bytes[at..at + 8].to_vec()).unwrap();
    bytes[at..at + 8].fill(b'0');
    // CRC-32, bit by bit.
    let crc = bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    });
    assert_eq!(said, format!("{:08x}", !crc));
}

/// Compatible with the format's library in both directions: reading its files, and writing files that it reads.
#[test]
fn files_come_from_elsewhere_and_go_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    checkpoint(&path);
    let (tensors, text) = read_tensors(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let theirs = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(theirs.len(), tensors.len());
    for (name, tensor) in &tensors {
        let found = theirs.tensor(name).unwrap();
        assert_eq!((found.shape(), found.data()), (&*tensor.shape(), tensor.bytes()), "{name}");
        assert!(
            (found.data().as_ptr() as usize - bytes.as_ptr() as usize).is_multiple_of(tensor.dtype().size())
        );
    }
    let views = tensors.keys().map(|name| (name.clone(), theirs.tensor(name).unwrap()));
    for metadata in [None, Some(HashMap::from([("gradus".to_owned(), text.clone())]))] {
        let expected = if metadata.is_some() { text.as_str() } else { "" };
        fs::write(&path, safetensors::serialize(views.clone(), metadata).unwrap()).unwrap();
        let (read, beside) = read_tensors(&path).unwrap();
        assert_eq!(beside, expected);
        assert!(read.iter().all(|(name, tensor)| tensor.bytes() == tensors[name].bytes()));
    }
}

#[test]
fn the_same_tensors_are_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| folder.path().join(name));
    checkpoint(&a);
    checkpoint(&b);
    assert!(fs::read(&a).unwrap() == fs::read(&b).unwrap());
}

#[test]
fn a_header_without_end_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long");
    fs::write(&path, 200_000_000u64.to_le_bytes()).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_len(300_000_000).unwrap();
    let message = read_tensors(&path).unwrap_err().to_string();
    assert!(message.contains("longer than the 100 MB of the format"), "{message}");

    let before = fs::read(&path).unwrap().len();
    let text = "x".repeat(100_000_001);
    let message = write_tensors(&path, &StateDict::new(), &text).unwrap_err().to_string();
    assert!(message.contains("cannot write") && message.contains("100 MB"), "{message}");
    assert_eq!(fs::metadata(&path).unwrap().len() as usize, before, "the earlier file is unchanged");
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_no_weights() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("best");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let message = read_tensors(&path).unwrap_err().to_string();
    assert!(message.contains("best: it is a named pipe, not a regular file"), "{message}");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
    let message = read_tensors(&path).unwrap_err().to_string();
    assert!(message.contains("best: it is a device, not a regular file"), "{message}");
}

/// Arbitrary bytes, and files without a checksum of which some bytes were changed: an error, or tensors.
#[test]
fn any_bytes_are_tensors_or_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    checkpoint(&path);
    let (tensors, text) = read_tensors(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    let theirs = SafeTensors::deserialize(&whole).unwrap();
    let views = tensors.keys().map(|name| (name, theirs.tensor(name).unwrap()));
    let metadata = HashMap::from([("gradus".to_owned(), text)]);
    let whole = safetensors::serialize(views, Some(metadata)).unwrap();
    let mut read = [0, 0];
    for i in 0..3000 {
        let draws = Stream { seed: 7, stream: i };
        let mut bytes = match i % 10 {
            0 => (0..draws.below(0, 64)).map(|at| draws.below(1 + at, 256) as u8).collect(),
            _ => whole.clone(),
        };
        if i % 10 > 0 {
            for change in 0..1 + i % 3 {
                // Most changes are in the header, with characters that occur there.
                let at = draws.below(2 * change, if i % 2 == 0 { 400 } else { bytes.len() as u64 });
                bytes[at as usize] = b"0123456789[],:{}\"FIUB-e. "[draws.below(2 * change + 1, 25) as usize];
            }
        }
        fs::write(&path, &bytes).unwrap();
        match read_tensors(&path) {
            Ok(_) => read[0] += 1,
            Err(error) => {
                read[1] += 1;
                assert!(error.to_string().len() < 1000);
            }
        }
    }
    assert!(read[0] > 100 && read[1] > 1000, "{read:?}");
}

#[test]
fn a_shape_larger_than_addresses_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    for shape in ["[0,4611686018427387904,8]", "[4611686018427387904,0,8]", "[0,9223372036854775807]"] {
        let header = format!("{{\"a\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":[0,0]}}}}");
        fs::write(&path, [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat()).unwrap();
        let message = read_tensors(&path).unwrap_err().to_string();
        assert!(
            message.contains("more elements than memory has addresses") || message.contains("overflow"),
            "{message}"
        );
    }
}

fn file_of(path: &Path, dtype: Dtype, shape: &[usize], bytes: &[u8]) {
    let view = TensorView::new(dtype, shape.to_vec(), bytes).unwrap();
    fs::write(path, safetensors::serialize([("weight", view)], None).unwrap()).unwrap();
}

#[test]
fn bytes_are_no_bools_and_integers_no_weights() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    file_of(&path, Dtype::U8, &[2], &[0, 7]);
    let message = read_tensors(&path).unwrap_err().to_string();
    assert!(message.contains("tensor \"weight\" has the unknown type U8"), "{message}");
    file_of(&path, Dtype::BOOL, &[2], &[0, 7]);
    let message = read_tensors(&path).unwrap_err().to_string();
    assert!(message.contains("\"weight\" is of bool, but holds the byte 7"), "{message}");
    file_of(&path, Dtype::BOOL, &[2], &[0, 1]);
    assert_eq!(read_tensors(&path).unwrap().0["weight"].to_f64(), [0.0, 1.0]);

    let model = LayerNorm::new(2);
    let before = model.weight.value().to_f64();
    for dtype in [DType::I64, DType::U32, DType::Bool] {
        let ones = || Tensor::from_slice(&[1.0f32, 0.0], [2]);
        let tensors = [("bias".into(), ones()), ("weight".into(), ones().to_dtype(dtype))].into();
        let message = load_state_dict(&model, &tensors, &path).unwrap_err().to_string();
        assert!(
            message.contains(&format!("tensor \"weight\" is of {dtype}, the model expects f32")),
            "{message}"
        );
    }
    assert_eq!(model.weight.value().to_f64(), before);
}

#[test]
fn weights_that_are_not_finite_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 1e-2));
    for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let model = Linear::new(3, 2, &mut Rng::new(1));
        let good = state_dict(&model);
        check_finite(&good, &path).unwrap();
        Checkpoint::save(&path, &model, &optimizer, None, &StateDict::new(), &json!(0)).unwrap();
        let checkpoint = Checkpoint::read(&path).unwrap();
        checkpoint.load_model(&model).unwrap();
        let mut weights = good["weight"].to_vec::<f32>();
        weights[4] = wrong;
        model.weight.set(&Tensor::from_slice(&weights, [2, 3]));
        let message = check_finite(&state_dict(&model), &path).unwrap_err().to_string();
        assert!(message.contains("tensor \"weight\" holds a value that is not finite"), "{message}");
        Checkpoint::save(&path, &model, &optimizer, None, &StateDict::new(), &json!(0)).unwrap();
        let message = Checkpoint::read(&path).unwrap().load_model(&model).unwrap_err().to_string();
        assert!(message.contains("tensor \"weight\" holds"), "{message}");
    }
}

#[test]
fn messages_are_short_and_show_what_they_quote() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let name = format!("\u{1b}[31m{}", "x".repeat(100_000));
    let tensors = [(name, Tensor::scalar(1.0f32))].into();
    let message = load_state_dict(&LayerNorm::new(2), &tensors, &path).unwrap_err().to_string();
    assert!(message.len() < 300 && message.contains("\\u{1b}[31mxxx"), "{message}");
    let header = format!("{{\"a\":\"\u{1b}{}\"}}", "y".repeat(100_000));
    fs::write(&path, [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat()).unwrap();
    let message = read_tensors(&path).unwrap_err().to_string();
    assert!(message.len() < 600 && !message.contains('\u{1b}'), "{message}");
}
