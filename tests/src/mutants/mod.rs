//! Errors inside backward rules, listed in `mutants.toml`: a term or a factor is left out, one at a time.
//!
//! `cargo run -p gradus-tests --bin mutants` plants each in a copy of the sources and checks that the rows of its
//! operation turn red. All are planted in one build, each behind a switch ([`mod@weave`]), and one is switched on in
//! each run: a row that is green without mutants and red with one has detected that mutant.

mod weave;

pub use weave::{SWITCH, VARIABLE, place, weave};

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// One planted error.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The number that switches it on: its position in the list, from 1.
    pub id: usize,
    /// The operations whose rows must turn red, each of them.
    pub ops: Vec<String>,
    /// The file, relative to the root of the workspace.
    pub file: String,
    /// Text that occurs once in the file. The part between « and » is replaced; without these, all of it is.
    pub source: String,
    /// The replacement.
    pub instead: String,
}

/// All planted errors, and the operations that have none.
#[derive(Clone, Debug)]
pub struct List {
    /// In the order of the file.
    pub mutants: Vec<Mutant>,
    /// Operations whose rule has no term to leave out, with the reason.
    pub without: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    without: BTreeMap<String, String>,
    rule: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    ops: Vec<String>,
    file: String,
    /// Pairs of source and replacement.
    mutants: Vec<[String; 2]>,
}

impl List {
    /// Reads the list; the error names the file and the line.
    pub fn read(path: &Path) -> Result<List, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let written: Written = toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut mutants = vec![];
        for Rule { ops, file, mutants: pairs } in written.rule {
            for [source, instead] in pairs {
                let (id, ops, file) = (mutants.len() + 1, ops.clone(), file.clone());
                mutants.push(Mutant { id, ops, file, source, instead });
            }
        }
        Ok(List { mutants, without: written.without })
    }

    /// The files that have mutants, with the mutants of each.
    pub fn by_file(&self) -> BTreeMap<&str, Vec<&Mutant>> {
        let mut files: BTreeMap<&str, Vec<&Mutant>> = BTreeMap::new();
        for mutant in &self.mutants {
            files.entry(&mutant.file).or_default().push(mutant);
        }
        files
    }
}
