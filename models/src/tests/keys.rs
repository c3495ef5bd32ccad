//! The keys of configurations, as a user writes them.

use super::architectures::{CNN, LSTM};
use crate::{BiDafConfig, BiLstmConfig, BiLstmCrfConfig, CharacterModel, TextCnnConfig};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

const CHARACTERS: [&str; 3] = ["char_embed_dim", "char_dim", "char_max_len"];

/// Writes and reads a configuration; the text has these keys and no others.
fn round_trip<C: Serialize + DeserializeOwned + PartialEq + Debug>(config: &C, keys: &[&str]) {
    let text = toml::to_string(config).unwrap();
    assert_eq!(&toml::from_str::<C>(&text).unwrap(), config, "{text}");
    let table: toml::Table = toml::from_str(&text).unwrap();
    let mut keys: Vec<&str> = keys.to_vec();
    keys.sort();
    let mut found: Vec<&str> = table.keys().map(String::as_str).collect();
    found.sort();
    assert_eq!(found, keys);
}

/// An architecture's own keys, and those of its characters if it reads them.
fn every_round_trip<C>(default: C, set: fn(&mut C, CharacterModel), keys: &[&str])
where
    C: Serialize + DeserializeOwned + PartialEq + Debug + Clone,
{
    assert_eq!(toml::from_str::<C>("").unwrap(), default, "missing keys have their defaults");
    for characters in [CharacterModel::None, CNN, LSTM] {
        let mut config = default.clone();
        set(&mut config, characters);
        let none = characters == CharacterModel::None;
        round_trip(&config, &[keys, if none { &[] } else { &CHARACTERS }].concat());
    }
}

#[test]
fn what_is_written_is_read_and_holds_the_keys_that_have_an_effect() {
    let words = ["embed_dim", "embed_std", "embedding_dropout", "characters"];
    let body = ["hidden_dim", "dropout", "attention_heads"];
    let common = [&words[..], &body].concat();
    let with = |more: &[&'static str]| [&common[..], more].concat();
    every_round_trip(
        TextCnnConfig::default(),
        |c, characters| c.characters = characters,
        &with(&["kernel_sizes"]),
    );
    every_round_trip(
        BiLstmConfig::default(),
        |c, characters| c.characters = characters,
        &with(&["layers", "layer_norm"]),
    );
    every_round_trip(
        BiLstmCrfConfig::default(),
        |c, characters| c.characters = characters,
        &with(&["layers"]),
    );
    every_round_trip(BiDafConfig::default(), |c, characters| c.characters = characters, &with(&["layers"]));
}

#[test]
fn characters_are_named_by_one_key_and_sized_by_three() {
    let of = |text: &str| toml::from_str::<BiDafConfig>(text).map(|config| config.characters);
    let cnn = CharacterModel::Cnn { char_embed_dim: 30, char_dim: 50, char_max_len: 20 };
    assert_eq!(of("characters = 'none'").unwrap(), CharacterModel::None);
    assert_eq!(of("characters = 'cnn'").unwrap(), cnn);
    let lstm = CharacterModel::Lstm { char_embed_dim: 5, char_dim: 50, char_max_len: 7 };
    assert_eq!(of("char_max_len = 7\nchar_embed_dim = 5\ncharacters = 'lstm'").unwrap(), lstm);
    let unknown = of("characters = 'rnn'").unwrap_err().to_string();
    assert!(unknown.contains("`rnn`") && unknown.contains("`none`, `cnn`, `lstm`"), "{unknown}");
    assert!(of("characters = 'cnn'\nchar_dim = -1").is_err());
}

#[test]
fn numbers_may_be_whole() {
    let config: TextCnnConfig = toml::from_str("dropout = 0\nembed_std = 1\nkernel_sizes = [2]").unwrap();
    let expected =
        TextCnnConfig { dropout: 0.0, embed_std: 1.0, kernel_sizes: vec![2], ..TextCnnConfig::default() };
    assert_eq!(config, expected);
}
