//! A reader that knows the words and the rules of composition, and nothing of how a text was made: the proof that
//! every label can be read off its text.

use super::lexicon::Lexicon;
use super::words;

/// Whether the review of a thing praises it.
pub(super) fn praises(text: &str) -> bool {
    sentence(text) > 0
}

/// The label that a text of that kind has by the rules.
pub(super) fn label(kind: super::Kind, text: &str) -> usize {
    usize::from(match kind {
        super::Kind::ReviewsLong => document(text) > 0,
        super::Kind::Subjectivity => subjective(text),
        super::Kind::Phrases => phrase(text) > 0,
        _ => praises(text),
    })
}

fn among(word: &str, list: &[&str]) -> bool {
    list.contains(&word)
}

/// +1 for a word of praise, -1 for one of blame, 0 for others.
fn polarity(word: &str) -> i32 {
    let lexicon = Lexicon::shared();
    let stands = |list: &[String]| list.iter().any(|known| known == word);
    if stands(&lexicon.good)
        || stands(&lexicon.own_good)
        || stands(&lexicon.good_nouns)
        || among(word, &words::PRAISE)
        || among(word, &words::LIKED)
    {
        1
    } else if stands(&lexicon.bad)
        || stands(&lexicon.own_bad)
        || stands(&lexicon.bad_nouns)
        || among(word, &words::BLAME)
        || among(word, &words::DISLIKED)
    {
        -1
    } else {
        0
    }
}

/// The text without what stands between commas after a noun.
fn without_asides(text: &str) -> String {
    let mut text = text.to_owned();
    for opening in [" , shot in ", " , written by ", " , which ", " , set in "] {
        while let Some(start) = text.find(opening) {
            let Some(length) = text[start + 3..].find(" , ") else {
                panic!("an aside without an end: {text}")
            };
            text.replace_range(start..start + 3 + length + 2, "");
        }
    }
    text
}

fn sentence(text: &str) -> i32 {
    let text = without_asides(text);
    let mut rest = text.as_str();
    for opening in ["i bought the ", "i need the "] {
        if let Some((_, after)) = rest.strip_prefix(opening).and_then(|t| t.split_once(" : ")) {
            rest = after;
        }
    }
    if let Some((_, after)) = rest.strip_prefix("as a ").and_then(|t| t.split_once(" , ")) {
        rest = after;
    }
    if let Some((first, after)) = rest.split_once(" , ")
        && (among(first, &words::GLAD) || among(first, &words::SAD))
    {
        rest = after;
    }
    stance(rest)
}

/// Irony and the views of others, then contrast.
fn stance(text: &str) -> i32 {
    for (suffix, sign) in [
        (" , said nobody ever", -1),
        (" , yeah right", -1),
        (" , said everybody i know", 1),
        (" , and i agree", 1),
        (" , and i disagree", -1),
        (" ; they are right", 1),
        (" ; they are wrong", -1),
    ] {
        if let Some(rest) = text.strip_suffix(suffix) {
            return sign * contrast(rest.strip_prefix("the critics say that ").unwrap_or(rest));
        }
    }
    for (prefix, sign) in [
        ("oh sure , ", -1),
        ("oh , ", 1),
        ("i share the view that ", 1),
        ("i do not share the view that ", -1),
    ] {
        if let Some(rest) = text.strip_prefix(prefix) {
            return sign * contrast(rest);
        }
    }
    contrast(text)
}

/// The side of a contrast that counts; of two sides that both count, the stronger.
fn contrast(text: &str) -> i32 {
    for mark in [" , but ", " ; still , "] {
        if let Some((_, main)) = text.split_once(mark) {
            return clause(main);
        }
    }
    for mark in ["although ", "while ", "despite "] {
        if text.starts_with(mark) {
            let (_, main) = text.split_once(" , ").unwrap_or_else(|| panic!("no main clause: {text}"));
            return clause(main);
        }
    }
    for mark in [" , although ", " , despite "] {
        if let Some((main, _)) = text.split_once(mark) {
            return clause(main);
        }
    }
    text.split(" and ").map(clause).sum()
}

