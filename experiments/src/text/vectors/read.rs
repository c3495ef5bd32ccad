use super::blocks::{BlockError, Blocks, pieces};
use super::given::GivenVectors;
use super::line::{Layout, Source, numbers_at_end};
use crate::data::counted::counted;
use crate::data::error::quoted;
use crate::data::{DataError, files};
use crate::text::normalise::Form;
use crate::text::tokenise::{lowercase, spelling};
use crate::text::tokens::Tokens;
use flate2::bufread::MultiGzDecoder;
use half::f16;
use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many of a file's first words a run keeps in addition to the words of its data: all words of GloVe's smaller
/// files, 240 MB in half precision at width 300.
pub const KEPT: usize = 400_000;

/// Bytes of lines that a thread parses at once.
const PIECE: usize = 256 << 10;
/// Lines that are examined to determine a file's layout.
const LOOKED_AT: usize = 64;

/// The spellings under which the words of texts are looked up: as written, in the vocabulary's form, and in lower case; a
/// number that became NUM, under that name alone.
#[derive(Clone, Debug, Default)]
pub struct Spellings(HashSet<String>);

impl Spellings {
    /// The spellings of all words of some texts.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a Tokens>) -> Self {
        let mut spellings = HashSet::new();
        let mut add = |word: &str| {
            let word = Form::Nfc.of(word);
            if !spellings.contains(word.as_ref()) {
                spellings.insert(word.into_owned());
            }
        };
        for tokens in texts {
            for (word, written) in tokens.words().zip(tokens.written()) {
                let spelled = spelling(word, written);
                add(word);
                add(spelled);
                add(&lowercase(spelled));
            }
        }
        Spellings(spellings)
    }

    /// Whether a word of the texts is looked up under this spelling.
    pub fn contains(&self, word: &str) -> bool {
        self.0.contains(word)
    }
}

/// The part of a file of word vectors that is kept: the words of the data, and the file's first [`KEPT`] words.
#[derive(Clone, Debug)]
pub struct VectorFile {
    path: PathBuf,
    given: Arc<GivenVectors>,
    /// Where in `exact` the vector of a row begins.
    starts: HashMap<u32, usize>,
    exact: Vec<f32>,
}

impl VectorFile {
    /// Reads a file in one pass; it may be compressed with gzip. Keeps the `wanted` words in `f32`, and these and the
    /// first [`KEPT`] words in `f16`, where a number out of range becomes the largest of its sign.
    ///
    /// D is the first width on which two lines agree. A first line of two integers whose second is D, as word2vec and
    /// fastText write it, is a header, whose first integer is the number of words. Blank lines and lines without a word
    /// are skipped. Words may contain spaces; if a word occurs twice, its first vector is used.
    ///
    /// # Errors
    /// [`DataError`] for an unreadable file, a line that is not a word and D finite numbers, or another number of words
    /// than the header says. After the first [`KEPT`]
    /// words, the numbers of words that are not wanted are counted but not parsed.
    pub fn read(path: &Path, wanted: impl Fn(&str) -> bool + Sync) -> Result<Self, DataError> {
        Self::read_keeping(path, wanted, KEPT)
    }

    fn read_keeping(
        path: &Path,
        wanted: impl Fn(&str) -> bool + Sync,
        kept: usize,
    ) -> Result<Self, DataError> {
        let unreadable = |source| DataError::Read { path: path.into(), source };
        let mut file = BufReader::with_capacity(1 << 20, files::open(path)?);
        let zipped = file.fill_buf().map_err(unreadable)?.starts_with(&[0x1f, 0x8b]);
        match zipped {
            true => Self::of_lines(path, MultiGzDecoder::new(file), wanted, kept).map_err(|e| match e {
                DataError::Read { source, .. } => DataError::File {
                    path: path.into(),
                    expected: "a whole gzip file".into(),
                    found: source.to_string(),
                    advice: "get the file again".into(),
                },
                other => other,
            }),
            false => Self::of_lines(path, file, wanted, kept),
        }
    }

