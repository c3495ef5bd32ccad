//! Plain text: one text a line, an empty line between documents. Tasks that learn from text alone share it.

use crate::data::error::quoted;
use crate::data::files::{Encoding, FileReader, TextFile};
use crate::data::formats::lines::lines;
use crate::data::formats::structured;
use crate::data::split::{hold_out, shuffle};
use crate::data::{DataError, Part};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The format of the user's own files: plain text has no keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlainKeys {}

/// Texts, and the document that each is from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Corpus {
    /// The texts, without white space at their ends; none is empty.
    pub texts: Vec<String>,
    /// The number of each one's document.
    pub documents: Vec<usize>,
}

/// With fewer documents, a tenth of them is nothing or too much.
pub(super) const FEWEST_DOCUMENTS: usize = 10;

impl Corpus {
    /// Reads one of the user's files.
    ///
    /// # Errors
    /// The name of a file that is no plain text; as [`add`](Corpus::add).
    pub fn read_own(reader: &mut FileReader, path: &Path, encoding: Encoding) -> Result<Corpus, DataError> {
        if let Some(extension) = structured::extension(path) {
            return Err(DataError::File {
                path: path.into(),
                expected: "plain text, one text a line".into(),
                found: format!("the name of a .{extension} file"),
                advice: "write its texts alone to another file, one on each line; if each line is a text, name it .txt".into(),
            });
        }
        let mut part = Corpus::default();
        part.add(&reader.read(path, encoding)?)?;
        Ok(part)
    }

    /// Adds the texts of a file, as documents of their own.
    ///
    /// # Errors
    /// [`DataError::File`] for a file without a text.
    pub fn add(&mut self, file: &TextFile) -> Result<(), DataError> {
        let (before, mut document) = (self.texts.len(), self.documents.last().map_or(0, |last| last + 1));
        let mut ended = false;
        for (_, line) in lines(&file.text) {
            let text = line.trim();
            if text.is_empty() {
                ended = true;
                continue;
            }
            if std::mem::take(&mut ended) && self.texts.len() > before {
                document += 1;
            }
            self.texts.push(text.to_owned());
            self.documents.push(document);
        }
        match self.texts.len() > before {
            true => Ok(()),
            false => Err(DataError::File {
                path: file.path.clone(),
                expected: "plain text, one text a line".into(),
                found: quoted(&file.text),
                advice: "name a file with text".into(),
            }),
        }
    }

    /// Adds the paragraphs of a file with hard line breaks, each as one text, and the file as a document.
    ///
    /// # Errors
    /// As [`add`](Corpus::add).
    pub fn add_paragraphs(&mut self, file: &TextFile) -> Result<(), DataError> {
        let mut lines = Corpus::default();
        lines.add(file)?;
        let document = self.documents.last().map_or(0, |last| last + 1);
        let mut texts = lines.texts.into_iter();
        for paragraph in lines.documents.chunk_by(|a, b| a == b) {
            self.texts.push(texts.by_ref().take(paragraph.len()).collect::<Vec<_>>().join(" "));
            self.documents.push(document);
        }
        Ok(())
    }

    /// Adds texts, each as a document of its own; blank ones are left out.
    pub fn add_each(&mut self, texts: impl IntoIterator<Item = impl AsRef<str>>) {
        for text in texts {
            let text = text.as_ref().trim();
            if !text.is_empty() {
                self.documents.push(self.documents.last().map_or(0, |last| last + 1));
                self.texts.push(text.to_owned());
            }
        }
    }

    /// The number of documents.
    pub(super) fn count(&self) -> usize {
        let mut documents = self.documents.clone();
        documents.sort_unstable();
        documents.dedup();
        documents.len()
    }

    /// Some texts, in this order.
    pub(super) fn select(&self, places: &[usize]) -> Corpus {
        Corpus {
            texts: places.iter().map(|&i| self.texts[i].clone()).collect(),
            documents: places.iter().map(|&i| self.documents[i]).collect(),
        }
    }

    /// Removes documents, drawn by `seed`, until at least `n` texts are removed; the last document remains. The others keep their
    /// order.
    pub(super) fn hold_out_documents(&mut self, n: usize, seed: u64) -> Corpus {
        let mut documents: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, document) in self.documents.iter().enumerate() {
            documents.entry(*document).or_default().push(place);
        }
        let mut documents: Vec<Vec<usize>> = documents.into_values().collect();
        shuffle(&mut documents, seed, u64::MAX);
        let mut held = vec![];
        while held.len() < n && documents.len() > 1 {
            held.extend(documents.pop().unwrap_or_default());
        }
        let mut stays = documents.concat();
        held.sort_unstable();
        stays.sort_unstable();
        let out = self.select(&held);
        *self = self.select(&stays);
        out
    }
}

