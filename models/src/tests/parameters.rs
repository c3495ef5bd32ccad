//! The number of parameters that is computed in advance equals that of the built model.

use super::architectures::{CNN, Model, Options, SIZES, configs, models};
use crate::{BiDafConfig, BiLstmConfig, BiLstmCrfConfig, CharacterModel, DataSizes, TextCnnConfig};

#[test]
fn every_parameter_is_counted() {
    for options in Options::all() {
        let (cnn, lstm, crf, bidaf) = configs(options);
        let counted = [
            cnn.parameters(&SIZES),
            lstm.parameters(&SIZES),
            crf.parameters(&SIZES),
            bidaf.parameters(&SIZES),
        ];
        for (model, counted) in models(options).iter().map(Model::module).zip(counted) {
            let names: Vec<String> = model.named_params().into_iter().map(|(name, _)| name).collect();
            assert_eq!(Some(model.param_count() as u64), counted, "{options:?}: {names:?}");
        }
    }
}

/// The defaults on sizes of real data, against sums computed by hand.
#[test]
fn the_defaults_are_counted() {
    let sizes = DataSizes { words: 30_000, characters: 0, outputs: 2 };
    // 30,000 · 300; 128 · (300 · (3 + 4 + 5) + 3); 384 · 2 + 2.
    assert_eq!(TextCnnConfig::default().parameters(&sizes), Some(9_000_000 + 461_184 + 770));
    // Two directions of 512 gates over 300 + 128, then over 256 + 128, with two biases each; 256 · 2 + 2.
    let lstm = 2 * 512 * (300 + 128 + 2) + 2 * 512 * (256 + 128 + 2);
    assert_eq!(BiLstmConfig::default().parameters(&sizes), Some(9_000_000 + lstm + 514));
}

/// The largest value of each size: the number of parameters overflows, and nothing panics.
#[test]
fn too_many_to_count() {
    const MANY: usize = usize::MAX;
    let cnn = |edit: fn(&mut TextCnnConfig)| {
        let mut config = TextCnnConfig::default();
        edit(&mut config);
        config.parameters(&SIZES)
    };
    let lstm = |edit: fn(&mut BiLstmConfig)| {
        let mut config = BiLstmConfig::default();
        edit(&mut config);
        config.parameters(&SIZES)
    };
    let crf = |edit: fn(&mut BiLstmCrfConfig), sizes: &DataSizes| {
        let mut config = BiLstmCrfConfig::default();
        edit(&mut config);
        config.parameters(sizes)
    };
    let bidaf = |edit: fn(&mut BiDafConfig)| {
        let mut config = BiDafConfig::default();
        edit(&mut config);
        config.parameters(&SIZES)
    };
    let counted = [
        cnn(|c| c.embed_dim = MANY),
        cnn(|c| c.hidden_dim = MANY),
        cnn(|c| c.kernel_sizes = vec![1, MANY]),
        cnn(|c| c.characters = CharacterModel::Cnn { char_embed_dim: MANY, char_dim: 2, char_max_len: 1 }),
        cnn(|c| c.characters = CharacterModel::Cnn { char_embed_dim: 2, char_dim: MANY, char_max_len: 1 }),
        lstm(|c| c.embed_dim = MANY),
        lstm(|c| c.hidden_dim = MANY),
        lstm(|c| c.layers = MANY),
        lstm(|c| c.characters = CharacterModel::Lstm { char_embed_dim: MANY, char_dim: 2, char_max_len: 1 }),
        crf(|c| c.embed_dim = MANY, &SIZES),
        crf(|c| c.hidden_dim = MANY / 2, &SIZES),
        crf(|c| c.layers = MANY, &SIZES),
        crf(|_| (), &DataSizes { outputs: MANY, ..SIZES }),
        crf(|_| (), &DataSizes { words: MANY, ..SIZES }),
        crf(|c| c.characters = CNN, &DataSizes { characters: MANY, ..SIZES }),
        bidaf(|c| c.embed_dim = MANY),
        bidaf(|c| c.hidden_dim = MANY / 8),
        bidaf(|c| c.layers = MANY),
        bidaf(|c| c.characters = CharacterModel::Lstm { char_embed_dim: 2, char_dim: MANY, char_max_len: 1 }),
    ];
    let places: Vec<usize> = (0..counted.len()).filter(|&i| counted[i].is_some()).collect();
    assert!(places.is_empty(), "counted: {places:?}");
}