/// Polarity times strength, 1 to 3.
fn clause(text: &str) -> i32 {
    let tokens: Vec<&str> = text.split(' ').collect();
    let brisk = tokens.iter().any(|t| among(t, &words::BRISK));
    let calm = tokens.iter().any(|t| among(t, &words::CALM));
    if brisk || calm {
        let of_brisk = tokens.iter().any(|t| among(t, &words::BRISK_NOUNS));
        return if brisk == of_brisk { 2 } else { -2 };
    }
    let Some(at) = tokens.iter().position(|t| polarity(t) != 0) else { panic!("no opinion in: {text}") };
    let strength = match at.checked_sub(1).map(|before| tokens[before]) {
        Some(word) if among(word, &words::STRONG) => 3,
        Some(word) if among(word, &words::FAINT) => 1,
        _ => 2,
    };
    let padded = format!(" {text} ");
    let has = |phrases: &[&str]| phrases.iter().any(|phrase| padded.contains(&format!(" {phrase} ")));
    let decoy =
        has(&["no doubt", "can not deny", "could not be more", "never before", "nothing if not", "not even"]);
    let reversed =
        has(&["not", "never", "hardly", "far from", "anything but", "nobody", "should have", "supposed to"]);
    polarity(tokens[at]) * strength * if reversed && !decoy { -1 } else { 1 }
}

fn document(text: &str) -> i32 {
    let body = text.strip_suffix(" .").unwrap_or_else(|| panic!("no full stop: {text}"));
    let sentences: Vec<String> = body.split(" . ").map(without_asides).collect();
    for sentence in &sentences {
        for mark in ["overall , ", "all told , ", "my verdict : ", "to sum up , "] {
            if let Some(verdict) = sentence.strip_prefix(mark) {
                return contrast(verdict);
            }
        }
    }
    let claim = ["let me say it at once : ", "my first words were that "]
        .iter()
        .find_map(|mark| sentences[0].strip_prefix(mark))
        .unwrap_or_else(|| panic!("neither verdict nor claim: {text}"));
    let closes = |marks: [&str; 2]| sentences.iter().any(|sentence| among(sentence, &marks));
    if closes(["a second viewing did not change my mind", "i stand by my first words"]) {
        contrast(claim)
    } else if closes(["a second viewing did change my mind", "i take back my first words"]) {
        -contrast(claim)
    } else {
        panic!("a claim neither upheld nor taken back: {text}")
    }
}

/// Whether the text judges: holds an opinion that is no epithet of a role and in no character's mouth.
fn subjective(text: &str) -> bool {
    let tokens: Vec<&str> = text.split(' ').collect();
    let told = tokens.get(1) == Some(&"tells") && tokens.get(4) == Some(&"that");
    if told || text.contains(" and says that ") {
        return false;
    }
    tokens.iter().enumerate().any(|(i, token)| {
        let epithet =
            tokens.get(i + 1).is_some_and(|next| Lexicon::shared().roles.iter().any(|role| role == next));
        let dual = among(token, &words::BRISK) || among(token, &words::CALM);
        dual || polarity(token) != 0 && !epithet
    })
}

fn phrase(text: &str) -> i32 {
    let tokens: Vec<&str> = text.split(' ').collect();
    let opinion: i32 = tokens.iter().map(|token| polarity(token)).sum();
    let reversers = [
        "not ",
        "hardly ",
        "by no means ",
        "refuse to ",
        "fail to ",
        "lack of ",
        "end of ",
        "absence of ",
        "loss of ",
        "relief from ",
        "farewell to ",
        "victory over ",
    ];
    let reversed = reversers.iter().any(|mark| text.starts_with(mark)) && !text.starts_with("not only ");
    if reversed { -opinion } else { opinion }
}
