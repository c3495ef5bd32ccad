//! The IMDB movie reviews (Maas et al. 2011), one polarity at a time: the original folder with a file `ID_RATING.txt`
//! for each review, or TSV `id<TAB>rating<TAB>text`. Ratings 1 to 4 are negative, 7 to 10 positive; the set has no
//! other ratings.

use super::super::{
    DataError, Example,
    error::quoted,
    files::{Encoding, FileReader},
};
use std::path::{Path, PathBuf};

/// Which half of the reviews a folder or file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// Ratings 1 to 4, label 0.
    Negative,
    /// Ratings 7 to 10, label 1.
    Positive,
}

impl Polarity {
    fn label(self) -> usize {
        self as usize
    }

    fn holds(self, rating: &str) -> bool {
        match self {
            Polarity::Negative => ["1", "2", "3", "4"].contains(&rating),
            Polarity::Positive => ["7", "8", "9", "10"].contains(&rating),
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Polarity::Negative => "a rating from 1 to 4, since these are the negative reviews",
            Polarity::Positive => "a rating from 7 to 10, since these are the positive reviews",
        }
    }
}

/// The reviews of a TSV file, in its order.
///
/// # Errors
/// [`DataError::Line`] for a line that is not `id<TAB>rating<TAB>text` with a rating of this polarity.
pub fn parse_tsv(path: &Path, text: &str, polarity: Polarity) -> Result<Vec<Example>, DataError> {
    let mut examples = Vec::new();
    for (i, content) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let fault = |expected: &str, found: &str| DataError::Line {
            path: path.into(),
            line: i + 1,
            expected: expected.into(),
            found: quoted(found),
            advice: "get the file again",
        };
        let mut columns = content.splitn(3, '\t');
        let (Some(_id), Some(rating), Some(text)) = (columns.next(), columns.next(), columns.next()) else {
            return Err(fault("id, rating and text with tabs between them", content));
        };
        if !polarity.holds(rating) {
            return Err(fault(polarity.expected(), rating));
        }
        if text.trim().is_empty() {
            return Err(fault("a review after the rating", content));
        }
        examples.push(Example { text: text.trim().into(), labels: vec![polarity.label()] });
    }
    Ok(examples)
}

/// The reviews of a folder of `ID_RATING.txt` files, by ascending id.
///
/// # Errors
/// [`DataError::Read`], or [`DataError::File`] for a file that has another name, has another rating, or is empty.
pub fn read_folder(
    reader: &mut FileReader,
    folder: &Path,
    encoding: Encoding,
    polarity: Polarity,
) -> Result<Vec<Example>, DataError> {
    let unreadable = |source| DataError::Read { path: folder.into(), source };
    let mut files: Vec<(u64, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let fault = |expected: &str, found: &str| DataError::File {
            path: entry.path(),
            expected: expected.into(),
            found: quoted(found),
            advice: "remove the file or get the set again".into(),
        };
        let (id, rating) = name
            .strip_suffix(".txt")
            .and_then(|stem| stem.split_once('_'))
            .and_then(|(id, rating)| Some((id.parse().ok()?, rating)))
            .ok_or_else(|| fault("a name like '12_8.txt' (id, rating)", &name))?;
        if !polarity.holds(rating) {
            return Err(fault(polarity.expected(), rating));
        }
        files.push((id, entry.path()));
    }
    files.sort();
    files
        .into_iter()
        .map(|(_, path)| {
            let file = reader.read(&path, encoding)?;
            let text = file.text.trim();
            if text.is_empty() {
                let (expected, found) = ("a review".into(), "an empty file".into());
                return Err(DataError::File { path, expected, found, advice: "get the set again".into() });
            }
            Ok(Example { text: text.into(), labels: vec![polarity.label()] })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &str, polarity: Polarity) -> Result<Vec<Example>, String> {
        parse_tsv(Path::new("f.tsv"), text, polarity).map_err(|e| e.to_string())
    }

    fn example(text: &str, label: usize) -> Example {
        Example { text: text.into(), labels: vec![label] }
    }

    #[test]
    fn tsv_lines_become_examples() {
        let text = "0\t9\tGrand.<br />Twice.\n1\t10\tA tab\there.\n";
        let expected = [example("Grand.<br />Twice.", 1), example("A tab\there.", 1)];
        assert_eq!(parsed(text, Polarity::Positive).unwrap(), expected);
    }

    #[test]
    fn a_rating_of_the_other_half_is_named() {
        let error = parsed("0\t2\tPoor.\n1\t7\tFine.\n", Polarity::Negative).unwrap_err();
        assert!(error.starts_with("f.tsv, line 2: expected a rating from 1 to 4"), "{error}");
        assert!(parsed("0\t2", Polarity::Negative).unwrap_err().contains("expected id, rating and text"));
        assert!(parsed("0\t2\t ", Polarity::Negative).unwrap_err().contains("expected a review"));
    }

    #[test]
    fn a_folder_is_read_by_ascending_id() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("10_1.txt", "later");
        write("9_4.txt", "sooner\n");
        let read =
            || read_folder(&mut FileReader::default(), folder.path(), Encoding::Utf8, Polarity::Negative);
        assert_eq!(read().unwrap(), [example("sooner", 0), example("later", 0)]);

        write("11_8.txt", "stray");
        assert!(read().unwrap_err().to_string().contains("11_8.txt: expected a rating from 1 to 4"));
        std::fs::remove_file(folder.path().join("11_8.txt")).unwrap();
        write("notes.txt", "stray");
        assert!(read().unwrap_err().to_string().contains("expected a name like '12_8.txt'"));
        std::fs::remove_file(folder.path().join("notes.txt")).unwrap();
        write("12_3.txt", "");
        assert!(read().unwrap_err().to_string().contains("found an empty file"));
    }

    proptest! {
        #[test]
        fn any_text_is_examples_or_an_error(text: String) {
            let _ = parsed(&text, Polarity::Positive);
        }

        #[test]
        fn what_is_written_is_read(texts in prop::collection::vec(r"[^\s][^\n\r]{0,20}[^\s]", 0..9), rating in 7..=10) {
            let file: String = texts.iter().enumerate().map(|(i, t)| format!("{i}\t{rating}\t{t}\n")).collect();
            let read: Vec<String> = parsed(&file, Polarity::Positive).unwrap().into_iter().map(|e| e.text).collect();
            prop_assert_eq!(read, texts);
        }
    }
}
