use super::*;
use gradus_engine::DType;
use serde_json::json;

#[test]
fn what_is_saved_is_loaded() {
    let (folder, bert) = tiny();
    let (pretrained, again) = loaded(folder.path());
    assert_eq!(pretrained.config(), &config());
    assert_eq!(values(&again), values(&bert));
    assert_eq!((pretrained.notes(), pretrained.note_of_pooler()), (&[] as &[String], None));
    assert_eq!(pretrained.pieces().encode("the test", 9), pieces().encode("the test", 9));
    let mut files: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]);
}

#[test]
fn names_may_have_a_prefix_and_be_old_and_heads_are_ignored() {
    let (folder, bert) = tiny();
    change_tensors(folder.path(), |tensors| {
        let old = std::mem::take(tensors);
        for (name, tensor) in &old {
            let name = name.replace("LayerNorm.weight", "LayerNorm.gamma");
            tensors
                .insert(format!("bert.{}", name.replace("LayerNorm.bias", "LayerNorm.beta")), tensor.clone());
        }
        let some = &old["pooler.dense.bias"];
        tensors.insert("bert.embeddings.position_ids".into(), some.to_dtype(DType::I64));
        tensors.insert("cls.predictions.bias".into(), some.clone());
        tensors.insert("classifier.weight".into(), some.to_dtype(DType::F64));
    });
    let (pretrained, again) = loaded(folder.path());
    assert_eq!(values(&again), values(&bert));
    let [note] = pretrained.notes() else { panic!("{:?}", pretrained.notes()) };
    let says =
        "model.safetensors: 2 tensors of other heads ignored: 'classifier.weight', 'cls.predictions.bias'";
    assert!(note.ends_with(says), "{note}");
}

#[test]
fn tensors_of_two_bytes_become_f32() {
    for dtype in [DType::F16, DType::BF16] {
        let (folder, bert) = tiny();
        change_tensors(folder.path(), |tensors| tensors.values_mut().for_each(|t| *t = t.to_dtype(dtype)));
        let (_, again) = loaded(folder.path());
        for ((name, param), (_, expected)) in again.named_params().iter().zip(bert.named_params()) {
            assert_eq!(param.dtype(), DType::F32);
            let rounded = expected.value().to_dtype(dtype).to_f64();
            assert_eq!(param.value().to_f64(), rounded, "{name}");
        }
    }
}

#[test]
fn without_a_pooler_its_weights_stay_random() {
    let (folder, bert) = tiny();
    change_tensors(folder.path(), |tensors| tensors.retain(|name, _| !name.starts_with("pooler")));
    let (pretrained, again) = loaded(folder.path());
    let fresh = values(&Bert::new(&config(), &mut Rng::new(2)));
    for (((name, found), (_, saved)), (_, fresh)) in values(&again).into_iter().zip(values(&bert)).zip(fresh)
    {
        assert_eq!(found, if name.starts_with("pooler") { fresh } else { saved }, "{name}");
    }
    let note = pretrained.note_of_pooler().unwrap();
    assert!(note.ends_with("model.safetensors: no pooler; its weights stay random"), "{note}");
    // Most tasks do not use it.
    assert_eq!(pretrained.notes(), &[] as &[String]);
}

#[test]
fn keys_that_are_missing_are_those_of_bert_base_and_others_are_not_looked_at() {
    let (folder, _) = tiny();
    change_config(folder.path(), |config| {
        let missing =
            ["model_type", "position_embedding_type", "hidden_act", "hidden_dropout_prob", "type_vocab_size"];
        missing.iter().for_each(|key| _ = config.remove(*key).unwrap());
        config.insert("id2label".into(), json!({"0": "no"}));
        config.insert("pruned_heads".into(), json!({}));
    });
    let (hidden_act, hidden_dropout_prob) = (BertActivation::Gelu, 0.1);
    let expected = BertConfig { hidden_act, hidden_dropout_prob, ..config() };
    assert_eq!(Pretrained::open(folder.path()).unwrap().config(), &expected);
}

