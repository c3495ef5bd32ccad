//! Families of known sets, whose rows differ by little: the domains of FDU-MTL and the languages of XED.

use crate::data::formats::labelled::{self, Columns, Format, PerText};
use crate::data::known::Source;
use crate::data::{DataError, Example};

/// The labels of XED, which its files number from 1: Plutchik's emotions.
pub(super) const EMOTIONS: &[&str] =
    &["anger", "anticipation", "disgust", "fear", "joy", "sadness", "surprise", "trust"];

/// Whether the texts of a named set may have several labels.
pub(super) fn has_several_labels(dataset: &str) -> bool {
    dataset.starts_with("xed-")
}

/// `label<TAB>text`, labels from 0.
pub(super) fn labelled_tsv(source: &mut Source, into: &mut Vec<Example>) -> Result<(), DataError> {
    let file = source.lines()?;
    let numbers: Vec<String> = (0..source.labels.len()).map(|label| label.to_string()).collect();
    let read = labelled::parse(&file, Format::Tab, &Columns::default())?;
    into.extend(super::own::examples(&read.rows, &numbers, PerText::One)?);
    Ok(())
}

/// `text<TAB>1, 4`, any number of labels from 1.
pub(super) fn emotions_tsv(source: &mut Source, into: &mut Vec<Example>) -> Result<(), DataError> {
    let file = source.lines()?;
    let numbers: Vec<String> = (1..=source.labels.len()).map(|label| label.to_string()).collect();
    let columns = Columns { text_column: Some("1".into()), label_column: Some("2".into()) };
    let read = labelled::parse(&file, Format::Tab, &columns)?;
    into.extend(super::own::examples(&read.rows, &numbers, PerText::Several(Some(',')))?);
    Ok(())
}

/// A domain of FDU-MTL: its name, its files, its topic, the generated set in its place; of the training file the number of
/// examples, the size and the digest, of the test file size and digest.
macro_rules! fdu {
    (
        $name:literal, $file:literal, $topic:literal, $twin:literal,
        ($examples:literal, $bytes:literal, $sha256:literal), ($test_bytes:literal, $test_sha256:literal)
    ) => {
        KnownSet {
            name: concat!("fdu-", $name),
            description: concat!(
                "FDU-MTL: reviews of ",
                $topic,
                "; positive or negative (Liu, Qiu and Huang 2017)"
            ),
            address: "https://github.com/ccsasuke/man (folder data/fdu-mtl)",
            licence: "no licence stated (reviews of Amazon, IMDB and Rotten Tomatoes)",
            labels: &["negative", "positive"],
            tokens: TokensGiven::Words,
            encoding: Encoding::Utf8OrWindows1252,
            layouts: &[Layout {
                folder: "fdu-mtl",
                read: $crate::tasks::classify::families::labelled_tsv,
                note: "",
                train: &[file(concat!($file, ".task.train"), $examples, $sha256)],
                dev: &[],
                test: &[file(concat!($file, ".task.test"), 400, $test_sha256)],
            }],
            splits: SplitRule::DevFromTrain(200),
            downloads: &[
                fdu!($file, ".task.train", $bytes, $sha256),
                fdu!($file, ".task.test", $test_bytes, $test_sha256),
            ],
            caution: "",
            twin: $twin,
        }
    };
    ($file:literal, $ending:literal, $bytes:literal, $sha256:literal) => {
        Download {
            url: concat!(
                "https://raw.githubusercontent.com/ccsasuke/man/master/data/fdu-mtl/",
                $file,
                $ending
            ),
            sha256: $sha256,
            bytes: $bytes,
            unpack: Unpack::Plain,
            to: concat!("fdu-mtl/", $file, $ending),
        }
    };
}

