//! Decodes the bytes of a text file.

use super::DataError;
use encoding_rs::{GB18030, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};
use std::{path::Path, str::FromStr};

/// How bytes become characters. A byte order mark is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Encoding {
    /// UTF-8; an invalid byte is an error.
    #[default]
    Utf8,
    /// Windows-1252, the superset of Latin-1 that Western European Windows writes.
    Windows1252,
    /// Latin-1 (ISO 8859-1), read as Windows-1252, as browsers do: the bytes in which they differ are control
    /// characters in Latin-1.
    Latin1,
    /// UTF-16 in the byte order of its mark; without a mark, in that in which more characters are below U+0100, little-endian if
    /// there is no difference.
    Utf16,
    /// GB18030, the superset of GBK and GB 2312, for Chinese.
    Gb18030,
    /// UTF-8 if the file is valid UTF-8, otherwise Windows-1252: for known sets that exist in both.
    Utf8OrWindows1252,
}

/// Each encoding with its name and its aliases.
const TABLE: [(Encoding, &str, &[&str]); 6] = [
    (Encoding::Utf8, "utf-8", &["utf8"]),
    (Encoding::Windows1252, "windows-1252", &["windows1252", "cp1252"]),
    (Encoding::Latin1, "latin-1", &["latin1", "iso-8859-1", "iso8859-1"]),
    (Encoding::Utf16, "utf-16", &["utf16"]),
    (Encoding::Gb18030, "gb18030", &["gbk", "gb2312", "cp936"]),
    (Encoding::Utf8OrWindows1252, "utf-8-or-windows-1252", &[]),
];

impl Encoding {
    /// The names to offer on a command line.
    pub const NAMES: [&str; 5] = ["utf-8", "windows-1252", "latin-1", "utf-16", "gb18030"];

    /// Its name.
    pub fn name(self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self).map_or("utf-8", |row| row.1)
    }
}

impl FromStr for Encoding {
    type Err = String;

    /// The encoding with this name, in upper or lower case.
    fn from_str(name: &str) -> Result<Self, String> {
        let lower = name.to_ascii_lowercase();
        let row = TABLE.iter().find(|row| row.1 == lower || row.2.contains(&lower.as_str()));
        row.map(|row| row.0).ok_or_else(|| {
            let name = super::error::quoted(name);
            format!("unknown encoding {name}; known are {}", Encoding::NAMES.join(", "))
        })
    }
}

impl TryFrom<String> for Encoding {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl From<Encoding> for &'static str {
    fn from(encoding: Encoding) -> Self {
        encoding.name()
    }
}

impl std::fmt::Display for Encoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Decodes bytes.
///
/// # Errors
/// [`DataError::Encoding`] for bytes that are not UTF-8; it names the line, the byte, and the encoding that the file is
/// likely in. [`DataError::Line`] for bytes that are invalid in another encoding; [`DataError::File`] if another
/// encoding than UTF-8 is given for a file that starts with the byte order mark of UTF-8.
pub fn decode(path: &Path, mut bytes: Vec<u8>, encoding: Encoding) -> Result<String, DataError> {
    let marked = bytes.starts_with(UTF8_MARK);
    match encoding {
        Encoding::Utf8 | Encoding::Utf8OrWindows1252 => {
            if marked {
                bytes.drain(..UTF8_MARK.len());
            }
            String::from_utf8(bytes).or_else(|error| {
                let valid = error.utf8_error().valid_up_to();
                let bytes = error.into_bytes();
                match encoding {
                    Encoding::Utf8 => Err(not_utf8(path, &bytes, valid)),
                    _ => Ok(WINDOWS_1252.decode_without_bom_handling(&bytes).0.into_owned()),
                }
            })
        }
        _ if marked => Err(DataError::File {
            path: path.into(),
            expected: format!("text in {encoding}"),
            found: "the byte order mark of UTF-8 at its start".into(),
            advice: "read it as utf-8, which needs no --encoding".into(),
        }),
        _ if is_utf8(&bytes) => Err(DataError::File {
            path: path.into(),
            expected: format!("text in {encoding}"),
            found: "text in UTF-8".into(),
            advice: "read it as utf-8, which needs no --encoding".into(),
        }),
        Encoding::Windows1252 | Encoding::Latin1 => whole(path, &bytes, encoding, WINDOWS_1252),
        Encoding::Gb18030 => whole(path, &bytes, encoding, GB18030),
        Encoding::Utf16 if is_big_endian(&bytes) => whole(path, &bytes, encoding, UTF_16BE),
        Encoding::Utf16 => whole(path, &bytes, encoding, UTF_16LE),
    }
}

