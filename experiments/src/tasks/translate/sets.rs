//! The known sets of translations. Counts and digests were measured on the files.

use super::own::{aligned, columns};
use super::pairs::Pair;
use crate::data::DataError;
use crate::data::error::quoted;
use crate::data::files::{Encoding, FileReader};
use crate::data::formats::lines::lines;
use crate::data::known::{KnownFile, KnownSet, Layout, NONE, Source, SplitRule, TokensGiven};
use std::collections::HashSet;

const fn file(path: &'static str, examples: usize, sha256: &'static str) -> KnownFile {
    KnownFile { path, sha256, examples }
}

/// The first file of a split has the sources, the second one the translations.
fn two_files(source: &mut Source, ending: &str, into: &mut Vec<Pair>) -> Result<(), DataError> {
    let file = source.lines()?;
    if source.place == 0 {
        // Its digest is recorded when its turn comes.
        let beside = source.path.with_extension(ending);
        into.extend(aligned(&file, &FileReader::default().read(&beside, source.encoding)?)?);
    }
    Ok(())
}

/// The first file has `English<TAB>translation` on each line, the second one, if there is one, the numbers of the lines to leave out.
fn but_listed(source: &mut Source, listed: &str, into: &mut Vec<Pair>) -> Result<(), DataError> {
    let file = source.lines()?;
    if source.place > 0 {
        return Ok(());
    }
    let mut left_out = HashSet::new();
    if !listed.is_empty() {
        let list = FileReader::default().read(&source.path.with_file_name(listed), source.encoding)?;
        for (line, text) in lines(&list.text) {
            let number: usize = text.trim().parse().map_err(|_| DataError::Line {
                path: list.path.clone(),
                line,
                expected: "the number of a line".into(),
                found: quoted(text),
                advice: "get the file again",
            })?;
            left_out.insert(number);
        }
    }
    let kept = columns(&file)?.into_iter().zip(1..).filter(|(_, number)| !left_out.contains(number));
    into.extend(kept.map(|(pair, _)| pair));
    Ok(())
}

/// A set of Multi30k.
const fn multi30k(
    name: &'static str,
    description: &'static str,
    layouts: &'static [Layout<Vec<Pair>>],
) -> KnownSet<Vec<Pair>> {
    KnownSet {
        name,
        description,
        address: "https://github.com/multi30k/dataset (data/task1/raw, unpacked)",
        licence: "no licence stated (descriptions of Flickr30k)",
        labels: &[],
        tokens: TokensGiven::No,
        encoding: Encoding::Utf8,
        layouts,
        splits: SplitRule::Official,
        downloads: NONE,
        caution: "",
        twin: "translate-b",
    }
}

/// A set of Tatoeba, with `held` pairs each for dev and test.
const fn tatoeba(
    name: &'static str,
    description: &'static str,
    twin: &'static str,
    held: usize,
    layouts: &'static [Layout<Vec<Pair>>],
) -> KnownSet<Vec<Pair>> {
    KnownSet {
        name,
        description,
        address: "https://www.manythings.org/anki (as TSV with the first two columns)",
        licence: "CC BY 2.0 (Tatoeba)",
        labels: &[],
        tokens: TokensGiven::No,
        encoding: Encoding::Utf8,
        layouts,
        splits: SplitRule::DevAndTestFromTrain(held),
        downloads: NONE,
        caution: "all pairs of an English sentence are in one split, and a translation of several sentences may be in several",
        twin,
    }
}

