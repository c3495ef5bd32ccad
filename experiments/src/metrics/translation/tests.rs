//! Values of sacreBLEU 2.6.0: `BLEU(tokenize=…).corpus_score` and `CHRF(word_order=…).corpus_score`.

use super::bleu::{self, COUNTS};
use super::chrf::{self, Kind};
use super::*;

/// A hypothesis and two references.
type Segment = (&'static str, [&'static str; 2]);

const SEGMENTS: [Segment; 12] = [
    (
        "The quick brown fox jumps over the lazy dog.",
        ["The quick brown fox jumped over the lazy dog.", "A quick brown fox jumps over a lazy dog."],
    ),
    ("", ["Nothing was said.", "No one spoke."]),
    ("Yes", ["Yes, sir.", "Yes."]),
    ("the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"]),
    (
        "It cost $1,234.56 (or 3.5% more) in 2004-2005.",
        [
            "It cost $1,234.56, i.e. 3.5 % more, in 2004-2005.",
            "That was $1,234.56 (3.5% more) in 2004\u{2013}2005.",
        ],
    ),
    (
        "Un caf\u{e9}\u{a0}: « très bon » … n'est-ce pas ?",
        [
            "Un caf\u{e9} : « très bon »… n\u{2019}est-ce pas ?",
            "Un caf\u{e9} est très bon, n'est-ce pas\u{202f}?",
        ],
    ),
    (
        "我们今天去北京，他说：\u{201c}好的！\u{201d}",
        ["我们今天到北京去，他说：\u{201c}好！\u{201d}", "今天我们去北京。"],
    ),
    (
        "Tom &amp; Jerry said &quot;hi&quot; &lt;b&gt; & left",
        ["Tom & Jerry said \"hi\" <b> and left", "Tom and Jerry left"],
    ),
    ("Straße №5 \u{2013} ±3°C, €20 + £3 = ?", ["Straße Nr. 5 \u{2014} ±3 °C, 20 € + 3 £ = ?", "Strasse 5"]),
    ("a b c d e f a b c d", ["a b c d e f g h", "a b c d"]),
    ("\u{3000}wide  space\tand tab \u{1c} end ", ["wide space and tab end", "wide"]),
    ("x.y,z;1.2,3:4-5 5-x -7 a-b ...", ["x.y, z; 1.2, 3:4 - 5 5 - x -7 a - b ...", "x"]),
];

const TOKENISERS: [Tokeniser; 3] = [Tokeniser::Nist13a, Tokeniser::International, Tokeniser::Characters];
const KINDS: [Kind; 2] = [Kind::Characters, Kind::WithWords];

/// Of each segment with both references: BLEU by each tokeniser, chrF and chrF++.
const ALONE: [[f64; 5]; 12] = [
    [88.9139705019462, 88.9139705019462, 97.26044771163488, 87.18339128560473, 86.36193146644709],
    [0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 68.86227544910179, 65.61085972850678],
    [7.809849842300637, 7.809849842300637, 12.58220555845937, 14.232426848159646, 14.71532900200283],
    [69.30977286178778, 62.23329772884783, 90.51034981560218, 71.71918934182868, 66.69460881589387],
    [58.77283725105324, 93.65137582048804, 97.09835434146471, 86.31885674989124, 82.71804374728703],
    [0.0, 41.11336169005198, 57.02822264405539, 43.300102675102664, 37.11437372151657],
    [82.651681837938, 5.618923497225256, 29.672392999649087, 36.86756523381882, 35.369163006225826],
    [6.4005180884547785, 29.41699184198729, 41.78640139359902, 35.1302278617805, 31.84079605604804],
    [51.697315395717055, 51.697315395717055, 51.697315395717055, 66.2094064949608, 69.18851878100637],
    [100.0, 100.0, 100.0, 100.0, 100.0],
    [55.80662229104153, 67.21651668262851, 100.0, 100.0, 80.37809420664416],
];

/// Of all segments together with the first reference, then with both: BLEU by each tokeniser, chrF and chrF++.
const TOGETHER: [[f64; 5]; 2] = [
    [47.6974327094164, 47.35285320072477, 67.96739824115566, 63.292070652050484, 58.41604599687903],
    [56.78883931498897, 54.27983523492168, 71.58316067359229, 64.27754740188001, 59.15320637279945],
];

/// The five scores of some segments with their first references.
fn scores(segments: &[Segment], references: usize) -> Vec<f64> {
    let of_bleu = |tokeniser: &Tokeniser| {
        let mut sums = [0.0; COUNTS];
        for (hypothesis, all) in segments {
            let counts = bleu::counts(hypothesis, &all[..references], *tokeniser);
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        bleu::score(&sums)
    };
    let of_chrf = |kind: &Kind| {
        let rows =
            segments.iter().map(|(hypothesis, all)| chrf::counts(hypothesis, &all[..references], *kind));
        let add =
            |sums: Vec<f64>, row: Vec<f64>| sums.iter().zip(row).map(|(sum, count)| sum + count).collect();
        chrf::score(&rows.reduce(add).unwrap_or_default())
    };
    TOKENISERS.iter().map(of_bleu).chain(KINDS.iter().map(of_chrf)).collect()
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-9, "{what}: {found} {expected}");
    }
}

#[test]
fn segments_and_texts_have_the_scores_of_sacrebleu() {
    for (segment, expected) in SEGMENTS.iter().zip(&ALONE) {
        assert_close(&scores(std::slice::from_ref(segment), 2), expected, segment.0);
    }
    for (references, expected) in (1..).zip(&TOGETHER) {
        assert_close(&scores(&SEGMENTS, references), expected, &format!("{references} references"));
    }
    assert_eq!(scores(&[], 2), [0.0; 5]);
}

#[test]
fn signatures_are_those_of_sacrebleu() {
    assert_eq!(bleu::signature(Some(2), Tokeniser::Nist13a), "nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp");
    assert_eq!(Kind::WithWords.signature(None), "nrefs:var|case:mixed|eff:yes|nc:6|nw:2|space:no");
}

#[test]
fn words_are_those_of_the_scripts_of_nist() {
    for (text, nist, international) in [
        ("Mr. O'Neil paid $1,000.50.", "Mr . O'Neil paid $ 1,000.50 .", "Mr . O ' Neil paid $ 1,000.50."),
        ("10-20% (e.g. 3)", "10 - 20 % ( e . g . 3 )", "10-20 % ( e . g . 3)"),
        ("«Да», и нет…", "«Да» , и нет…", "« Да » , и нет …"),
    ] {
        assert_eq!(Tokeniser::Nist13a.words(text).join(" "), nist);
        assert_eq!(Tokeniser::International.words(text).join(" "), international);
    }
}
