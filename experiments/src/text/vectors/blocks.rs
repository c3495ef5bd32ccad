//! Reads a file of any size in blocks of whole lines.

use std::io::{self, Read};

/// Bytes read at once.
const BLOCK: u64 = 4 << 20;
/// Maximum length of a line in bytes: a vector of a million numbers takes less. Reading fails at a longer line.
const LONGEST_LINE: usize = 16 << 20;

/// Why a block cannot be read.
pub(super) enum BlockError {
    /// Reading or decompressing failed.
    Io(io::Error),
    /// A line is longer than [`LONGEST_LINE`].
    LongLine,
}

/// Reads blocks of whole lines.
pub(super) struct Blocks<R> {
    reader: R,
    /// Bytes of a line whose end has not been read yet.
    begun: Vec<u8>,
}

impl<R: Read> Blocks<R> {
    pub fn new(reader: R) -> Self {
        Blocks { reader, begun: Vec::new() }
    }

    /// The next lines with their line ends, which the file's last line may lack; `None` at the end of the file.
    ///
    /// # Errors
    /// [`BlockError`].
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, BlockError> {
        let mut block = std::mem::take(&mut self.begun);
        loop {
            let before = block.len();
            let read = self.reader.by_ref().take(BLOCK).read_to_end(&mut block).map_err(BlockError::Io)?;
            if read == 0 {
                return Ok((!block.is_empty()).then_some(block));
            }
            if let Some(end) = block[before..].iter().rposition(|&b| b == b'\n') {
                self.begun = block.split_off(before + end + 1);
                return Ok(Some(block));
            }
            if block.len() > LONGEST_LINE {
                return Err(BlockError::LongLine);
            }
        }
    }
}

/// Cuts a block into pieces of whole lines, each of at least `size` bytes except the last. Returns each piece with the
/// number of lines before it.
pub(super) fn pieces(mut block: &[u8], size: usize) -> Vec<(usize, &[u8])> {
    let (mut pieces, mut lines) = (Vec::new(), 0);
    while !block.is_empty() {
        let end = block.iter().skip(size).position(|&b| b == b'\n').map_or(block.len(), |end| size + end + 1);
        let (piece, rest) = block.split_at(end);
        pieces.push((lines, piece));
        lines += piece.iter().filter(|&&b| b == b'\n').count();
        block = rest;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_whole_lines_and_pieces_know_theirs() {
        let line = |i: usize| format!("{i} {}", "x".repeat(i % 97));
        let text: String = (0..200_000).map(|i| line(i) + "\n").collect();
        let text = text.trim_end();
        let mut blocks = Blocks::new(text.as_bytes());
        let (mut all, mut lines, mut count) = (Vec::new(), 0, 0);
        while let Ok(Some(block)) = blocks.next() {
            for (before, piece) in pieces(&block, 1000) {
                assert!(piece.starts_with(line(lines + before).as_bytes()));
            }
            lines += block.iter().filter(|&&b| b == b'\n').count();
            all.extend(block);
            count += 1;
        }
        assert_eq!((all == text.as_bytes(), count > 1), (true, true));
    }

    #[test]
    fn a_line_without_end_is_given_up() {
        let mut blocks = Blocks::new(io::repeat(0));
        assert!(matches!(blocks.next(), Err(BlockError::LongLine)));
        assert!(matches!(Blocks::new(&b""[..]).next(), Ok(None)));
    }
}
