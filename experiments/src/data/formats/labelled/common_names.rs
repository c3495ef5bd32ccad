//! Common names of the columns of texts and labels.

/// Names that a text's column commonly has, in lower case and without anything between words.
const TEXTS: &[&str] = &[
    "text",
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
];

/// Names that a label's column commonly has, written in the same way.
const LABELS: &[&str] = &[
    "label",
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
];

/// `Review Text`, `review_text` and `reviewText` are one name.
pub(super) fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '"'));
    letters.take(30).flat_map(char::to_lowercase).collect()
}

/// Whether a text's column is commonly called so.
pub(super) fn is_text(name: &str) -> bool {
    TEXTS.contains(&plain(name).as_str())
}

/// Whether a label's column is commonly called so.
pub(super) fn is_label(name: &str) -> bool {
    LABELS.contains(&plain(name).as_str())
}
