//! Event files for TensorBoard: TFRecord frames around `Event` messages (protocol buffers).
//!
//! ```text
//! frame = length (u64) ‖ mask(crc32c(length)) ‖ event ‖ mask(crc32c(event))      little endian
//! event = 09 wall time (f64) ‖ 10 step (varint) ‖ 2a summary      summary = 0a value …
//! value = 0a tag ‖ 15 number (f32)                                messages and texts are preceded by their length (varint)
//! ```

use super::RunError;
use super::progress::Progress;
use crate::data::limits::Limit;
use crate::data::{atomic, files};
use crc::{CRC_32_ISCSI, Crc, Table};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// CRC-32C (Castagnoli).
const CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

/// The offset of an event's body, after the wall time.
const BODY: usize = 9;

/// Writes the event file of a run: `train/loss` for each logged step; `train/epoch_loss` and `dev/METRIC` for each
/// epoch, in the order of `metrics.jsonl`.
///
/// A run has one file, which is always complete and is rewritten from the run's progress. Existing events keep their wall
/// time, so that the file only grows, also when a run is resumed; new events get the current time.
///
/// # Errors
/// A folder that cannot be read or written.
pub(super) fn log(folder: &Path, progress: &Progress) -> Result<(), RunError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let read = |source| RunError::Io { action: "read", path: folder.into(), source };
    let (path, before) = match find(folder).map_err(read)? {
        Some(path) => {
            let bytes = files::read(&path, Limit::Log)?;
            (path, bytes)
        }
        None => (folder.join(format!("events.out.tfevents.{}.gradus", now as u64)), vec![]),
    };
    Ok(atomic::write(&path, &file(&bodies(progress), &before, now))?)
}

fn find(folder: &Path) -> io::Result<Option<PathBuf>> {
    let mut found = vec![];
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with("events.out.tfevents.") && name.ends_with(".gradus") {
            found.push(folder.join(name));
        }
    }
    Ok(found.into_iter().min())
}

/// All events without their wall times.
fn bodies(progress: &Progress) -> Vec<Vec<u8>> {
    let mut bodies = vec![[&[0x1a], &*behind_length(b"brain.Event:2")].concat()];
    let mut steps = progress.steps.iter().peekable();
    for epoch in &progress.epochs {
        while let Some(step) = steps.next_if(|s| s.step <= epoch.step) {
            bodies.push(body(step.step, [("train/loss".to_owned(), step.loss)]));
        }
        let dev = epoch.dev.iter().map(|(name, value)| (format!("dev/{name}"), *value));
        bodies.push(body(
            epoch.step,
            [("train/epoch_loss".to_owned(), epoch.train_loss)].into_iter().chain(dev),
        ));
    }
    bodies
}

fn body(step: u64, scalars: impl IntoIterator<Item = (String, f64)>) -> Vec<u8> {
    let mut summary = vec![];
    for (tag, number) in scalars {
        let value =
            [&[0x0a], &*behind_length(tag.as_bytes()), &[0x15], &(number as f32).to_le_bytes()].concat();
        summary.extend([&[0x0a], &*behind_length(&value)].concat());
    }
    [&[0x10], &*varint(step), &[0x2a], &*behind_length(&summary)].concat()
}

/// Seven bits per byte, the lowest first; the eighth bit is set if more bytes follow.
fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = vec![];
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn behind_length(bytes: &[u8]) -> Vec<u8> {
    [&*varint(bytes.len() as u64), bytes].concat()
}

/// The events in frames, each with its wall time in `before`, or `now` if it is new.
fn file(bodies: &[Vec<u8>], before: &[u8], now: f64) -> Vec<u8> {
    let (mut rest, mut bytes) = (before, vec![]);
    for body in bodies {
        let event = match first_event(&mut rest).filter(|event| event.get(BODY..) == Some(body)) {
            Some(event) => event.to_vec(),
            // From the first difference on, the events are new.
            None => {
                rest = &[];
                [&[0x09], &now.to_le_bytes()[..], body].concat()
            }
        };
        let length = (event.len() as u64).to_le_bytes();
        for part in [&length[..], &event] {
            bytes.extend_from_slice(part);
            bytes.extend(masked(part).to_le_bytes());
        }
    }
    bytes
}

/// Removes the first frame and returns its event; none at the end or if a byte is wrong.
fn first_event<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (length_check, rest) = rest.split_first_chunk::<4>()?;
    let (event, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let (check, rest) = rest.split_first_chunk::<4>()?;
    *bytes = rest;
    let whole = *length_check == masked(length).to_le_bytes() && *check == masked(event).to_le_bytes();
    (whole && event.first() == Some(&0x09)).then_some(event)
}

/// `(crc ⋙ 15) + 0xa282ead8`: a checksum of data that may contain checksums.
fn masked(bytes: &[u8]) -> u32 {
    CRC.checksum(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_crc_32c() {
        assert_eq!(CRC.checksum(b"123456789"), 0xE306_9283);
        // RFC 3720, B.4.
        assert_eq!(CRC.checksum(&[0; 32]), 0x8A91_36AA);
        assert_eq!(CRC.checksum(&[0xff; 32]), 0x62A8_AB43);
    }

    #[test]
    fn numbers_of_any_size() {
        assert_eq!(varint(0), [0]);
        assert_eq!(varint(127), [127]);
        assert_eq!(varint(300), [0xac, 0x02]);
        assert_eq!(varint(u64::MAX), [[0xff; 9].as_slice(), &[1]].concat());
    }

    #[test]
    fn an_event_byte_by_byte() {
        let expected = b"\x10\xac\x02\x2a\x0a\x0a\x08\x0a\x01a\x15\x00\x00\xc0\x3f";
        assert_eq!(body(300, [("a".to_owned(), 1.5)]), expected);
    }

    #[test]
    fn a_file_grows_and_drops_what_is_no_longer_so() {
        let of =
            |steps: &[u64]| -> Vec<_> { steps.iter().map(|&s| body(s, [("a".to_owned(), 0.5)])).collect() };
        let first = file(&of(&[1, 2]), &[], 10.0);
        let second = file(&of(&[1, 2, 3]), &first, 20.0);
        assert!(second.starts_with(&first) && second.len() > first.len());
        assert_eq!(file(&of(&[1, 2, 3]), &second, 30.0), second);
        // Another second step: it and all that follows are of the present.
        let third = file(&of(&[1, 4, 3]), &second, 30.0);
        assert_eq!(third, file(&of(&[1, 4, 3]), &file(&of(&[1]), &[], 10.0), 30.0));
        // Any byte that is wrong, or the end that is missing, costs wall times only.
        for at in 0..first.len() {
            let mut wrong = first.clone();
            wrong[at] ^= 0x40;
            for damaged in [&wrong[..], &first[..at]] {
                let mended = file(&of(&[1, 2]), damaged, 10.0);
                assert!(mended == first, "byte {at}");
            }
        }
    }

    /// Under the name of an event file there may lie what a reader waits on for ever.
    #[cfg(unix)]
    #[test]
    fn an_event_file_is_a_regular_one() {
        let folder = tempfile::tempdir().unwrap();
        let progress = Progress::start(gradus_engine::Rng::new(1), crate::run::State::default(), None);
        log(folder.path(), &progress).unwrap();
        let path = find(folder.path()).unwrap().unwrap();
        log(folder.path(), &progress).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let error = log(folder.path(), &progress).unwrap_err().to_string();
        assert!(error.contains(".gradus: it is a named pipe, not a regular file"), "{error}");
    }
}
