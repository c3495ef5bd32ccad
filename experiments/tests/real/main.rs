//! The known data sets as people have them, where `GRADUS_DATA` names the folder that holds them.

use gradus::data::known::data_folder;
use std::path::PathBuf;

mod classification;
mod columns;
mod language;
mod masked;
mod pretrained;
mod probing;
mod reading;
mod tagging;
mod translating;

/// The folder, or nothing with a line that says so.
fn folder() -> Option<PathBuf> {
    let folder = data_folder(None);
    if folder.is_none() {
        println!("skipped: GRADUS_DATA is not set");
    }
    folder
}
