use super::*;
use gradus_engine::{DType, Tensor};
use serde_json::json;

/// A change of a folder.
type Change = Box<dyn Fn(&Path)>;

fn key(key: &'static str, value: Value) -> Change {
    Box::new(move |folder| change_config(folder, |config| _ = config.insert(key.into(), value.clone())))
}

fn tensors(change: impl Fn(&mut StateDict) + 'static) -> Change {
    Box::new(move |folder| change_tensors(folder, &change))
}

fn tensor(name: &'static str, change: impl Fn(&Tensor) -> Tensor + 'static) -> Change {
    tensors(move |tensors| {
        let changed = change(&tensors[name]);
        tensors.insert(name.into(), changed);
    })
}

fn file(name: &'static str, contents: &'static [u8]) -> Change {
    Box::new(move |folder| fs::write(folder.join(name), contents).unwrap())
}

fn remove(names: &'static [&'static str]) -> Change {
    Box::new(move |folder| names.iter().for_each(|name| fs::remove_file(folder.join(name)).unwrap()))
}

fn rename(from: &'static str, to: &'static str) -> Change {
    Box::new(move |folder| fs::rename(folder.join(from), folder.join(to)).unwrap())
}

/// Replaces the weights by a file with this header and 16 bytes of data.
fn header(text: &'static str) -> Change {
    Box::new(move |folder| {
        let bytes = [&(text.len() as u64).to_le_bytes(), text.as_bytes(), &[0; 16]].concat();
        fs::write(folder.join("model.safetensors"), bytes).unwrap();
    })
}

fn bytes(change: impl Fn(&mut Vec<u8>) + 'static) -> Change {
    Box::new(move |folder| {
        let path = folder.join("model.safetensors");
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
    })
}