/// Whether bytes are valid UTF-8 with more than three characters above ASCII. Text in another encoding is practically never both.
fn is_utf8(bytes: &[u8]) -> bool {
    const BY_CHANCE: usize = 3;
    let text = std::str::from_utf8(bytes);
    text.is_ok_and(|text| text.chars().filter(|c| !c.is_ascii()).take(BY_CHANCE + 1).count() > BY_CHANCE)
}

/// The number of zero bytes in the first and in the second places of pairs: where a line end or a letter of Latin has one, in
/// UTF-16 in big-endian and in little-endian order.
fn zeros(bytes: &[u8]) -> [usize; 2] {
    let start = &bytes[..bytes.len().min(SAMPLE)];
    [0, 1].map(|first| start.iter().skip(first).step_by(2).filter(|&&b| b == 0).count())
}

/// The byte order of UTF-16.
fn is_big_endian(bytes: &[u8]) -> bool {
    let [big, little] = zeros(bytes);
    !bytes.starts_with(b"\xFF\xFE") && (bytes.starts_with(b"\xFE\xFF") || big > little)
}

fn not_utf8(path: &Path, bytes: &[u8], valid: usize) -> DataError {
    let before = &bytes[..valid];
    let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    DataError::Encoding {
        path: path.into(),
        line: before.iter().filter(|&&b| b == b'\n').count() + 1,
        column: valid - line_start + 1,
        byte: bytes[valid],
        advice: advice(bytes, valid),
    }
}

/// Number of bytes that are examined to guess an encoding.
const SAMPLE: usize = 1 << 20;

/// With fewer bytes above ASCII than this, nothing is concluded from them.
const LETTERS: usize = 20;

const UTF16: &str = "convert the file to UTF-8, or read it with --encoding utf-16";
const CHINESE: &str = "convert the file to UTF-8, or read it with --encoding gb18030";
const WESTERN: &str = "convert the file to UTF-8, or read it with --encoding windows-1252";
const OTHER: &str = "convert the file to UTF-8, for example with iconv";
const DAMAGED: &str = "correct the line: the text before it is UTF-8";

/// What to do about a line of bytes that are valid UTF-8 only up to `valid`, for input that has no flag for its encoding.
pub fn iconv(bytes: &[u8], valid: usize) -> String {
    let likely = match advice(bytes, valid) {
        UTF16 => Some("UTF-16"),
        CHINESE => Some("GB18030"),
        WESTERN => Some("WINDOWS-1252"),
        // The bytes do not tell which encoding it is, or the line is damaged.
        _ => None,
    };
    match likely {
        Some(name) => format!("convert the text to UTF-8, for example with: iconv -f {name} -t UTF-8"),
        None => "correct the line, or convert the text to UTF-8, for example with iconv".into(),
    }
}

/// What to do about bytes that are valid UTF-8 only up to `valid`: it depends on their likely encoding.
fn advice(bytes: &[u8], valid: usize) -> &'static str {
    let start = &bytes[..bytes.len().min(SAMPLE)];
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return UTF16;
    }
    // In UTF-16 each tab and line end has a zero byte.
    if zeros(bytes).iter().sum::<usize>() * 100 > start.len() {
        return UTF16;
    }
    if bytes[..valid].iter().filter(|&&b| b >= 0xC0).take(LETTERS).count() == LETTERS {
        return DAMAGED;
    }
    // From the start of the line: the first invalid byte may be inside a character of another encoding.
    let line = bytes[..valid].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    let rest = &bytes[line..bytes.len().min(line + SAMPLE)];
    // In Chinese text many bytes are above ASCII, and most are adjacent to another; accented letters are few and isolated.
    let high = |i: Option<usize>| i.and_then(|i| rest.get(i)).is_some_and(|&b| b >= 0x80);
    let (mut all, mut paired, mut letters) = (0, 0, 0);
    for i in (0..rest.len()).filter(|&i| high(Some(i))) {
        all += 1;
        paired += usize::from(high(i.checked_sub(1)) || high(Some(i + 1)));
        letters += usize::from(rest[i] >= 0xC0);
    }
    let mut text = String::with_capacity(rest.len() * 2 + 16);
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    // Not the last chunk: a character that is cut off at the end of the sample is not an error.
    let (result, _) = decoder.decode_to_string_without_replacement(rest, &mut text, false);
    let fits = matches!(result, encoding_rs::DecoderResult::InputEmpty);
    let chinese = text.chars().filter(|c| ('\u{4E00}'..='\u{9FFF}').contains(c)).count();
    let foreign = text.chars().filter(|c| !c.is_ascii()).count();
    // Of a few words, more must be Chinese: in two adjacent letters with accents, as in `créée`, nothing is.
    let share = if all < LETTERS { all * 5 > rest.len() * 2 } else { all * 10 > rest.len() };
    let dense = share && paired * 4 > all * 3;
    // The letters of Cyrillic, Greek and the like are the upper quarter of all bytes; of Chinese characters, each second
    // byte may be any.
    if dense && all > LETTERS && letters * 10 > all * 9 {
        return OTHER;
    }
    if fits && dense && chinese * 2 > foreign { CHINESE } else { WESTERN }
}

