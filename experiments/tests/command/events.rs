//! TensorBoard's event files, read by a reader that shares nothing with the writer.

use crate::place::Place;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A scalar of an event file.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    pub step: u64,
    pub tag: String,
    pub value: f32,
}

/// A field of a message of protocol buffers.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// CRC-32C, bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0x82F6_3B78 } else { 0 })
    })
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, &byte| n << 8 | u64::from(byte))
}

fn take<'a>(bytes: &mut &'a [u8], n: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(n);
    *bytes = rest;
    taken
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = take(bytes, 1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = vec![];
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut bytes)),
            1 => Field::Number(number(take(&mut bytes, 8))),
            2 => {
                let length = varint(&mut bytes) as usize;
                Field::Bytes(take(&mut bytes, length))
            }
            5 => Field::Number(number(take(&mut bytes, 4))),
            other => panic!("there is no wire type {other}"),
        };
        fields.push((key >> 3, field));
    }
    fields
}

fn records(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut records = vec![];
    while !bytes.is_empty() {
        let mut checked = |n: usize| {
            let part = take(&mut bytes, n);
            let unmasked = (number(take(&mut bytes, 4)) as u32).wrapping_sub(0xa282_ead8).rotate_left(15);
            assert_eq!(unmasked, crc(part), "a checksum is wrong");
            part
        };
        let length = number(checked(8)) as usize;
        records.push(checked(length));
    }
    records
}

/// The one event file of a run.
#[track_caller]
pub fn path(place: &Place, run: &str) -> PathBuf {
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let files: Vec<PathBuf> = place.files(run).into_keys().filter(|p| name(p).contains("tfevents")).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

/// The scalars of a run's one event file, in order, and the wall times of its events.
#[track_caller]
pub fn read(place: &Place, run: &str) -> (Vec<Scalar>, Vec<f64>) {
    let bytes = std::fs::read(path(place, run)).unwrap();
    let (mut scalars, mut times, mut version) = (vec![], vec![], None);
    for record in records(&bytes) {
        let mut step = 0;
        for field in fields(record) {
            match field {
                (1, Field::Number(bits)) => times.push(f64::from_bits(bits)),
                (2, Field::Number(n)) => step = n,
                (3, Field::Bytes(text)) => version = Some(text),
                (5, Field::Bytes(summary)) => {
                    for (key, value) in fields(summary) {
                        let (1, Field::Bytes(value)) = (key, value) else { panic!("no value: {key}") };
                        let [(1, Field::Bytes(tag)), (2, Field::Number(bits))] = fields(value)[..] else {
                            panic!("expected a tag and a number")
                        };
                        let tag = String::from_utf8(tag.to_vec()).unwrap();
                        scalars.push(Scalar { step, tag, value: f32::from_bits(bits as u32) });
                    }
                }
                (other, _) => panic!("an event has no field {other} here"),
            }
        }
    }
    assert_eq!(version, Some(&b"brain.Event:2"[..]));
    (scalars, times)
}

#[test]
fn the_readers_checksum_is_crc_32c() {
    assert_eq!(crc(b"123456789"), 0xE306_9283);
}

#[test]
fn an_event_file_tells_what_metrics_jsonl_tells() {
    let place = Place::new();
    place.gradus(&format!("{} --set train.log_every=2", place.tiny("a"))).well();
    let mut expected = vec![];
    for line in place.text("a/metrics.jsonl").lines() {
        let line: BTreeMap<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        let step = line["step"].as_u64().unwrap();
        let mut push = |tag: &str, value: &serde_json::Value| {
            expected.push(Scalar { step, tag: tag.into(), value: value.as_f64().unwrap() as f32 });
        };
        match line.get("loss") {
            Some(loss) => push("train/loss", loss),
            None => {
                push("train/epoch_loss", &line["train_loss"]);
                for (name, value) in line["dev"].as_object().unwrap() {
                    push(&format!("dev/{name}"), value);
                }
            }
        }
    }
    let (scalars, times) = read(&place, "a");
    assert_eq!(scalars, expected);
    assert_eq!(scalars.iter().filter(|s| s.tag == "dev/accuracy").count(), 3);
    assert!(scalars.iter().filter(|s| s.tag == "train/loss").count() > 6);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    assert!(times.is_sorted() && times.iter().all(|t| (now - 600.0..=now).contains(t)), "{times:?}");
}

#[test]
fn a_resumed_run_goes_on_in_its_file() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    let file = path(&place, "a");
    let before = std::fs::read(&file).unwrap();
    place.gradus("train classify --out a --resume --set train.epochs=5").well();
    let after = std::fs::read(path(&place, "a")).unwrap();
    assert_eq!(path(&place, "a"), file);
    assert!(after.starts_with(&before) && after.len() > before.len(), "what was there was changed");
    // Killed after the last checkpoint and before the log: it is made up for, though nothing is left to train.
    std::fs::write(&file, &before).unwrap();
    std::fs::remove_file(place.path("a/metrics.jsonl")).unwrap();
    place.gradus("train classify --out a --resume").well();
    assert_eq!(read(&place, "a").0.iter().filter(|s| s.tag == "dev/accuracy").count(), 5);
    assert!(place.text("a/metrics.jsonl").contains("\"epoch\":5"));
}
