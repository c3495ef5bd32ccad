//! Tells by its name whether a file holds more than a text on each line.

use std::path::Path;

/// The extensions of tables, of JSON and of words in columns.
const EXTENSIONS: [&str; 9] = ["csv", "tsv", "json", "jsonl", "ndjson", "conll", "conllu", "bio", "iob"];

/// The extension of such a file, in lower case; none of another.
pub fn extension(path: &Path) -> Option<String> {
    let extension = path.extension()?.to_string_lossy().to_lowercase();
    EXTENSIONS.contains(&extension.as_str()).then_some(extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell() {
        for (name, expected) in
            [("a/b.CSV", Some("csv")), ("a.jsonl", Some("jsonl")), ("a.csv.txt", None), ("csv", None)]
        {
            assert_eq!(extension(Path::new(name)).as_deref(), expected, "{name}");
        }
    }
}
