//! Mutations that find more faults than random bytes do: the result still resembles a file of the format.

use proptest::prelude::*;
use proptest::sample::Index;

/// Byte strings that have a meaning in some format, or in none.
const TOKENS: &[&[u8]] = &[
    b"\n",
    b"\r\n",
    b"\r",
    b"\t",
    b" ",
    b",",
    b";",
    b"\"",
    b"\"\"",
    b"'",
    b"\\",
    b"#",
    b"# ",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"=",
    b"-",
    b"O",
    b"B-",
    b"I-X",
    b"E-",
    b"S-",
    b"(GPE*",
    b"*)",
    b"1-2",
    b"1.1",
    b"-DOCSTART-",
    b"#begin document",
    b"_",
    b"0",
    b"-1",
    b"1e999",
    b"NaN",
    b"null",
    b"true",
    b"18446744073709551616",
    b"0.1",
    b"\\ud800",
    b"\\u0000",
    b"</",
    b"<br />",
    b"\0",
    b"\x1b[31m",
    b"\x7f",
    b"\xff",
    b"\xfe\xff",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf4\x8f\xbf\xbf",
    "é".as_bytes(),
    "e\u{301}".as_bytes(),
    "İ".as_bytes(),
    "ﬁ".as_bytes(),
    "中文".as_bytes(),
    "\u{200b}".as_bytes(),
    "\u{202e}".as_bytes(),
    "👩‍👩‍👧".as_bytes(),
    "\u{85}".as_bytes(),
    "\u{2028}".as_bytes(),
];

/// A mutation: its kind, its position, its extent, and a byte.
type Change = (u8, Index, Index, u8);

/// A seed with up to seven mutations.
pub fn changed(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let change = (0u8..8, any::<Index>(), any::<Index>(), any::<u8>());
    (any::<Index>(), prop::collection::vec(change, 0..8)).prop_map(move |(seed, changes)| {
        let seed = &seeds[seed.index(seeds.len())];
        changes.iter().fold(seed.clone(), |bytes, change| apply(bytes, change, &seeds))
    })
}

/// Applies a mutation to bytes.
fn apply(mut bytes: Vec<u8>, &(what, at, extent, byte): &Change, seeds: &[Vec<u8>]) -> Vec<u8> {
    let start = at.index(bytes.len() + 1);
    let end = start + extent.index((bytes.len() - start + 1).min(64));
    match what {
        0 => bytes.iter_mut().skip(start).take(1).for_each(|b| *b = byte),
        1 => bytes.insert(start, byte),
        2 => drop(bytes.drain(start..end)),
        3 => bytes.extend_from_within(start..end),
        4 => bytes.truncate(start),
        5 => drop(bytes.splice(start..end, TOKENS[extent.index(TOKENS.len())].iter().copied())),
        6 => drop(bytes.splice(start..start, TOKENS[extent.index(TOKENS.len())].iter().copied())),
        _ => {
            let other = &seeds[extent.index(seeds.len())];
            let from = at.index(other.len() + 1);
            bytes.truncate(start);
            bytes.extend_from_slice(&other[from..]);
        }
    }
    bytes
}
