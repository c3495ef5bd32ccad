//! Counts of the known classification sets, where `GRADUS_DATA` names the folder that holds them.

use crate::folder;
use gradus::data::{DataError, Example, Split, Splits};
use gradus::run::Task;
use gradus::tasks::classify::Classify;
use gradus::text::vocabulary::{UNK, Vocabulary};
use gradus::text::{Frequencies, Mode, Tokeniser, batches};
use std::path::Path;

fn read(folder: &Path, name: &str, seed: u64) -> Result<Splits<Vec<Example>>, DataError> {
    Classify::known().iter().find(|set| set.name == name).unwrap().load(folder, seed)
}

fn load(folder: &Path, name: &str) -> Splits<Vec<Example>> {
    read(folder, name, 1).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn sizes(set: &Splits<Vec<Example>>) -> [usize; 3] {
    Split::ALL.map(|split| set.split(split).len())
}

/// Examples by label over all splits.
fn labels(set: &Splits<Vec<Example>>) -> Vec<usize> {
    let all = || Split::ALL.into_iter().flat_map(|split| set.split(split));
    (0..set.labels.len()).map(|k| all().filter(|example| example.labels == [k]).count()).collect()
}

#[test]
fn the_sets_have_their_official_counts() {
    let Some(folder) = folder() else { return };
    for (name, expected_sizes, expected_labels) in [
        ("sst2", [63_982, 3_367, 872], vec![29_780 + 428, 37_569 + 444]),
        ("sst2-sentences", [6_920, 872, 1_821], vec![3_310 + 428 + 912, 3_610 + 444 + 909]),
        ("sst1", [8_544, 1_101, 2_210], vec![1_510, 3_140, 2_242, 3_111, 1_852]),
        ("mr", [8_530, 1_066, 1_066], vec![5_331, 5_331]),
        ("subj", [8_000, 1_000, 1_000], vec![5_000, 5_000]),
        ("mpqa", [8_486, 1_060, 1_060], vec![7_294, 3_312]),
        ("imdb", [22_500, 2_500, 25_000], vec![25_000, 25_000]),
    ] {
        let set = load(&folder, name);
        assert_eq!((sizes(&set), labels(&set)), (expected_sizes, expected_labels), "{name}");
        assert!(!set.note.contains("version"), "{name}: {}", set.note);
        println!("{name}: {:?}, checksum {}, {}", sizes(&set), &set.checksum[..12], set.note);
    }
}

#[test]
fn domains_of_reviews_have_their_official_counts() {
    let Some(folder) = folder() else { return };
    for (name, train, negative, positive) in [
        ("fdu-apparel", 1_600, 1_000, 1_000),
        ("fdu-baby", 1_500, 900, 1_000),
        ("fdu-books", 1_600, 1_000, 1_000),
        ("fdu-camera", 1_597, 998, 999),
        ("fdu-dvd", 1_600, 1_000, 1_000),
        ("fdu-electronics", 1_598, 998, 1_000),
        ("fdu-health", 1_600, 1_000, 1_000),
        ("fdu-imdb", 1_600, 1_006, 994),
        ("fdu-kitchen", 1_600, 1_000, 1_000),
        ("fdu-magazines", 1_570, 970, 1_000),
        ("fdu-mr", 1_600, 1_014, 986),
        ("fdu-music", 1_600, 1_000, 1_000),
        ("fdu-software", 1_515, 915, 1_000),
        ("fdu-sports", 1_600, 1_000, 1_000),
        ("fdu-toys", 1_600, 1_000, 1_000),
        ("fdu-video", 1_600, 1_000, 1_000),
    ] {
        let set = load(&folder, name);
        assert_eq!(
            (sizes(&set), labels(&set)),
            ([train - 200, 200, 400], vec![negative, positive]),
            "{name}"
        );
        assert!(!set.note.contains("version"), "{name}: {}", set.note);
    }
}

/// The counts of the labels are those of the corpus's README; of projected ones, no counts are published.
#[test]
fn emotions_have_their_official_counts() {
    let Some(folder) = folder() else { return };
    for (name, sizes_of, counts) in [
        ("xed-en", [14_024, 1_752, 1_752], [3_828, 3_400, 2_317, 2_439, 2_833, 2_464, 2_442, 2_699]),
        ("xed-fi", [11_561, 1_444, 1_444], [3_197, 2_455, 2_337, 2_106, 2_418, 2_133, 1_929, 2_303]),
        ("xed-de", [4_400, 550, 550], [0; 8]),
        ("xed-fr", [5_843, 730, 730], [0; 8]),
        ("xed-ro", [7_576, 947, 947], [0; 8]),
    ] {
        let set = load(&folder, name);
        assert_eq!(sizes(&set), sizes_of, "{name}");
        let all = || Split::ALL.into_iter().flat_map(|split| set.split(split));
        let of = |label: usize| all().filter(|example| example.labels.contains(&label)).count();
        let found: Vec<usize> = (0..8).map(of).collect();
        assert!(found == counts || counts == [0; 8] && found.iter().all(|&n| n > 500), "{name}: {found:?}");
        assert!(all().all(|example| !example.labels.is_empty() && !example.text.is_empty()), "{name}");
        assert!(all().filter(|example| example.labels.len() > 1).count() > set.train.len() / 20, "{name}");
        assert!(!set.note.contains("version"), "{name}: {}", set.note);
    }
}

/// Reviews of books and of kitchens differ more than two halves of the reviews of books.
#[test]
fn domains_diverge() {
    let Some(folder) = folder() else { return };
    let words = |examples: &[Example]| {
        Frequencies::count(examples.iter().flat_map(|example| example.text.split(' ')))
    };
    let (books, kitchen) = (load(&folder, "fdu-books").train, load(&folder, "fdu-kitchen").train);
    let within = words(&books[..700]).divergence(&words(&books[700..])).unwrap();
    let across = words(&books[..700]).divergence(&words(&kitchen[..700])).unwrap();
    println!("Jensen-Shannon divergence: books {within:.3}, books and kitchen {across:.3}");
    assert!(within < 0.15 && across > within + 0.05, "{within} {across}");
}

#[test]
fn official_test_splits_do_not_depend_on_the_seed_and_held_out_ones_do() {
    let Some(folder) = folder() else { return };
    let [one, two] = [1, 2].map(|seed| read(&folder, "mr", seed).unwrap());
    assert_eq!(one.checksum, two.checksum);
    assert_ne!(one.test, two.test);
    let [one, two] = [1, 2].map(|seed| read(&folder, "sst2", seed).unwrap());
    assert_eq!(one.test, two.test);
    assert_ne!(one.dev, two.dev);
}

/// Share of the positions of an epoch's batches of 64 that is padding, where texts are cut at a length.
fn padding(lengths: &[usize], longest: usize) -> f64 {
    let kept: Vec<usize> = lengths.iter().map(|&length| length.min(longest)).collect();
    let batches = batches::shuffled(&kept, 64, 1, 0);
    let padded: usize = batches.iter().map(|b| b.len() * b.iter().map(|&i| kept[i]).max().unwrap_or(0)).sum();
    1.0 - kept.iter().sum::<usize>() as f64 / padded as f64
}

#[test]
fn words_vocabularies_and_batches_of_real_text() {
    let Some(folder) = folder() else { return };

    let as_given = Tokeniser { mode: Mode::Whitespace, html: false, ..Tokeniser::default() };
    for (name, tokeniser, longest, min_count, most_padding) in
        [("sst2-sentences", as_given, usize::MAX, 2, 0.03), ("imdb", Tokeniser::default(), 400, 5, 0.03)]
    {
        let set = load(&folder, name);
        let start = std::time::Instant::now();
        let words: Vec<Vec<String>> = set.train.iter().map(|e| tokeniser.words(&e.text)).collect();
        let lengths: Vec<usize> = words.iter().map(Vec::len).collect();
        let seconds = start.elapsed().as_secs_f64();
        let vocabulary = Vocabulary::count(words.iter().flatten(), min_count, 30_000);
        let unknown = words.iter().flatten().filter(|w| vocabulary.id(w) == UNK).count();
        let total: usize = lengths.iter().sum();
        let share = padding(&lengths, longest);
        println!(
            "{name}: {total} words in {seconds:.2} s, V {}, {:.2}% unknown, {:.2}% padding",
            vocabulary.len(),
            100.0 * unknown as f64 / total as f64,
            100.0 * share
        );
        assert!(share < most_padding, "{name}: {share}");
        assert!((unknown as f64) < 0.06 * total as f64, "{name}: {unknown} of {total}");
    }
}

#[test]
fn both_forms_of_imdb_and_of_sst2_are_the_same_set() {
    let Some(folder) = folder() else { return };
    let tsv = load(&folder, "imdb");
    let copy = tempfile::tempdir().unwrap();
    for (split, polarity) in [("train", "neg"), ("train", "pos"), ("test", "neg"), ("test", "pos")] {
        let to = copy.path().join(format!("aclImdb/{split}/{polarity}"));
        std::fs::create_dir_all(&to).unwrap();
        let text = std::fs::read_to_string(folder.join(format!("imdb/{split}.{polarity}.tsv"))).unwrap();
        for line in text.lines() {
            let mut columns = line.splitn(3, '\t');
            let [id, rating, review] = [(); 3].map(|()| columns.next().unwrap());
            std::fs::write(to.join(format!("{id}_{rating}.txt")), review).unwrap();
        }
    }
    let files = load(copy.path(), "imdb");
    assert!(files.train == tsv.train && files.dev == tsv.dev && files.test == tsv.test);
    assert_ne!(files.checksum, tsv.checksum);

    let parts = load(&folder, "sst2");
    assert!(load(&folder.join("sst2-glue"), "sst2") == parts, "the set's own folder will do");
    let glue = copy.path().join("SST-2");
    std::fs::create_dir(&glue).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.join("sst2-glue").join(name)).unwrap();
    let second = read("train_part2.tsv");
    let (_header, second) = second.split_once('\n').unwrap();
    std::fs::write(glue.join("train.tsv"), read("train_part1.tsv") + second).unwrap();
    std::fs::write(glue.join("dev.tsv"), read("dev.tsv")).unwrap();
    let whole = load(copy.path(), "sst2");
    assert!(whole.train == parts.train && whole.dev == parts.dev && whole.test == parts.test);
}