    pub(super) fn of_lines(
        path: &Path,
        reader: impl Read,
        wanted: impl Fn(&str) -> bool + Sync,
        kept: usize,
    ) -> Result<Self, DataError> {
        let source = Source(path);
        let mut blocks = Blocks::new(reader);
        let mut out: Option<Collected> = None;
        let (mut start, mut lines) = (Start::default(), 0);
        while let Some(block) = blocks.next().map_err(|error| match error {
            BlockError::Io(error) => DataError::Read { path: path.into(), source: error },
            BlockError::LongLine => {
                source.fault(lines + 1, "a word and its numbers".into(), "a line of more than 16 MiB".into())
            }
        })? {
            if start.layout.is_none() {
                start.look(source, &block, lines)?;
            }
            if let Some(layout) = start.layout {
                let out = out.get_or_insert_with(|| Collected::new(layout.width));
                let all = out.given.len() < kept;
                let parts: Vec<_> = pieces(&block, PIECE)
                    .into_par_iter()
                    .map(|(before, piece)| {
                        Part::parse(source, layout, (lines + before, piece), &start, all, &wanted)
                    })
                    .collect();
                for part in parts {
                    out.add(part?, kept);
                }
            }
            lines += block.iter().filter(|&&b| b == b'\n').count();
        }
        let Some(out) = out else {
            return Err(DataError::File {
                path: path.into(),
                expected: "word vectors".into(),
                found: "none".into(),
                advice: "give a file in GloVe's or word2vec's text format".into(),
            });
        };
        start.check_count(source, out.lines)?;
        let Collected { given, starts, exact, .. } = out;
        Ok(VectorFile { path: path.into(), given: given.into(), starts, exact })
    }

    /// The path of the file, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Width of a vector: D.
    pub fn width(&self) -> usize {
        self.given.width()
    }

    /// Number of words that are kept.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.given.len()
    }

    pub(in crate::text) fn given(&self) -> &Arc<GivenVectors> {
        &self.given
    }

    /// The vector of a row as in the file; in half precision if the word was not wanted.
    pub(in crate::text) fn exact(&self, row: u32) -> Vec<f32> {
        match self.starts.get(&row) {
            Some(&start) => self.exact[start..][..self.width()].to_vec(),
            None => self.given.row(row).iter().map(|value| value.to_f32()).collect(),
        }
    }
}

/// What the first lines say about the rest of the file.
#[derive(Default)]
struct Start {
    layout: Option<Layout>,
    /// The line, from 1, of the header, which holds a count and a width.
    header: Option<usize>,
    /// The number of words in the header.
    count: usize,
    /// The width in the header.
    width: usize,
}

impl Start {
    /// Determines the layout from the first lines of a block that follows `before` lines.
    fn look(&mut self, source: Source, block: &[u8], before: usize) -> Result<(), DataError> {
        let mut seen = Vec::new();
        for (bytes, line) in block.split(|&b| b == b'\n').zip(before + 1..) {
            let text = first_text(source, bytes, line)?;
            if !text.is_empty() {
                seen.push((line, text));
            }
            if seen.len() == LOOKED_AT {
                break;
            }
        }
        let mut seen = seen.as_slice();
        if let (None, [(line, first), rest @ ..]) = (self.header, seen)
            && let Some((count, width)) = header(first)
        {
            (self.header, self.count, self.width) = (Some(*line), count, width);
            seen = rest;
        }
        let Some(layout) = agreed(source, seen, self.header.map(|_| self.width))? else { return Ok(()) };
        self.layout = Some(layout);
        match self.header {
            // If every line has a single number, two integers are a word and its number.
            Some(_) if layout.width == 1 && self.width != 1 => self.header = None,
            Some(line) if layout.width != self.width => {
                let expected = format!("a count and the width {}, as line {} has", layout.width, layout.line);
                return Err(source.fault(line, expected, format!("the width {}", self.width)));
            }
            _ => {}
        }
        Ok(())
    }

    /// Checks that the file has as many words as its header says.
    fn check_count(&self, source: Source, found: usize) -> Result<(), DataError> {
        match self.header {
            Some(line) if found != self.count => Err(DataError::File {
                path: source.0.into(),
                expected: format!("{}, as line {line} says", counted(self.count, "words")),
                found: found.to_string(),
                advice: "the file may be truncated or damaged; get it again".into(),
            }),
            _ => Ok(()),
        }
    }
}

