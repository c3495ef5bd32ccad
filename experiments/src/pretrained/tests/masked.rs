use super::*;
use crate::pretrained::save_masked;
use gradus_engine::Mode;
use gradus_models::MaskedLm;

fn masked() -> (TempDir, MaskedLm) {
    let folder = tempfile::tempdir().unwrap();
    let model = MaskedLm::new(&config(), &mut Rng::new(1));
    save_masked(folder.path(), &config(), &model, &pieces()).unwrap();
    (folder, model)
}

fn all(model: &MaskedLm) -> Vec<(String, Vec<f32>)> {
    let named = model.named_params().into_iter().filter(|(name, _)| !name.starts_with("bert.pooler."));
    named.map(|(name, param)| (name, param.value().to_vec())).collect()
}

/// Another random model, with the weights of the folder.
fn read(folder: &Path) -> Result<(Vec<String>, MaskedLm), crate::pretrained::PretrainedError> {
    let pretrained = Pretrained::open(folder).unwrap();
    let model = MaskedLm::new(pretrained.config(), &mut Rng::new(2));
    pretrained.load_into_masked(&model)?;
    Ok((pretrained.notes_for_masked(), model))
}

#[test]
fn what_is_saved_with_a_head_is_loaded() {
    let (folder, model) = masked();
    let (notes, again) = read(folder.path()).unwrap();
    assert_eq!((all(&again), notes), (all(&model), vec![]));
    // Without its head it is a BERT without a pooler.
    let (pretrained, bert) = loaded(folder.path());
    let encoder =
        |bert: &Bert| values(bert).into_iter().filter(|(n, _)| !n.starts_with("pooler")).collect::<Vec<_>>();
    assert_eq!(encoder(&bert), encoder(&model.bert));
    assert!(pretrained.note_of_pooler().unwrap().ends_with("no pooler; its weights stay random"));
    let (tensors, _) = read_tensors(&folder.path().join("model.safetensors")).unwrap();
    assert!(tensors.contains_key("cls.predictions.transform.LayerNorm.weight"));
    assert!(fs::read_to_string(folder.path().join("config.json")).unwrap().contains("\"BertForMaskedLM\""));
}

/// A folder that transformers wrote, with the logits that it computes in float64.
#[test]
fn the_logits_are_those_of_transformers() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/bert_masked"));
    let (notes, model) = read(folder).unwrap();
    assert_eq!(notes, &[] as &[String]);
    let (golden, _) = read_tensors(&folder.join("golden.safetensors")).unwrap();
    let [ids, lengths, places] = ["in.ids", "in.lengths", "in.places"].map(|name| &golden[name]);
    let expected = golden["out.logits"].to_f64();
    let logits = |model: &MaskedLm| model.logits(ids, lengths, places, &mut Mode::Eval).to_f64();
    let found = logits(&model);
    assert_eq!(found.len(), 5 * 18);
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-5 * expected.abs().max(1.0), "{found} {expected}");
    }
    // What is saved from it computes the same.
    let pretrained = Pretrained::open(folder).unwrap();
    let again = tempfile::tempdir().unwrap();
    save_masked(again.path(), pretrained.config(), &model, pretrained.pieces()).unwrap();
    assert_eq!(logits(&read(again.path()).unwrap().1), found);
}

#[test]
fn a_head_may_have_copies_of_tied_tensors_and_old_names() {
    let (folder, model) = masked();
    change_tensors(folder.path(), |tensors| {
        let words = tensors["bert.embeddings.word_embeddings.weight"].clone();
        tensors.insert("cls.predictions.decoder.weight".into(), words);
        let bias = tensors.remove("cls.predictions.bias").unwrap();
        tensors.insert("cls.predictions.decoder.bias".into(), bias);
        let gamma = tensors.remove("cls.predictions.transform.LayerNorm.weight").unwrap();
        tensors.insert("cls.predictions.transform.LayerNorm.gamma".into(), gamma);
    });
    assert_eq!(all(&read(folder.path()).unwrap().1), all(&model));
    change_tensors(folder.path(), |tensors| {
        let words = &tensors["cls.predictions.decoder.weight"] + 1.0;
        tensors.insert("cls.predictions.decoder.weight".into(), words);
    });
    let error = read(folder.path()).unwrap_err().to_string();
    let says = "expected tensor 'cls.predictions.decoder.weight' to be the word embeddings, as in BERT";
    assert!(error.contains("model.safetensors") && error.contains(says), "{error}");
}

#[test]
fn without_a_head_a_new_one_is_started() {
    let (folder, bert) = tiny();
    let (notes, model) = read(folder.path()).unwrap();
    assert_eq!(values(&model.bert), values(&bert));
    let fresh = MaskedLm::new(&config(), &mut Rng::new(2));
    let head =
        |model: &MaskedLm| all(model).into_iter().filter(|(n, _)| n.starts_with("cls.")).collect::<Vec<_>>();
    assert_eq!(head(&model), head(&fresh));
    let [note] = &notes[..] else { panic!("{notes:?}") };
    assert!(note.ends_with("no head for masked pieces; a new one starts from random weights"), "{note}");
}

#[test]
fn a_head_in_part_is_refused() {
    let (folder, _) = masked();
    change_tensors(folder.path(), |tensors| {
        _ = tensors.remove("cls.predictions.transform.dense.bias").unwrap()
    });
    let error = read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("cls.predictions.transform.dense.bias"), "{error}");
    let (folder, _) = masked();
    change_tensors(folder.path(), |tensors| {
        tensors.insert("cls.predictions.bias".into(), gradus_engine::Tensor::from_slice(&[0f32; 3], [3]));
    });
    let error = read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("cls.predictions.bias") && error.contains("[3]"), "{error}");
}
