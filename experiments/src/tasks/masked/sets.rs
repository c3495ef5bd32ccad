//! The known sets of plain text. Counts and digests were measured on the files.

use super::Corpus;
use crate::data::DataError;
use crate::data::files::{Encoding, FileReader};
use crate::data::formats::conll::{self, Columns, Known};
use crate::data::formats::lines::lines;
use crate::data::known::{KnownFile, KnownSet, Layout, NONE, Source, SplitRule, TokensGiven};
use crate::tasks::translate;

const fn file(path: &'static str, examples: usize, sha256: &'static str) -> KnownFile {
    KnownFile { path, sha256, examples }
}

/// Lines with hard breaks, an empty line between paragraphs.
fn paragraphs(source: &mut Source, into: &mut Corpus) -> Result<(), DataError> {
    into.add_paragraphs(&source.lines()?)
}

/// `label<TAB>text`, without the labels.
fn without_labels(source: &mut Source, into: &mut Corpus) -> Result<(), DataError> {
    let file = source.lines()?;
    let texts = lines(&file.text).map(|(_, line)| line.split_once('\t').map_or(line, |(_, text)| text));
    into.add_each(texts);
    Ok(())
}

/// Which sides of pairs of sentences are texts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sides {
    English,
    Each,
    Together,
}

/// `English<TAB>translation`, of every tenth line; of English alone every second one, so that there is as much text.
fn pairs(source: &mut Source, sides: Sides, into: &mut Corpus) -> Result<(), DataError> {
    let file = source.lines()?;
    let step = if sides == Sides::English { 2 } else { 10 };
    for (_, line) in lines(&file.text).step_by(step) {
        match line.split_once('\t') {
            Some((english, other)) => add_pair(english, other, sides, into),
            None => into.add_each([line]),
        }
    }
    Ok(())
}

fn add_pair(english: &str, other: &str, sides: Sides, into: &mut Corpus) {
    match sides {
        Sides::English => into.add_each([english]),
        Sides::Each => into.add_each([english, other]),
        Sides::Together => into.add_each([format!("{english} {other}")]),
    }
}

/// Files of each kind: tagged sentences, whose words are the text; pairs of sentences on a line; English sentences, whose
/// Romanian translations are in the next file, line by line.
fn pairs_and_words(source: &mut Source, sides: Sides, into: &mut Corpus) -> Result<(), DataError> {
    match source.path.extension().and_then(|ending| ending.to_str()) {
        Some("iob2") => {
            let kinds = ["LOC", "ORG", "PER"].map(String::from);
            let read = conll::read(&source.lines()?, &Columns::FIRST_AND_LAST, Known::Kinds(&kinds))?;
            into.add_each(read.sentences.iter().map(|sentence| sentence.words.join(" ")));
        }
        Some("en") => {
            let beside = source.path.with_extension("ro");
            let beside = FileReader::default().read(&beside, source.encoding)?;
            for pair in translate::aligned(&source.lines()?, &beside)? {
                add_pair(&pair.source, &pair.references[0], sides, into);
            }
        }
        // Its digest is recorded; its lines were read with the file before it.
        Some("ro") => drop(source.lines()?),
        _ => pairs(source, sides, into)?,
    }
    Ok(())
}

/// The address of Tatoeba's pairs.
const PAIRS: &str = "https://www.manythings.org/anki (as TSV with the first two columns)";

/// The files of [`pairs_and_words`]; `sides` texts are made of a pair.
macro_rules! several {
    ($sides:literal) => {
        &[
            file(
                "tatoeba/eng-deu.tsv",
                16_982 * $sides,
                "a79c90b3cd3102decffa49cc00fb6f20023974f2ae5c4782515bebe133fcc07b",
            ),
            file(
                "tatoeba/eng-fra.tsv",
                16_713 * $sides,
                "0bb85dbaa1c896844649094d7eaf2e34bee34e84fe362b26ce7e8f2e12aae104",
            ),
            file(
                "tatoeba/eng-fin.tsv",
                5_949 * $sides,
                "cc00216f54c0562a11d4692a2fb901c45da4ff11bfa4f18e4b07d6f52af69165",
            ),
            file(
                "uner/sv_talbanken-ud-train.iob2",
                4_303,
                "19bd5d848199ec964ae0ba58f04ee22c4db8b9ec457c912074e12bc45af0b9c9",
            ),
            file(
                "uner/zh_gsd-ud-train.iob2",
                3_997,
                "6c0726ba2a803d61848f5021914c63623088f9e4b26cc4dbba077c9c6d8c13c0",
            ),
            file(
                "ro-sts/RO-STS.train.en",
                11_498 * $sides,
                "4f977090eb8beeb61a76876b1ba60462104633979f2c13f439fb1134a43648a8",
            ),
            file(
                "ro-sts/RO-STS.train.ro",
                0,
                "ea7ca3d0ca6c2c0ffa70413a2fe006a0aca55c9f467c6f30a4b6dcc731307838",
            ),
        ]
    };
}