impl Part for Corpus {
    const UNIT: &'static str = "texts";
    const SEPARATED: &'static str = "write one text a line, ";

    fn len(&self) -> usize {
        self.texts.len()
    }

    fn draw(&mut self, n: usize, seed: u64) -> Self {
        let mut all: Vec<usize> = (0..self.texts.len()).collect();
        let drawn = hold_out(&mut all, n, seed);
        let out = self.select(&drawn);
        *self = self.select(&all);
        out
    }

    fn keep(&mut self, n: usize, seed: u64) {
        let mut all: Vec<usize> = (0..self.texts.len()).collect();
        *self = self.select(&hold_out(&mut all, n, seed));
    }

    /// Neighbouring lines of a document reveal much about each other. A file with fewer than ten documents is held out line by
    /// line.
    fn hold_out<const N: usize>(&mut self, sizes: [usize; N], seed: u64) -> ([Self; N], String) {
        if self.count() < FEWEST_DOCUMENTS {
            let part = |n| if n == 0 { Self::default() } else { self.draw(n, seed) };
            return (sizes.map(part), format!(" held out by seed {seed}"));
        }
        (
            sizes.map(|n| self.hold_out_documents(n, seed)),
            format!(", whole documents held out by seed {seed}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Corpus, DataError> {
        let mut corpus = Corpus::default();
        corpus.add(&TextFile { path: "f".into(), text: text.into(), sha256: String::new() })?;
        Ok(corpus)
    }

    #[test]
    fn empty_lines_separate_documents() {
        let corpus = read("\n a b \r\nc\n\n \t\nd\r\n\n").unwrap();
        assert_eq!(
            (corpus.texts, corpus.documents),
            (vec!["a b".into(), "c".into(), "d".into()], vec![0, 0, 1])
        );
        let mut two = read("a\n\nb").unwrap();
        two.add(&TextFile { path: "g".into(), text: "c\n".into(), sha256: String::new() }).unwrap();
        assert_eq!(two.documents, [0, 1, 2]);
    }

    #[test]
    fn paragraphs_have_no_line_breaks() {
        let mut corpus = read("a").unwrap();
        let text = "the fine\n cast \n\nwas\n\n\nin\nOslo\n";
        corpus
            .add_paragraphs(&TextFile { path: "g".into(), text: text.into(), sha256: String::new() })
            .unwrap();
        assert_eq!(corpus.texts, ["a", "the fine cast", "was", "in Oslo"]);
        assert_eq!(corpus.documents, [0, 1, 1, 1]);
    }

    #[test]
    fn single_texts_are_documents_of_their_own() {
        let mut corpus = read("a\nb").unwrap();
        corpus.add_each([" c ", " ", "d"]);
        assert_eq!((corpus.texts.concat(), corpus.documents), ("abcd".into(), vec![0, 0, 1, 2]));
    }

    #[test]
    fn a_file_without_text_is_refused() {
        for text in ["", "\n \n"] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("f: expected plain text, one text a line"), "{error}");
        }
    }

    #[test]
    fn whole_documents_are_held_out_if_there_are_many() {
        let text = |documents: usize| -> String {
            (0..documents)
                .map(|d| (0..1 + d % 4).map(|i| format!("{d} {i}\n")).collect::<String>() + "\n")
                .collect()
        };
        let mut many = read(&text(20)).unwrap();
        let all = many.texts.len();
        let ([test, dev], how) = many.hold_out([5, 5], 1);
        assert_eq!(how, ", whole documents held out by seed 1");
        assert!((5..9).contains(&test.len()) && (5..9).contains(&dev.len()), "{} {}", test.len(), dev.len());
        assert_eq!(many.len() + test.len() + dev.len(), all);
        let shared = |a: &Corpus, b: &Corpus| a.documents.iter().any(|d| b.documents.contains(d));
        assert!(!shared(&many, &test) && !shared(&many, &dev) && !shared(&test, &dev));

        let mut few = read(&text(9)).unwrap();
        let ([test, dev], how) = few.hold_out([5, 0], 1);
        assert_eq!((test.len(), dev.len(), how), (5, 0, " held out by seed 1".into()));
    }
}