const ALL: &[&str] = &["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
const QUERY: &str = "encoder.layer.1.attention.self.query.weight";

/// Folders that are refused when they are opened.
fn refused() -> Vec<(Change, &'static str)> {
    vec![
        (
            remove(ALL),
            "FOLDER: expected a folder with config.json, model.safetensors and tokenizer.json or vocab.txt, found no config.json;",
        ),
        (
            remove(&["model.safetensors"]),
            "FOLDER: expected model.safetensors, found no such file; save the model with save_pretrained",
        ),
        (
            rename("model.safetensors", "model.safetensors.index.json"),
            "found model.safetensors.index.json: weights in several files;",
        ),
        (
            rename("model.safetensors", "pytorch_model.bin"),
            "found pytorch_model.bin, which can run programs when it is read; convert it: python3 -c \"import sys, torch, safetensors.torch as s; s.save_file({k: v.clone().contiguous() for k, v in torch.load(sys.argv[1], weights_only=True).items()}, sys.argv[2], {'format': 'pt'})\" 'FOLDER/pytorch_model.bin' 'FOLDER/model.safetensors'",
        ),
        (
            remove(&["tokenizer.json"]),
            "FOLDER: expected a folder with tokenizer.json or vocab.txt, found neither;",
        ),
        (
            file("tokenizer.json", b"{}"),
            "tokenizer.json: expected JSON as Hugging Face writes it, found missing field `model`",
        ),
        (
            file("model.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
            "model.safetensors: expected a file of a BERT model, found a pointer of Git LFS to it; download the file itself",
        ),
        (
            file("model.safetensors", b"\n<!DOCTYPE html>\n<html>"),
            "model.safetensors: expected a file of a BERT model, found an HTML page; download the file itself",
        ),
        (
            file("tokenizer.json", b"<html>"),
            "tokenizer.json: expected a file of a BERT model, found an HTML page;",
        ),
        (
            Box::new(|folder| change_config(folder, |config| _ = config.remove("num_hidden_layers"))),
            "config.json, num_hidden_layers: expected 2, as in model.safetensors, found no such key, without which it is 12;",
        ),
        (
            Box::new(|folder| change_config(folder, |config| _ = config.remove("num_attention_heads"))),
            "config.json, num_attention_heads: expected a divisor of hidden_size, which is 8, found no such key, without which it is 12;",
        ),
        (
            Box::new(|folder| {
                fs::create_dir(folder.join("pretrained")).unwrap();
                ALL.iter().for_each(|name| {
                    fs::rename(folder.join(name), folder.join("pretrained").join(name)).unwrap()
                });
            }),
            "found the folder of a run, whose model is in pretrained/; name the folder FOLDER/pretrained",
        ),
        (file("config.json", b"{"), "config.json: expected a JSON object, found EOF while parsing"),
        (file("config.json", b"[]"), "config.json: expected a JSON object, found invalid type: sequence"),
        (file("config.json", b"\xff"), "config.json, line 1: expected UTF-8, found byte 0xff"),
        (
            key("model_type", json!("roberta")),
            "config.json, model_type: expected \"bert\", found \"roberta\"; only plain BERT models are read",
        ),
        (
            key("hidden_act", json!("swish")),
            "config.json, hidden_act: expected a value that a BERT can have, found unknown variant `swish`, expected one of `gelu`, `gelu_new`, `relu`;",
        ),
        (
            key("position_embedding_type", json!("relative_key")),
            "config.json, position_embedding_type: expected \"absolute\", found \"relative_key\";",
        ),
        (key("is_decoder", json!(true)), "config.json, is_decoder: expected false, found true;"),
        (
            key("add_cross_attention", json!(true)),
            "config.json, add_cross_attention: expected false, found true;",
        ),
        (
            key("pruned_heads", json!({"0": [1]})),
            "config.json, pruned_heads: expected {}, found {\"0\":[1]};",
        ),
        (
            key("quantization_config", json!({"bits": 4})),
            "config.json, quantization_config: expected null, found {\"bits\":4};",
        ),
        (
            key("hidden_size", json!("8")),
            "config.json, hidden_size: expected a value that a BERT can have, found invalid type: string \"8\", expected usize;",
        ),
        (
            key("hidden_size", json!(-8)),
            "config.json, hidden_size: expected a value that a BERT can have, found invalid value: integer `-8`",
        ),
        (
            key("num_attention_heads", json!(3)),
            "config.json, num_attention_heads: expected a divisor of hidden_size, which is 8, found 3;",
        ),
        (
            key("hidden_dropout_prob", json!(1.5)),
            "config.json, hidden_dropout_prob: expected at least 0 and below 1, found 1.5;",
        ),
        (
            key("hidden_size", json!(10)),
            "config.json, hidden_size: expected 8, as in model.safetensors, found 10;",
        ),
        (
            key("vocab_size", json!(41)),
            "config.json, vocab_size: expected 23, as in model.safetensors, found 41;",
        ),
        (
            key("num_hidden_layers", json!(3)),
            "config.json, num_hidden_layers: expected 2, as in model.safetensors, found 3;",
        ),
        (
            key("num_hidden_layers", json!(1u64 << 62)),
            "config.json, num_hidden_layers: expected 2, as in model.safetensors, found 4611686018427387904;",
        ),
        (
            key("intermediate_size", json!(13)),
            "config.json, intermediate_size: expected 12, as in model.safetensors, found 13;",
        ),
        (
            key("max_position_embeddings", json!(512)),
            "config.json, max_position_embeddings: expected 16, as in model.safetensors, found 512;",
        ),
        (
            key("type_vocab_size", json!(1)),
            "config.json, type_vocab_size: expected 2, as in model.safetensors, found 1;",
        ),
        (
            tensors(|t| _ = t.remove(QUERY)),
            "model.safetensors has no tensor \"encoder.layer.1.attention.self.query.weight\", which the model needs;",
        ),
        (
            tensors(|t| _ = t.remove("pooler.dense.bias")),
            "model.safetensors has no tensor \"pooler.dense.bias\"",
        ),
        (
            tensors(|t| t.retain(|name, _| name.starts_with("pooler"))),
            "model.safetensors has no tensor \"embeddings.word_embeddings.weight\"",
        ),
        (
            tensors(|t| _ = t.insert("encoder.layer.9.x".into(), t[QUERY].clone())),
            "config.json, num_hidden_layers: expected 3, as in model.safetensors, found 2;",
        ),
        (
            tensors(|t| {
                _ = t.insert(
                    "encoder.layer.0.attention.self.distance_embedding.weight".into(),
                    t[QUERY].clone(),
                )
            }),
            "model.safetensors has a tensor \"encoder.layer.0.attention.self.distance_embedding.weight\" that the model does not have;",
        ),
        (
            tensors(|t| _ = t.insert(format!("bert.{QUERY}"), t[QUERY].clone())),
            "model.safetensors: expected one tensor 'encoder.layer.1.attention.self.query.weight', found 'bert.encoder.layer.1.attention.self.query.weight', 'encoder.layer.1.attention.self.query.weight';",
        ),
        (
            tensor(QUERY, |t| t.narrow(0, 0, 4).contiguous()),
            "model.safetensors: expected tensor 'encoder.layer.1.attention.self.query.weight' of shape [8, 8], found [4, 8];",
        ),
        (
            tensor("embeddings.word_embeddings.weight", |t| t.at(1, 0).contiguous()),
            "model.safetensors: expected tensor 'embeddings.word_embeddings.weight' of shape [23, 8], found [23];",
        ),
        (
            tensor(QUERY, |t| t.to_dtype(DType::I64)),
            "model.safetensors: expected tensor 'encoder.layer.1.attention.self.query.weight' of the type F32, F16 or BF16, found I64;",
        ),
        (tensor(QUERY, |t| t.to_dtype(DType::F64)), "of the type F32, F16 or BF16, found F64;"),
        (
            file("model.safetensors", b""),
            "model.safetensors is not a whole safetensors file (it has no header);",
        ),
        (
            file("model.safetensors", b"\0\0\0\0\0\0\0\x80{}"),
            "model.safetensors is not a whole safetensors file (its header is longer than the file);",
        ),
        (
            bytes(|bytes| bytes.truncate(bytes.len() - 1)),
            "model.safetensors is not a whole safetensors file (its tensors do not end where the file does);",
        ),
        (header("{]"), "model.safetensors is not a whole safetensors file ("),
        (
            header(
                r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#,
            ),
            "model.safetensors is not a whole safetensors file (",
        ),
        (
            header(r#"{"a":{"dtype":"F32","shape":[400],"data_offsets":[0,1600]}}"#),
            "model.safetensors is not a whole safetensors file (",
        ),
        (
            header(r#"{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,16]}}"#),
            "model.safetensors is not a whole safetensors file (",
        ),
        (
            header(r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#),
            "model.safetensors has no tensor \"embeddings.word_embeddings.weight\"",
        ),
    ]
}

fn message(folder: &Path, error: impl ToString) -> String {
    let message = error.to_string();
    message
        .replace(&format!("{}/", folder.display()), "FOLDER/")
        .replace(&folder.display().to_string(), "FOLDER")
}

#[test]
fn what_is_wrong_is_said_in_one_sentence() {
    for (change, says) in refused() {
        let (folder, _) = tiny();
        change(folder.path());
        let message = message(folder.path(), Pretrained::open(folder.path()).unwrap_err());
        println!("{message}");
        assert!(message.contains(says), "{message}\ndoes not say\n{says}");
        assert!(!message.contains('\n') && message.starts_with("FOLDER"), "{message}");
    }
}

#[test]
fn what_only_reading_shows_is_said_when_weights_are_loaded() {
    for (change, says) in [
        (
            bytes(|bytes| *bytes.last_mut().unwrap() ^= 1),
            "FOLDER/model.safetensors is damaged: its contents do not match its checksum",
        ),
        (
            tensor(QUERY, |t| t * f64::INFINITY),
            "FOLDER/model.safetensors: tensor \"encoder.layer.1.attention.self.query.weight\" holds a value that is not finite",
        ),
    ] {
        let (folder, bert) = tiny();
        change(folder.path());
        let pretrained = Pretrained::open(folder.path()).unwrap();
        let message = message(folder.path(), pretrained.load_into(&bert).unwrap_err());
        assert!(message.starts_with(says), "{message}");
    }
}

/// The weights are checked again when they are loaded.
#[test]
fn a_file_that_changed_since_it_was_opened_is_an_error() {
    let (folder, bert) = tiny();
    let pretrained = Pretrained::open(folder.path()).unwrap();
    tensor(QUERY, |t| t.narrow(0, 0, 4).contiguous())(folder.path());
    let message = message(folder.path(), pretrained.load_into(&bert).unwrap_err());
    assert!(message.contains("has shape [4, 8], the model expects [8, 8]"), "{message}");
}

#[test]
fn a_vocabulary_of_another_size_is_an_error() {
    for (rows, says) in [
        (
            22,
            "FOLDER/tokenizer.json: expected a vocabulary of 22 pieces, one for each row of the word embeddings in \
             FOLDER/model.safetensors, found one of 23; use the vocabulary",
        ),
        (23 + 128, "FOLDER/tokenizer.json: expected a vocabulary of 151 pieces"),
    ] {
        let (folder, _) = tiny();
        change_tensors(folder.path(), |tensors| {
            tensors.insert("embeddings.word_embeddings.weight".into(), Tensor::zeros([rows, 8], DType::F32));
        });
        key("vocab_size", json!(rows))(folder.path());
        let message = message(folder.path(), Pretrained::open(folder.path()).unwrap_err());
        assert!(message.starts_with(says), "{message}");
    }
}

#[test]
fn what_is_no_folder_is_named() {
    let (folder, _) = tiny();
    let open = |name: &str| message(folder.path(), Pretrained::open(&folder.path().join(name)).unwrap_err());
    let file = open("config.json");
    assert!(
        file.starts_with("FOLDER/config.json: expected the folder of a BERT model, found a regular file;"),
        "{file}"
    );
    let none = open("none");
    assert!(none.starts_with("cannot read FOLDER/none: "), "{none}");
}

#[test]
fn fuzz_bert_config() {
    let (folder, bert) = tiny();
    crate::fuzz::run("bert_config", |bytes| {
        fs::write(folder.path().join("config.json"), bytes).unwrap();
        match Pretrained::open(folder.path()) {
            // The weights fit no other sizes, but any dropout.
            Ok(pretrained) => pretrained.load_into(&bert).unwrap(),
            Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
        }
    });
}
