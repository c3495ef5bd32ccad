//! Pretrained word vectors in GloVe's text form: a line holds a word, then its D numbers, spaces between them.

use super::vocabulary::{PAD, Vocabulary};
use crate::data::{
    DataError,
    error::quoted,
    files::{Encoding, decode},
};
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

/// Vectors for the words of a vocabulary.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    /// Width of a vector: D.
    pub d: usize,
    /// Rows by word id `[V, D]`; zero where the file has no vector.
    pub rows: Vec<f32>,
    /// Which words the file has: `[V]`. The others are for the caller to initialise.
    pub found: Vec<bool>,
}

impl Embeddings {
    /// Reads a file line by line and keeps the words of the vocabulary. D is told from the first line; a first line of
    /// two integers (count and D, as word2vec and fastText write it) is passed over. Words may hold spaces; of a word
    /// that stands twice the first vector counts. The numbers of words not in the vocabulary are not looked at.
    ///
    /// # Errors
    /// [`DataError`] for an unreadable file or a line that is not a word and D finite numbers.
    pub fn read(path: &Path, vocabulary: &Vocabulary) -> Result<Self, DataError> {
        let file = File::open(path).map_err(|source| DataError::Read { path: path.into(), source })?;
        Self::from_lines(path, BufReader::with_capacity(1 << 20, file), vocabulary)
    }

    /// How many words of the vocabulary the file has.
    pub fn coverage(&self) -> usize {
        self.found.iter().filter(|&&found| found).count()
    }

    fn from_lines(path: &Path, mut file: impl BufRead, vocabulary: &Vocabulary) -> Result<Self, DataError> {
        let mut embeddings = Embeddings { d: 0, rows: Vec::new(), found: vec![false; vocabulary.len()] };
        let mut bytes = Vec::new();
        for line in 1.. {
            bytes.clear();
            let read = file.read_until(b'\n', &mut bytes);
            if read.map_err(|source| DataError::Read { path: path.into(), source })? == 0 {
                break;
            }
            let fault = |expected: String, found: String| DataError::Line {
                path: path.into(),
                line,
                expected,
                found,
                advice: "give a file of word vectors in GloVe's text form; it may be cut short",
            };
            let content = std::str::from_utf8(&bytes).map_err(|_| {
                match decode(path, bytes.clone(), Encoding::Utf8) {
                    Err(DataError::Encoding { path, column, byte, .. }) => {
                        DataError::Encoding { path, line, column, byte, advice: "convert the file to UTF-8" }
                    }
                    Err(other) => other,
                    Ok(_) => fault("UTF-8".into(), "other bytes".into()),
                }
            })?;
            let content = content.trim_end();
            if embeddings.d == 0 {
                let fields = content.split(' ').count();
                if line == 1 && fields == 2 && content.split(' ').all(|f| f.parse::<u32>().is_ok()) {
                    continue;
                }
                if fields < 2 {
                    return Err(fault("a word and its numbers".into(), quoted(content)));
                }
                embeddings.d = fields - 1;
                embeddings.rows = vec![0.0; vocabulary.len() * embeddings.d];
            }
            let d = embeddings.d;
            let expected = || format!("a word and {d} numbers, as on the first line");
            let Some((start, _)) = content.rmatch_indices(' ').nth(d - 1).filter(|&(start, _)| start > 0)
            else {
                return Err(fault(expected(), format!("{} fields", content.split(' ').count())));
            };
            let (word, numbers) = (&content[..start], &content[start + 1..]);
            let id = vocabulary.id(word) as usize;
            if vocabulary.word(id as u32) != word || id == PAD as usize || embeddings.found[id] {
                continue;
            }
            for (value, number) in embeddings.rows[id * d..][..d].iter_mut().zip(numbers.split(' ')) {
                *value =
                    number.parse().ok().filter(|v: &f32| v.is_finite()).ok_or_else(|| {
                        fault(expected(), format!("{} for {}", quoted(number), quoted(word)))
                    })?;
            }
            embeddings.found[id] = true;
        }
        if embeddings.d == 0 {
            return Err(DataError::File {
                path: path.into(),
                expected: "word vectors".into(),
                found: "none".into(),
                advice: "give a file in GloVe's text form".into(),
            });
        }
        Ok(embeddings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(file: &[u8]) -> Result<Embeddings, String> {
        let vocabulary = Vocabulary::count(["sea", "sky", "new york"], 1, 9);
        Embeddings::from_lines(Path::new("v.txt"), file, &vocabulary).map_err(|e| e.to_string())
    }

    #[test]
    fn rows_stand_at_the_words_ids() {
        let read = read(b"the 9 x\nsky 1 -2.5e-1\nnew york 3 4 \r\nsky 7 7\n").unwrap();
        assert_eq!(read.rows, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, -0.25, 3.0, 4.0]);
        assert_eq!(read.found, [false, false, false, true, true]);
        assert_eq!((read.d, read.coverage()), (2, 2));
    }

    #[test]
    fn a_header_of_count_and_width_is_passed_over() {
        let read = read(b"2 3\nsea 1 2 3\nsky 4 5 6\n").unwrap();
        assert_eq!((read.d, read.coverage()), (3, 2));
    }

    #[test]
    fn faults_are_named_with_their_line() {
        let error = |file: &[u8]| read(file).unwrap_err();
        assert!(error(b"sea 1 2\nsky 1\n").starts_with(
            "v.txt, line 2: expected a word and 2 numbers, as on the first line, found 2 fields; give a file"
        ));
        assert!(error(b"sea 1 2\nsky 1 two\n").contains("line 2: expected a word and 2 numbers"));
        assert!(error(b"sea 1 nan\n").contains("found 'nan' for 'sea'"));
        assert!(error(b"sea\n").contains("line 1: expected a word and its numbers, found 'sea'"));
        assert!(error(b"").contains("expected word vectors, found none"));
        assert!(
            error(b"sea 1 2\nsky\xFF 1 2\n").contains("line 2: expected UTF-8, found byte 0xff at column 4")
        );
        let missing = Embeddings::read(Path::new("no/such"), &Vocabulary::count([""; 0], 1, 9)).unwrap_err();
        assert!(missing.to_string().starts_with("cannot read no/such"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_vectors_or_an_error(bytes: Vec<u8>, text in "[a-c 0-9.\n]{0,40}") {
            let _ = read(&bytes);
            let _ = read(text.as_bytes());
        }

        #[test]
        fn what_is_written_is_read(values in prop::collection::vec(-1e9f32..1e9, 6)) {
            let line = |w: &str, v: &[f32]| format!("{w} {} {} {}\n", v[0], v[1], v[2]);
            let read = read(format!("{}{}", line("sea", &values[..3]), line("sky", &values[3..])).as_bytes()).unwrap();
            prop_assert_eq!(&read.rows[2 * 3..4 * 3], &values[..]);
        }
    }
}