/// Decodes all bytes in one encoding and drops its byte order mark.
fn whole(
    path: &Path,
    bytes: &[u8],
    encoding: Encoding,
    codec: &'static encoding_rs::Encoding,
) -> Result<String, DataError> {
    if let Some(text) = codec.decode_without_bom_handling_and_without_replacement(bytes) {
        let mut text = text.into_owned();
        if text.starts_with('\u{FEFF}') {
            text.drain(..'\u{FEFF}'.len_utf8());
        }
        return Ok(text);
    }
    let mut decoder = codec.new_decoder_without_bom_handling();
    let longest = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
    let mut before = String::with_capacity(longest.unwrap_or(bytes.len()));
    // Only how far the decoder gets matters here.
    let _ = decoder.decode_to_string_without_replacement(bytes, &mut before, true);
    Err(DataError::Line {
        path: path.into(),
        line: before.matches('\n').count() + 1,
        expected: format!("text in {encoding}"),
        found: format!(
            "other bytes after {} characters of the line",
            before.rsplit('\n').next().unwrap_or("").chars().count()
        ),
        advice: "name the encoding of the file with --encoding, or convert it to UTF-8",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(bytes: &[u8], encoding: Encoding) -> Result<String, String> {
        decode(Path::new("f"), bytes.to_vec(), encoding).map_err(|e| e.to_string())
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn invalid_utf8_names_line_column_byte_and_a_likely_encoding() {
        assert_eq!(
            decoded(b"fine\nbad \xE9t\xE9\n", Encoding::Utf8).unwrap_err(),
            "f, line 2: expected UTF-8, found byte 0xe9 at column 5; convert the file to UTF-8, or read it with \
             --encoding windows-1252"
        );
        let chinese = GB18030.encode("好\t房间很大\n差\t太贵了 too expensive\n").0;
        let chinese = chinese.as_ref();
        let big = utf16("pos\tcaf\u{e9}\n", u16::to_be_bytes);
        let marked = [b"\xFF\xFE", &utf16("a\tb", u16::to_le_bytes)[..]].concat();
        let unmarked = utf16("pos\tcaf\u{e9}\n", u16::to_le_bytes);
        let little = utf16("好\t房间很大非常干净\n差\t太贵了不值得\n", u16::to_le_bytes);
        for (bytes, name) in [
            (chinese, "gb18030"),
            (&[b"pos\tgood\n", chinese].concat(), "gb18030"),
            (&marked, "utf-16"),
            (&unmarked, "utf-16"),
            (&little, "utf-16"),
            (&big, "utf-16"),
            (b"cr\xE9\xE9e\n", "windows-1252"),
            (
                "na\u{ef}ve\nd\u{e9}j\u{e0} vu".chars().map(|c| c as u8).collect::<Vec<_>>().as_slice(),
                "windows-1252",
            ),
            (b"caf\xE9\n", "windows-1252"),
            // Valid UTF-8 up to the third byte.
            (&GB18030.encode("模棱").0, "gb18030"),
            (&[&b"english text, "[..], &[b'x'; 90], b"\xB5\xC4"].concat(), "windows-1252"),
            // These bytes are valid GB18030 too, but in Chinese text high bytes are not isolated.
            (b"na\xEFve", "windows-1252"),
            (b"\x93quoted\x94\n", "windows-1252"),
        ] {
            let error = decoded(bytes, Encoding::Utf8).unwrap_err();
            assert!(error.ends_with(&format!("--encoding {name}")), "{bytes:?}: {error}");
        }
        let damaged = [&"很好看的电影".repeat(5).into_bytes()[..], b"\nbad \xED\xA0\xBD\n"].concat();
        let error = decoded(&damaged, Encoding::Utf8).unwrap_err();
        assert!(error.ends_with("column 5; correct the line: the text before it is UTF-8"), "{error}");
        let russian = "хорошо\tпрекрасный фильм\nплохо\tочень длинный и скучный фильм\n";
        let cyrillic = [encoding_rs::WINDOWS_1251, encoding_rs::KOI8_R]
            .map(|codec| codec.encode(russian).0.into_owned());
        for bytes in cyrillic {
            let error = decoded(&bytes, Encoding::Utf8).unwrap_err();
            assert!(error.ends_with("convert the file to UTF-8, for example with iconv"), "{error}");
        }
    }

    #[test]
    fn utf8_is_not_read_as_another_encoding() {
        for encoding in [Encoding::Windows1252, Encoding::Latin1, Encoding::Gb18030] {
            let error =
                decoded("Das Hotel ist schön, groß, gemütlich, günstig\n".as_bytes(), encoding).unwrap_err();
            let says = format!(
                "f: expected text in {encoding}, found text in UTF-8; read it as utf-8, which needs no --encoding"
            );
            assert_eq!(error, says);
        }
    }

    #[test]
    fn a_file_cut_inside_a_character_is_an_error_at_its_last_line() {
        let cut = "a\nb\ncaf\u{e9}".as_bytes().split_last().unwrap().1;
        assert!(decoded(cut, Encoding::Utf8).unwrap_err().contains("line 3"));
    }

    #[test]
    fn each_encoding_gives_the_right_characters() {
        let text = "caf\u{e9} \u{2026}\n\u{201c}so\u{201d}";
        let western = b"caf\xE9 \x85\n\x93so\x94";
        let chinese = "好，房间 😀\n";
        let le = utf16(chinese, u16::to_le_bytes);
        for (encoding, bytes, expected) in [
            (Encoding::Windows1252, &western[..], text),
            (Encoding::Latin1, western, text),
            (Encoding::Utf8OrWindows1252, western, text),
            (Encoding::Utf8OrWindows1252, text.as_bytes(), text),
            // The given encoding is used, although the bytes are UTF-8.
            (Encoding::Latin1, "\u{e9}".as_bytes(), "\u{c3}\u{a9}"),
            (Encoding::Windows1252, "\u{e9}".as_bytes(), "\u{c3}\u{a9}"),
            (Encoding::Gb18030, &GB18030.encode(chinese).0, chinese),
            (Encoding::Utf16, &le, chinese),
            (Encoding::Utf16, &utf16(chinese, u16::to_be_bytes), chinese),
            (Encoding::Utf16, &[b"\xFF\xFE", &le[..]].concat(), chinese),
            (Encoding::Utf16, &[b"\xFE\xFF", &utf16(chinese, u16::to_be_bytes)[..]].concat(), chinese),
            (Encoding::Utf8, b"\xEF\xBB\xBF1 a", "1 a"),
            (Encoding::Utf8OrWindows1252, b"\xEF\xBB\xBF1 a", "1 a"),
            (Encoding::Utf16, b"", ""),
        ] {
            assert_eq!(decoded(bytes, encoding).unwrap(), expected, "{encoding}: {bytes:?}");
        }
    }

    #[test]
    fn what_contradicts_the_encoding_given_is_an_error_with_its_line() {
        for (encoding, bytes, parts) in [
            (
                Encoding::Gb18030,
                &b"ab\ncd\xFF\xFF"[..],
                ["f, line 2: expected text in gb18030", "after 2 char"],
            ),
            (Encoding::Utf16, b"a\0\n\0\x00\xD8b\0", ["f, line 2: expected text in utf-16", "after 0 char"]),
            (Encoding::Utf16, b"a\0b", ["f, line 1: expected text in utf-16", "after 1 char"]),
            (
                Encoding::Latin1,
                b"\xEF\xBB\xBF1 a",
                ["f: expected text in latin-1", "the byte order mark of UTF-8"],
            ),
        ] {
            let error = decoded(bytes, encoding).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }

    #[test]
    fn names_are_read_and_written() {
        for name in Encoding::NAMES {
            let encoding: Encoding = name.parse().unwrap();
            assert_eq!(encoding.to_string(), name);
            let json = serde_json::to_string(&encoding).unwrap();
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<Encoding>(&json).unwrap(), encoding);
        }
        assert_eq!("GBK".parse(), Ok(Encoding::Gb18030));
        assert_eq!("cp1252".parse(), Ok(Encoding::Windows1252));
        assert_eq!(
            "koi8-r".parse::<Encoding>().unwrap_err(),
            "unknown encoding 'koi8-r'; known are utf-8, windows-1252, latin-1, utf-16, gb18030"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_text_or_an_error(bytes: Vec<u8>, text: String) {
            for (encoding, ..) in TABLE {
                let _ = decoded(&bytes, encoding);
            }
            prop_assert_eq!(decoded(text.as_bytes(), Encoding::Utf8).unwrap(), text.strip_prefix('\u{feff}').unwrap_or(&text));
            let text = text.trim_start_matches('\u{feff}');
            // Without a mark, the order of the bytes is a guess.
            let marked = format!("\u{feff}{text}");
            for order in [u16::to_le_bytes, u16::to_be_bytes] {
                prop_assert_eq!(decoded(&utf16(&marked, order), Encoding::Utf16).unwrap(), text);
            }
            // Private-use characters differ between editions of GB18030.
            let public: String = text.chars().filter(|c| !('\u{E000}'..='\u{F8FF}').contains(c)).collect();
            prop_assert_eq!(decoded(&GB18030.encode(&public).0, Encoding::Gb18030).unwrap(), public);
        }
    }
}
