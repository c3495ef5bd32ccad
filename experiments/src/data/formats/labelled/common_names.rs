//! Common names of the columns of texts and labels.

/// Names that a text's column commonly has, in lower case and without anything between words: the surest, the usual ones,
/// and those that are taken if there is no other.
const TEXTS: [&[&str]; 3] = [
    &["text"],
    &[
        "texts",
        "texta",
        "sentence",
        "sentences",
        "sentence1",
        "review",
        "reviews",
        "reviewtext",
        "reviewbody",
        "content",
        "contents",
        "comment",
        "comments",
        "commenttext",
        "tweet",
        "tweets",
        "tweettext",
        "sentimenttext",
        "sentencetext",
        "cleantext",
        "cleanedtext",
        "body",
        "message",
        "messages",
        "utterance",
        "query",
        "question",
        "document",
        "doc",
        "phrase",
        "title",
        "headline",
        "description",
        "post",
        "article",
        "abstract",
        "passage",
        "snippet",
        "input",
        "文本",
        "内容",
        "评论",
        "句子",
        "sms",
        "tweetcontent",
        "statement",
        "paragraph",
    ],
    &["x", "v2"],
];

/// Names that a label's column commonly has, written in the same way.
const LABELS: [&[&str]; 3] = [
    &["label"],
    &[
        "labels",
        "labelname",
        "goldlabel",
        "class",
        "classes",
        "classname",
        "category",
        "categories",
        "target",
        "targets",
        "sentiment",
        "polarity",
        "stars",
        "star",
        "rating",
        "ratings",
        "emotion",
        "emotions",
        "intent",
        "topic",
        "tag",
        "genre",
        "标签",
        "类别",
        "情感",
        "mood",
        "classlabel",
        "labeltext",
        "emotionlabel",
        "sentimentlabel",
        "airlinesentiment",
        "classindex",
    ],
    &["y", "v1", "score", "scores", "value", "overall", "grade", "type", "kind", "outcome", "result"],
];

/// `Review Text`, `review_text` and `reviewText` are one name.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '"'));
    letters.take(30).flat_map(char::to_lowercase).collect()
}

fn tier(names: &[&[&str]], name: &str) -> Option<usize> {
    let name = plain(name);
    names.iter().position(|names| names.contains(&name.as_str()))
}

/// How sure it is that a column of this name holds the text: 0 is the surest; none if the name is not a common one.
pub(super) fn text(name: &str) -> Option<usize> {
    tier(&TEXTS, name)
}

/// The same for the label.
pub(super) fn label(name: &str) -> Option<usize> {
    tier(&LABELS, name)
}

/// Whether a text's column is commonly called so.
pub(super) fn is_text(name: &str) -> bool {
    text(name).is_some()
}

/// Whether a label's column is commonly called so.
pub(super) fn is_label(name: &str) -> bool {
    label(name).is_some()
}