/// The known sets.
pub static SETS: &[KnownSet<Vec<Pair>>] = &[
    multi30k(
        "multi30k-en-de",
        "Multi30k: descriptions of pictures in English and German (Elliott et al. 2016), with the test set of 2016",
        &[Layout {
            folder: "multi30k",
            read: |source, into| two_files(source, "de", into),
            note: "",
            train: &[
                file("train.en", 29000, "460a15fbd157e34a7a9957ee388c1ca247fe47af3ef25fb50442af6c274e0fc6"),
                file("train.de", 0, "2c2b73fd2b548fbcde3a875e0a78d6ee94d498bfdee6bd3eae3945779e9ddf72"),
            ],
            dev: &[
                file("val.en", 1014, "1f2a23d992769b5b3d209b0a10dd0b77c08cceb1f20dfb97ed0aafa49d107227"),
                file("val.de", 0, "660e09eb7e1da2f856ea13ee5ad3cf6d36b3d5b0b733c857e94c5747a3dfc660"),
            ],
            test: &[
                file(
                    "test_2016_flickr.en",
                    1000,
                    "399a4382932c1aadd3ceb9bef1008d388a64c76d4ae4e9d4728c6f4301cac182",
                ),
                file(
                    "test_2016_flickr.de",
                    0,
                    "4be6b5b3236b79c25475c6bb829800a7ce559e9ba7a1f6c2394fe4d40be46d16",
                ),
            ],
        }],
    ),
    multi30k(
        "multi30k-en-fr",
        "Multi30k: descriptions of pictures in English and French (Elliott et al. 2016), with the test set of 2016",
        &[Layout {
            folder: "multi30k",
            read: |source, into| two_files(source, "fr", into),
            note: "",
            train: &[
                file("train.en", 29000, "460a15fbd157e34a7a9957ee388c1ca247fe47af3ef25fb50442af6c274e0fc6"),
                file("train.fr", 0, "5925a3c18f1587b6b54b87743106e6e8ab93618edb6f65d19eac0621f853a10d"),
            ],
            dev: &[
                file("val.en", 1014, "1f2a23d992769b5b3d209b0a10dd0b77c08cceb1f20dfb97ed0aafa49d107227"),
                file("val.fr", 0, "5304e444d842e962b2dda4d816b70b22a1765b15401642b7ca37a67477e708dc"),
            ],
            test: &[
                file(
                    "test_2016_flickr.en",
                    1000,
                    "399a4382932c1aadd3ceb9bef1008d388a64c76d4ae4e9d4728c6f4301cac182",
                ),
                file(
                    "test_2016_flickr.fr",
                    0,
                    "cb3160d69b002bb638e66cc7612fcd56cb0af82eadc9c142dedc438afb885ef6",
                ),
            ],
        }],
    ),
    tatoeba(
        "tatoeba-en-de",
        "Tatoeba: English sentences and their German translations",
        "translate-b",
        2_000,
        &[Layout {
            folder: "tatoeba",
            read: |source, into| but_listed(source, "", into),
            note: "",
            train: &[file(
                "eng-deu.tsv",
                169813,
                "a79c90b3cd3102decffa49cc00fb6f20023974f2ae5c4782515bebe133fcc07b",
            )],
            dev: &[],
            test: &[],
        }],
    ),
    tatoeba(
        "tatoeba-en-fr",
        "Tatoeba: English sentences and their French translations",
        "translate-b",
        2_000,
        &[Layout {
            folder: "tatoeba",
            read: |source, into| but_listed(source, "", into),
            note: "",
            train: &[file(
                "eng-fra.tsv",
                167130,
                "0bb85dbaa1c896844649094d7eaf2e34bee34e84fe362b26ce7e8f2e12aae104",
            )],
            dev: &[],
            test: &[],
        }],
    ),
    tatoeba(
        "tatoeba-en-fi",
        "Tatoeba: English sentences and their Finnish translations",
        "translate-d",
        2_000,
        &[Layout {
            folder: "tatoeba",
            read: |source, into| but_listed(source, "eng-fin.overlap-with-tatoeba-test.lines", into),
            note: "without the pairs that share a sentence with the test set of the Tatoeba Challenge",
            train: &[
                file(
                    "eng-fin.tsv",
                    45629,
                    "cc00216f54c0562a11d4692a2fb901c45da4ff11bfa4f18e4b07d6f52af69165",
                ),
                file(
                    "eng-fin.overlap-with-tatoeba-test.lines",
                    0,
                    "119d6a0561df364ac199b1dda8c1c2ada7c883bc0ff836078801f934c6b4d513",
                ),
            ],
            dev: &[],
            test: &[],
        }],
    ),
    tatoeba(
        "tatoeba-en-ro",
        "Tatoeba: English sentences and their Romanian translations",
        "translate-c",
        1_000,
        &[Layout {
            folder: "tatoeba",
            read: |source, into| but_listed(source, "eng-ron.overlap-with-tatoeba-test.lines", into),
            note: "without the pairs that share a sentence with the test set of the Tatoeba Challenge",
            train: &[
                file(
                    "eng-ron.tsv",
                    10249,
                    "63e66a433ef050fe440b8dc0604b08dd583baace1e73cea98f7bc9f26028215b",
                ),
                file(
                    "eng-ron.overlap-with-tatoeba-test.lines",
                    0,
                    "e361e0a861c003e4e5bd1c400f0e8814629af85fcbf66e9b5cf4ef39195a5bb0",
                ),
            ],
            dev: &[],
            test: &[],
        }],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Split;
    use std::path::Path;

    static SMALL: &[Layout<Vec<Pair>>] = &[Layout {
        folder: "tatoeba",
        read: |source, into| but_listed(source, "listed.lines", into),
        note: "",
        train: &[file("eng.tsv", 8, ""), file("listed.lines", 0, "")],
        dev: &[],
        test: &[],
    }];

    fn load(folder: &Path) -> Result<crate::data::Splits<Vec<Pair>>, DataError> {
        tatoeba("small", "", "", 2, SMALL).load_splits(folder, 1, &Split::ALL)
    }

    #[test]
    fn listed_lines_are_left_out_and_a_wrong_list_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let text: String = (1..=10).map(|i| format!("sentence {i}\tSatz {i}\n")).collect();
        std::fs::write(folder.path().join("eng.tsv"), text).unwrap();
        let list = folder.path().join("listed.lines");
        std::fs::write(&list, "3\n10\n").unwrap();
        let set = load(folder.path()).unwrap();
        assert_eq!([&set.train, &set.dev, &set.test].map(Vec::len), [4, 2, 2]);
        let all = [&set.train[..], &set.dev, &set.test].concat();
        assert!(all.iter().all(|pair| pair.reference() != "Satz 3" && pair.reference() != "Satz 10"));
        std::fs::write(&list, "3\nten\n").unwrap();
        let error = load(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("listed.lines, line 2: expected the number of a line, found 'ten'"),
            "{error}"
        );
        std::fs::remove_file(&list).unwrap();
        assert!(load(folder.path()).unwrap_err().to_string().contains("listed.lines"));
    }
}