/// A set of sentences in several languages.
const fn of_languages(
    name: &'static str,
    description: &'static str,
    twin: &'static str,
    layouts: &'static [Layout<Corpus>],
) -> KnownSet<Corpus> {
    KnownSet {
        name,
        description,
        address: PAIRS,
        licence: "CC BY 2.0 (Tatoeba); the sentences of Universal NER and RO-STS: CC BY-SA 4.0",
        labels: &[],
        tokens: TokensGiven::No,
        encoding: Encoding::Utf8,
        layouts,
        splits: SplitRule::DevAndTestFromTrain(1_000),
        downloads: NONE,
        caution: "a sentence may have several translations, and stand in several splits",
        twin,
    }
}

/// The known sets.
pub static SETS: &[KnownSet<Corpus>] = &[
    KnownSet {
        name: "gutenberg",
        description: "paragraphs of six English novels of the 19th century",
        address: "https://www.gutenberg.org (books 145, 766, 1342, 1400, 2600, 2701; without the texts around the books)",
        licence: "in the public domain in the USA",
        labels: &[],
        tokens: TokensGiven::No,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "gutenberg",
            read: paragraphs,
            note: "",
            train: &[
                file(
                    "david-copperfield.txt",
                    7_190,
                    "91b1a66d366c0a2629fe7f780a1c6b09c322032a9077f0659bef000d8cdda62e",
                ),
                file(
                    "great-expectations.txt",
                    3_899,
                    "da2b658d10796d4b3bb663cd038776c21954160a9d7f9d00327839241fc14fed",
                ),
                file(
                    "middlemarch.txt",
                    4_795,
                    "3d847bc5d5ed4305eb2176b68c46af70e12b6a5748c5693918d472ea31b59813",
                ),
                file(
                    "moby-dick.txt",
                    2_802,
                    "c32284e34756f7d8260ffb339b3dc6ff95d2da319da8d963f60c4fae9529359d",
                ),
                file(
                    "pride-and-prejudice.txt",
                    2_126,
                    "d02c06ecdee0120842aa1274288a07fe68d5316d1e8285853eaf4fc65a0b39a0",
                ),
                file(
                    "war-and-peace.txt",
                    12_108,
                    "1ce58d5e322b309fd68e5ca0434530ccedd69bf0e2d12cd5094097b62a5e89a8",
                ),
            ],
            dev: &[],
            test: &[],
        }],
        splits: SplitRule::DevAndTestFromTrain(1_600),
        downloads: NONE,
        caution: "all splits are from the same books",
        twin: "almanac",
    },
    KnownSet {
        name: "tinyshakespeare",
        description: "speeches of Shakespeare's plays, 1 MB (Karpathy 2015)",
        address: "https://github.com/karpathy/char-rnn (data/tinyshakespeare/input.txt)",
        licence: "text in the public domain",
        labels: &[],
        tokens: TokensGiven::No,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "tinyshakespeare",
            read: paragraphs,
            note: "",
            train: &[file(
                "input.txt",
                7_222,
                "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            )],
            dev: &[],
            test: &[],
        }],
        splits: SplitRule::DevAndTestFromTrain(720),
        downloads: NONE,
        caution: "",
        twin: "almanac",
    },
    KnownSet {
        name: "fdu-mr-text",
        description: "FDU-MTL: the training texts of the domain fdu-mr (film reviews, single sentences), without labels",
        address: "https://github.com/ccsasuke/man (folder data/fdu-mtl)",
        licence: "no licence stated (Rotten Tomatoes)",
        labels: &[],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8OrWindows1252,
        layouts: &[Layout {
            folder: "fdu-mtl",
            read: without_labels,
            note: "",
            train: &[file(
                "MR.task.train",
                1_600,
                "a6f222085a50061dd560c3beafc968679abae74683e3d18a66b619c5e2d178dc",
            )],
            dev: &[],
            test: &[],
        }],
        splits: SplitRule::DevAndTestFromTrain(160),
        downloads: NONE,
        caution: "",
        twin: "domain-6-text",
    },
    of_languages(
        "tatoeba-en",
        "Tatoeba: English sentences",
        "language-a",
        &[Layout {
            folder: "",
            read: |source, into| pairs(source, Sides::English, into),
            note: "every second sentence",
            train: &[file(
                "tatoeba/eng-deu.tsv",
                84_907,
                "a79c90b3cd3102decffa49cc00fb6f20023974f2ae5c4782515bebe133fcc07b",
            )],
            dev: &[],
            test: &[],
        }],
    ),
    of_languages(
        "tatoeba",
        "Tatoeba: sentences in English, German, French and Finnish; RO-STS: in English and Romanian; Universal NER: in Swedish and \
         Chinese",
        "languages",
        &[Layout {
            folder: "",
            read: |source, into| pairs_and_words(source, Sides::Each, into),
            note: "every tenth pair",
            train: several!(2),
            dev: &[],
            test: &[],
        }],
    ),
    of_languages(
        "tatoeba-paired",
        "Tatoeba and RO-STS: English sentences, each with its translation into German, French, Finnish or Romanian; Universal NER: \
         sentences in Swedish and Chinese",
        "languages-paired",
        &[Layout {
            folder: "",
            read: |source, into| pairs_and_words(source, Sides::Together, into),
            note: "every tenth pair",
            train: several!(1),
            dev: &[],
            test: &[],
        }],
    ),
];
