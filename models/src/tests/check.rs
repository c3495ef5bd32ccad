//! Invalid values of configurations.

use super::architectures::{Options, configs};
use crate::{
    BiDafConfig, BiLstm, BiLstmConfig, BiLstmCrfConfig, CharacterModel, DataSizes, Invalid, TextCnnConfig,
};
use gradus_engine::Rng;

#[test]
fn what_can_be_built_passes() {
    for options in Options::all() {
        let (cnn, lstm, crf, bidaf) = configs(options);
        for checked in [cnn.check(), lstm.check(), crf.check(), bidaf.check()] {
            assert_eq!(checked, Ok(()), "{options:?}");
        }
    }
    let defaults = [
        TextCnnConfig::default().check(),
        BiLstmConfig::default().check(),
        BiLstmCrfConfig::default().check(),
        BiDafConfig::default().check(),
    ];
    assert_eq!(defaults, [Ok(()), Ok(()), Ok(()), Ok(())]);
}

/// The keys that all architectures have, of a configuration with characters of that kind.
macro_rules! common {
    ($config:ty) => {{
        let with = |text: &str| toml::from_str::<$config>(text).unwrap().check();
        for (text, key, expected, found) in [
            ("embed_dim = 0", "embed_dim", "at least 1", "0"),
            ("embed_std = 0.0", "embed_std", "a finite number above 0", "0"),
            ("embed_std = nan", "embed_std", "a finite number above 0", "NaN"),
            ("embed_std = inf", "embed_std", "a finite number above 0", "inf"),
            ("hidden_dim = 0", "hidden_dim", "at least 1", "0"),
            ("dropout = 1.0", "dropout", "at least 0 and below 1", "1"),
            ("dropout = -0.5", "dropout", "at least 0 and below 1", "-0.5"),
            ("dropout = nan", "dropout", "at least 0 and below 1", "NaN"),
            ("embedding_dropout = 1.5", "embedding_dropout", "at least 0 and below 1", "1.5"),
            ("characters = 'cnn'\nchar_embed_dim = 0", "char_embed_dim", "at least 1", "0"),
            ("characters = 'cnn'\nchar_dim = 0", "char_dim", "at least 1", "0"),
            ("characters = 'lstm'\nchar_max_len = 0", "char_max_len", "at least 1", "0"),
            (
                "characters = 'lstm'\nchar_dim = 7",
                "char_dim",
                "an even number, half for each direction of the LSTM",
                "7",
            ),
        ] {
            let (expected, found) = (expected.to_owned(), found.to_owned());
            assert_eq!(with(text), Err(Invalid { key, expected, found }), "{text}");
        }
        assert_eq!(with("characters = 'cnn'\nchar_dim = 7"), Ok(()));
        with
    }};
}

fn heads(width: u128, found: &str) -> Result<(), Invalid> {
    let expected = format!("0 or a divisor of {width}, the width that it attends over");
    Err(Invalid { key: "attention_heads", expected, found: found.to_owned() })
}

#[test]
fn a_text_cnn_attends_over_words_and_their_characters() {
    let with = common!(TextCnnConfig);
    assert_eq!(with("attention_heads = 7"), heads(300, "7"));
    assert_eq!(with("attention_heads = 7\ncharacters = 'cnn'"), Ok(()));
    assert_eq!(with("attention_heads = 300\ncharacters = 'cnn'"), heads(350, "300"));
    for (text, expected, found) in [
        ("kernel_sizes = []", "from 1 to 100 sizes", "0 sizes"),
        ("kernel_sizes = [3, 0]", "sizes from 1 to 10000", "0"),
        ("kernel_sizes = [9223372036854775807]", "sizes from 1 to 10000", "9223372036854775807"),
    ] {
        let (expected, found) = (expected.to_owned(), found.to_owned());
        assert_eq!(with(text), Err(Invalid { key: "kernel_sizes", expected, found }));
    }
    let many = TextCnnConfig { kernel_sizes: vec![2; 101], ..TextCnnConfig::default() };
    assert_eq!(many.check().unwrap_err().found, "101 sizes");
}

#[test]
fn lstms_attend_over_both_directions() {
    fn layers(found: &str) -> Result<(), Invalid> {
        Err(Invalid { key: "layers", expected: "from 1 to 1000".to_owned(), found: found.to_owned() })
    }
    let lstm = common!(BiLstmConfig);
    let crf = common!(BiLstmCrfConfig);
    let bidaf = common!(BiDafConfig);
    type Check<'a> = &'a dyn Fn(&str) -> Result<(), Invalid>;
    let all: [(Check, u128); 3] = [(&lstm, 256), (&crf, 512), (&bidaf, 200)];
    for (with, width) in all {
        assert_eq!(with("attention_heads = 3"), heads(width, "3"));
        assert_eq!(with("attention_heads = 8"), Ok(()));
        assert_eq!(with("layers = 0"), layers("0"));
        assert_eq!(with("layers = 80000000"), layers("80000000"));
    }
}

/// The largest sizes are compared without overflow.
#[test]
fn the_largest_sizes_are_compared() {
    let config = BiLstmConfig { hidden_dim: usize::MAX, attention_heads: 4, ..Default::default() };
    assert_eq!(config.check(), heads(2 * usize::MAX as u128, "4"));
    let characters = CharacterModel::Cnn { char_embed_dim: 1, char_dim: usize::MAX, char_max_len: 1 };
    let config =
        TextCnnConfig { embed_dim: usize::MAX, attention_heads: 4, characters, ..Default::default() };
    assert_eq!(config.check(), heads(2 * usize::MAX as u128, "4"));
}

#[test]
#[should_panic(expected = "bilstm: layers: expected from 1 to 1000, found 0")]
fn an_invalid_configuration_is_not_built() {
    let sizes = DataSizes { words: 3, characters: 0, outputs: 2 };
    BiLstm::new(BiLstmConfig { layers: 0, ..Default::default() }, sizes, &mut Rng::new(1));
}

#[test]
#[should_panic(expected = "the model reads characters, but the alphabet is empty")]
fn characters_need_an_alphabet() {
    let sizes = DataSizes { words: 3, characters: 0, outputs: 2 };
    let characters = super::CNN;
    BiLstm::new(BiLstmConfig { characters, ..Default::default() }, sizes, &mut Rng::new(1));
}