/// A saved model with this number of embeddings beyond those of its vocabulary.
fn with_unused_rows(more: usize) -> (TempDir, Result<Pretrained, PretrainedError>) {
    let folder = tempfile::tempdir().unwrap();
    let config = BertConfig { vocab_size: config().vocab_size + more, ..config() };
    save(folder.path(), &config, &Bert::new(&config, &mut Rng::new(1)), &pieces()).unwrap();
    let opened = Pretrained::open(folder.path());
    (folder, opened)
}

#[test]
fn a_few_embeddings_without_a_piece_are_noted_and_more_than_a_tenth_are_warned_of() {
    for (more, says) in [
        (1, "/model.safetensors: 1 row of the 24 of the word embeddings has no piece in "),
        (2, "/model.safetensors: 2 rows of the 25 of the word embeddings have no piece in "),
    ] {
        let (_folder, opened) = with_unused_rows(more);
        let opened = opened.unwrap();
        let [note] = opened.notes() else { panic!("{:?}", opened.notes()) };
        assert!(note.contains(says) && note.ends_with("/tokenizer.json"), "{note}");
        assert_eq!((opened.notes_for_masked().last(), opened.warnings()), (Some(note), vec![]));
    }
    for more in [3, 23] {
        let (_folder, opened) = with_unused_rows(more);
        let opened = opened.unwrap();
        let warnings = opened.warnings();
        let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
        let counts = format!("/model.safetensors have {} rows: is it the vocabulary", 23 + more);
        assert!(
            warning.contains("/tokenizer.json has only 23 pieces, but the word embeddings in "),
            "{warning}"
        );
        assert!(warning.contains(&counts), "{warning}");
        assert_eq!(opened.notes(), &[] as &[String]);
    }
}

#[test]
fn a_vocabulary_of_less_than_half_of_the_embeddings_is_refused() {
    let (folder, opened) = with_unused_rows(24);
    let at = folder.path().display();
    assert_eq!(
        opened.unwrap_err().to_string(),
        format!(
            "{at}/tokenizer.json: expected a vocabulary of 47 pieces, one for each row of the word embeddings in \
             {at}/model.safetensors, found one of 23; use the vocabulary that the model was trained with"
        )
    );
}

#[test]
#[should_panic(expected = "it has encoder.layer.0.intermediate.dense.weight of shape [13, 8]")]
fn a_model_of_other_sizes_is_a_bug() {
    let (folder, _) = tiny();
    let other = BertConfig { intermediate_size: 13, ..config() };
    let _ = Pretrained::open(folder.path()).unwrap().load_into(&Bert::new(&other, &mut Rng::new(1)));
}

#[test]
#[should_panic(expected = "it has encoder.layer.2.attention.self.query.weight of shape [8, 8]")]
fn a_model_of_more_layers_is_a_bug() {
    let other = BertConfig { num_hidden_layers: 3, ..config() };
    let folder = tempfile::tempdir().unwrap();
    let _ = save(folder.path(), &config(), &Bert::new(&other, &mut Rng::new(1)), &pieces());
}

#[test]
#[should_panic(expected = "it lacks encoder.layer.1.attention.self.query.weight of shape [8, 8]")]
fn a_model_of_fewer_layers_is_a_bug() {
    let other = BertConfig { num_hidden_layers: 1, ..config() };
    let folder = tempfile::tempdir().unwrap();
    let _ = save(folder.path(), &config(), &Bert::new(&other, &mut Rng::new(1)), &pieces());
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    let (folder, bert) = tiny();
    let file = folder.path().join("config.json");
    let error = save(&file, &config(), &bert, &pieces()).unwrap_err().to_string();
    assert!(error.contains("cannot write") && error.contains("tokenizer.json"), "{error}");
}
