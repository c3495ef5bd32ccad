//! Tells files that are no text by their first bytes, before these are decoded.

use super::DataError;
use encoding_rs::{DecoderResult, UTF_16BE, UTF_16LE};
use std::path::Path;

/// What is recognised: the first bytes, what it is, and what to do.
const KINDS: [(&[u8], &str, &str); 8] = [
    (
        b"PK\x03\x04",
        "an archive or a spreadsheet (zip, xlsx, docx)",
        "save a spreadsheet as CSV, or unpack an archive",
    ),
    (
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        "a spreadsheet or a document (xls, doc)",
        "save it as CSV or as plain text",
    ),
    (b"%PDF-", "a PDF", "export its text, one example for each line"),
    (b"\x1F\x8B", "a compressed file (gzip)", "unpack it, for example with gunzip"),
    (b"BZh91AY&SY", "a compressed file (bzip2)", "unpack it, for example with bunzip2"),
    (b"\xFD7zXZ\0", "a compressed file (xz)", "unpack it, for example with unxz"),
    (b"\x28\xB5\x2F\xFD", "a compressed file (zstd)", "unpack it, for example with unzstd"),
    (b"PAR1", "a table in Parquet", "save it as CSV, for example with pandas"),
];

/// Number of bytes that are examined.
const SAMPLE: usize = 1 << 16;

/// With fewer control characters nothing is concluded from them.
const FEW: usize = 8;

/// Checks that a file could be text.
///
/// # Errors
/// [`DataError::File`] for the formats of archives, spreadsheets, documents and compressed files, and for more than one
/// zero byte or control character in twenty bytes. Text in UTF-16, which has zero bytes, is no such file.
pub fn check(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let known = KINDS.into_iter().find(|(start, ..)| sample.starts_with(start));
    let (found, advice) = match known {
        Some((_, found, advice)) => (found, advice),
        None if controls(sample) > FEW.max(sample.len() / 20) && !is_utf16(sample) => {
            ("binary data", "check that it is the right file, or export its text")
        }
        None => return Ok(()),
    };
    Err(DataError::File {
        path: path.into(),
        expected: "text".into(),
        found: found.into(),
        advice: advice.into(),
    })
}

/// Whether a byte is zero or a control character that no text has; an escape sets colours in logs.
fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && !matches!(byte, b'\t'..=b'\r' | 0x1B)
}

fn controls(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| is_control(byte)).count()
}

/// Whether bytes are UTF-16 with a byte order mark, or without one in either order, and then without control characters.
fn is_utf16(bytes: &[u8]) -> bool {
    let marked = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
    marked
        || [UTF_16LE, UTF_16BE].into_iter().any(|codec| {
            let mut decoder = codec.new_decoder_without_bom_handling();
            let mut text = String::with_capacity(bytes.len() * 2 + 16);
            // A character may be cut off at the end of the sample.
            let (result, _) = decoder.decode_to_string_without_replacement(bytes, &mut text, false);
            let is_control = |c: char| u8::try_from(c).is_ok_and(is_control);
            matches!(result, DecoderResult::InputEmpty) && !text.contains(is_control)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(bytes: &[u8]) -> Result<(), String> {
        check(Path::new("f.csv"), bytes).map_err(|error| error.to_string())
    }

    #[test]
    fn formats_that_are_no_text_are_named() {
        for (start, found) in [
            (
                &b"PK\x03\x04\x14\0"[..],
                "an archive or a spreadsheet (zip, xlsx, docx); save a spreadsheet as CSV",
            ),
            (b"\x1F\x8B\x08\0\xE9", "a compressed file (gzip); unpack it, for example with gunzip"),
            (b"%PDF-1.7\n%\xE2\xE3\n", "a PDF; export its text"),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0", "a spreadsheet or a document (xls, doc); save it as CSV"),
        ] {
            let error = checked(start).unwrap_err();
            assert!(error.starts_with(&format!("f.csv: expected text, found {found}")), "{error}");
            assert!(!error.contains("--encoding"), "{error}");
        }
    }

    #[test]
    fn binary_data_is_told_from_text_in_any_encoding() {
        let integers: Vec<u8> = (0..100u32).flat_map(u32::to_le_bytes).collect();
        let mut state = 1u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        for bytes in [
            integers,
            noise.take(1 << 17).collect(),
            b"SQLite format 3\0\x10\0\x01\x01\0\x40\0\0\0\0\0\0".to_vec(),
        ] {
            let error = checked(&bytes).unwrap_err();
            assert!(error.starts_with("f.csv: expected text, found binary data; check that"), "{error}");
        }
        let text = "好\t房间很大非常干净 — naïve café, Ӂ\r\n".repeat(3000);
        let units = || text.encode_utf16();
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        let marked = [b"\xFF\xFE", &little[..]].concat();
        let gb18030 = encoding_rs::GB18030.encode(&text).0.into_owned();
        let logs = b"\x1b[31mred\x1b[0m \x1b[32mgreen\x1b[0m\n".repeat(99);
        for bytes in [
            text.clone().into_bytes(),
            little,
            big,
            marked,
            gb18030,
            logs,
            b"pos\x01\tgood\0\n".to_vec(),
            vec![],
        ] {
            assert_eq!(checked(&bytes), Ok(()), "{:?}", &bytes[..bytes.len().min(20)]);
        }
    }
}