/// A language of XED: its code, its name, its file; of the file the number of examples and the digest; the number of examples
/// held out as dev and as test, the generated set in its place, and a caution.
macro_rules! xed {
    (
        $code:literal, $language:literal, $file:literal, ($examples:literal, $sha256:literal), $held_out:literal,
        $twin:literal, $caution:literal
    ) => {
        KnownSet {
            name: concat!("xed-", $code),
            description: concat!(
                "XED: emotions in ",
                $language,
                " lines of film subtitles, several of eight for each line (Öhman et al. 2020)"
            ),
            address: "https://github.com/Helsinki-NLP/XED (as TSV with one line for each text)",
            licence: "CC BY 4.0",
            labels: $crate::tasks::classify::families::EMOTIONS,
            tokens: TokensGiven::No,
            encoding: Encoding::Utf8,
            layouts: &[Layout {
                folder: "xed",
                read: $crate::tasks::classify::families::emotions_tsv,
                note: "",
                train: &[file($file, $examples, $sha256)],
                dev: &[],
                test: &[],
            }],
            splits: SplitRule::DevAndTestFromTrain($held_out),
            downloads: NONE,
            caution: $caution,
            twin: $twin,
        }
    };
}

pub(super) use {fdu, xed};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::files::Encoding;
    use crate::data::known::{KnownFile, KnownSet, Layout, NONE, SplitRule, TokensGiven};
    use crate::tasks::classify::sets::{SETS, file};

    const fn tiny(
        labels: &'static [&'static str],
        layouts: &'static [Layout<Vec<Example>>],
    ) -> KnownSet<Vec<Example>> {
        KnownSet {
            name: "tiny",
            description: "",
            address: "nowhere",
            licence: "",
            labels,
            tokens: TokensGiven::No,
            encoding: Encoding::Utf8OrWindows1252,
            layouts,
            splits: SplitRule::Official,
            downloads: NONE,
            caution: "",
            twin: "",
        }
    }

    const TRAIN: &[KnownFile] = &[file("train.tsv", 3, "")];

    fn load(set: &'static KnownSet<Vec<Example>>, text: &[u8]) -> Result<Vec<Example>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("train.tsv"), text).unwrap();
        set.load(folder.path(), 1).map(|set| set.train).map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_of_emotions_may_have_several() {
        static SET: KnownSet<Vec<Example>> = tiny(
            EMOTIONS,
            &[Layout { folder: "", read: emotions_tsv, note: "", train: TRAIN, dev: &[], test: &[] }],
        );
        let found = load(&SET, b"oh , no\t8, 1\r\n\"ha\t5\r\nwell\t3,2\r\n").unwrap();
        let expected = [("oh , no", vec![0, 7]), ("\"ha", vec![4]), ("well", vec![1, 2])];
        let expected = expected.map(|(text, labels)| Example { text: text.into(), labels });
        assert_eq!(found, expected);
        let error = load(&SET, b"oh\t1\nno\t9\nwell\t1\n").unwrap_err();
        assert!(error.contains("line 2: expected one of the 8 labels") && error.contains("'9'"), "{error}");
        let error = load(&SET, b"oh\t1\nno\t2\n").unwrap_err();
        assert!(error.contains("expected the 3 examples of 'tiny', found 2"), "{error}");
    }

    #[test]
    fn a_review_has_its_label_first_and_may_be_in_latin_1() {
        static SET: KnownSet<Vec<Example>> = tiny(
            &["negative", "positive"],
            &[Layout { folder: "", read: labelled_tsv, note: "", train: TRAIN, dev: &[], test: &[] }],
        );
        let found = load(&SET, b"1\tgood caf\xe9 .\n0\tbad\n0\t1 star\n").unwrap();
        let expected = [("good caf\u{e9} .", 1), ("bad", 0), ("1 star", 0)];
        let expected = expected.map(|(text, label)| Example { text: text.into(), labels: vec![label] });
        assert_eq!(found, expected);
        let error = load(&SET, b"1\ta\n2\tb\n0\tc\n").unwrap_err();
        assert!(error.contains("line 2: expected one of the 2 labels '0', '1', found '2'"), "{error}");
    }

    #[test]
    fn the_sets_of_several_labels_are_those_of_emotions() {
        for set in SETS {
            assert_eq!(has_several_labels(set.name), set.labels == EMOTIONS, "{}", set.name);
        }
        let of = |start: &str| SETS.iter().filter(|set| set.name.starts_with(start)).count();
        assert_eq!((of("fdu-"), of("xed-")), (16, 5));
    }
}