/// The text of a line, without the byte-order mark on the file's first line.
fn first_text<'a>(source: Source<'_>, bytes: &'a [u8], line: usize) -> Result<&'a str, DataError> {
    let bytes = if line == 1 { bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes) } else { bytes };
    source.text(bytes, line)
}

/// The number of words and D, if a line holds these.
fn header(text: &str) -> Option<(usize, usize)> {
    let (count, width) = text.split_once(' ')?;
    let integer = |field: &str| field.bytes().all(|b| b.is_ascii_digit()).then(|| field.parse().ok())?;
    Some((integer(count)?, integer(width)?))
}

/// The first width on which two lines agree; `None` without lines. If there is only one line, its word contains no
/// space unless the header says so.
fn agreed(
    source: Source,
    lines: &[(usize, &str)],
    header: Option<usize>,
) -> Result<Option<Layout>, DataError> {
    let mut lines_of: HashMap<usize, usize> = HashMap::new();
    let Some(&(first, text)) = lines.first() else { return Ok(None) };
    for &(line, text) in lines {
        let width = numbers_at_end(text);
        if let Some(&line) = lines_of.get(&width).filter(|_| width > 0) {
            return Ok(Some(Layout { width, line }));
        }
        lines_of.insert(width, line);
    }
    let width = numbers_at_end(text);
    if width == 0 {
        return Err(source.fault(first, "a word and its numbers".into(), quoted(text)));
    }
    match lines.get(1) {
        None if header == Some(width) => Ok(Some(Layout { width, line: first })),
        None => Ok(Some(Layout { width: text.split(' ').count() - 1, line: first })),
        Some(&(line, text)) => {
            let expected = format!("a word and {width} numbers, as line {first} has");
            Err(source.fault(line, expected, format!("{} in {}", numbers_at_end(text), quoted(text))))
        }
    }
}

/// The words of some lines and their vectors.
#[derive(Default)]
struct Part<'a> {
    /// Lines that hold a vector, also that of a word that is not kept or that is empty.
    lines: usize,
    words: Vec<(&'a str, bool)>,
    exact: Vec<f32>,
    half: Vec<f16>,
}

impl<'a> Part<'a> {
    /// Parses the lines of `piece`, which follow `before` others: all of them, or only those of wanted words.
    fn parse(
        source: Source,
        layout: Layout,
        (before, piece): (usize, &'a [u8]),
        start: &Start,
        all: bool,
        wanted: &(impl Fn(&str) -> bool + Sync),
    ) -> Result<Self, DataError> {
        let mut part = Part::default();
        for (bytes, number) in piece.split(|&b| b == b'\n').zip(before + 1..) {
            let text = first_text(source, bytes, number)?;
            if start.header == Some(number) {
                continue;
            }
            part.lines += usize::from(!text.is_empty());
            let Some(line) = layout.split(source, number, text)? else { continue };
            let is_wanted = wanted(&Form::Nfc.of(line.word));
            if all || is_wanted {
                layout.parse(source, number, &line, &mut part.exact)?;
                part.words.push((line.word, is_wanted));
            }
        }
        let largest = f16::MAX.to_f32();
        let within: Vec<f32> = part.exact.iter().map(|value| value.clamp(-largest, largest)).collect();
        part.half = vec![f16::ZERO; within.len()];
        part.half.convert_from_f32_slice(&within);
        Ok(part)
    }
}

/// The words and vectors kept so far.
struct Collected {
    /// Of all parts.
    lines: usize,
    given: GivenVectors,
    starts: HashMap<u32, usize>,
    exact: Vec<f32>,
}

impl Collected {
    fn new(width: usize) -> Self {
        Collected { lines: 0, given: GivenVectors::new(width), starts: HashMap::new(), exact: Vec::new() }
    }

    fn add(&mut self, part: Part, kept: usize) {
        self.lines += part.lines;
        let width = self.given.width();
        let vectors = part.half.chunks(width).zip(part.exact.chunks(width));
        for ((word, is_wanted), (half, exact)) in part.words.into_iter().zip(vectors) {
            if !is_wanted && self.given.len() >= kept {
                continue;
            }
            if let Some(row) = self.given.add(word, half)
                && is_wanted
            {
                self.starts.insert(row, self.exact.len());
                self.exact.extend_from_slice(exact);
            }
        }
    }
}
