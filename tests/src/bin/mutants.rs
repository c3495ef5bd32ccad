//! Plants the errors of `mutants.toml` in a copy of the sources, one at a time, and checks that the rows of their
//! operation turn red: `mutants [--only OP]`.
//!
//! The copy is in the target folder and is built once with all errors, each behind a switch. First the rows run with all
//! switches off and must be green. Then each error is switched on alone. The exit code is 1 if one is not detected.
#![forbid(unsafe_code)]

use gradus_tests::mutants::{List, Mutant, SWITCH, VARIABLE, place, weave};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use std::{env, fs, thread};

/// The checks in the order in which `rows` reports them.
const COLUMNS: [&str; 3] = ["first order", "second order", "fast = plain"];

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("mutants: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the tests are not in a workspace")?;
    let list = List::read(&root.join("tests/mutants.toml"))?;
    let wanted = jobs(&list, env::args().skip(1).collect())?;
    let started = Instant::now();
    let rows = build(root, &list)?;
    println!("built with {} mutants in {:.0?}", list.mutants.len(), started.elapsed());

    let ops: BTreeSet<&str> = wanted.iter().map(|(_, op)| *op).collect();
    let unchanged = check(&rows, &ops.into_iter().collect::<Vec<_>>(), 0)?;
    if unchanged.seen() {
        return Err(format!("rows are red with no mutant on:\n{}", unchanged.text));
    }
    let outcomes = each(&wanted, |(mutant, op)| check(&rows, &[op], mutant.id))?;

    println!("{:<18} {:<44} {}  text", "operation", "site", COLUMNS.join("  "));
    let mut survivors = 0;
    for ((mutant, op), outcome) in wanted.iter().zip(&outcomes) {
        let marks = outcome.marks.map(|mark| format!("{mark:<12}")).join("  ");
        let text = one_line(&mutant.instead);
        println!("{op:<18} {:<44} {marks}  {text}", site(root, mutant)?);
        if !outcome.seen() {
            survivors += 1;
            println!("    SURVIVES: {}", one_line(&mutant.source));
        }
    }
    let total = outcomes.len();
    println!("{} of {total} detected, in {:.0?}", total - survivors, started.elapsed());
    Ok(survivors == 0)
}

/// Pairs of a mutant and an operation whose rows must detect it; only those of one operation if it is named.
fn jobs(list: &List, args: Vec<String>) -> Result<Vec<(&Mutant, &str)>, String> {
    let only = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => None,
        ["--only", op] => Some(op.to_string()),
        _ => return Err(format!("unknown arguments {args:?}; the usage is: mutants [--only OP]")),
    };
    let pairs = list.mutants.iter().flat_map(|m| m.ops.iter().map(move |op| (m, op.as_str())));
    let jobs: Vec<_> = pairs.filter(|(_, op)| only.as_ref().is_none_or(|only| only == op)).collect();
    match jobs.is_empty() {
        true => Err(format!("no mutant of tests/mutants.toml belongs to the operation {only:?}")),
        false => Ok(jobs),
    }
}

/// Copies the workspace, plants all mutants in the copy and builds `rows` there; returns its path.
fn build(root: &Path, list: &List) -> Result<PathBuf, String> {
    let exe = env::current_exe().map_err(|e| format!("this program's path: {e}"))?;
    let target = exe.parent().and_then(Path::parent).ok_or("this program is not in a target folder")?;
    let copy = target.join("mutated");
    let by_file = list.by_file();
    let mut files = sources(root)?;
    files.sort();
    // A member may be inside the folder of another.
    files.dedup();
    for file in &files {
        let from = root.join(file);
        let bytes = fs::read(&from).map_err(|e| format!("{}: {e}", from.display()))?;
        let name = file.to_string_lossy();
        let mutants = by_file.get(&*name).map_or(&[][..], Vec::as_slice);
        if mutants.is_empty() && name != "kernels/src/lib.rs" {
            put(&copy.join(file), &bytes)?;
            continue;
        }
        let text = String::from_utf8(bytes).map_err(|e| format!("{name}: {e}"))?;
        let mut woven = weave(&text, mutants)?;
        if name == "kernels/src/lib.rs" {
            woven += SWITCH;
        }
        put(&copy.join(file), woven.as_bytes())?;
    }
    let output = Command::new(env::var("CARGO").unwrap_or("cargo".into()))
        .args(["build", "--locked", "--profile", "mutants", "-p", "gradus-tests", "--bin", "rows"])
        // A separate folder: cargo would take a crate of the copy and one of the tree for the same.
        .arg("--target-dir")
        .arg(copy.join("target"))
        .current_dir(&copy)
        .output()
        .map_err(|e| format!("cargo: {e}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let bad: Vec<String> = list
            .mutants
            .iter()
            .filter(|m| text.contains(&format!("on({})", m.id)))
            .map(|m| format!("{}: {} → {}", m.file, one_line(&m.source), one_line(&m.instead)))
            .collect();
        return Err(format!("the mutants do not compile:\n{text}\nbad mutants:\n{}", bad.join("\n")));
    }
    Ok(copy.join("target/mutants/rows"))
}

/// All files of the workspace's members and its manifest, relative to the root.
fn sources(root: &Path) -> Result<Vec<PathBuf>, String> {
    let manifest = root.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).map_err(|e| format!("{}: {e}", manifest.display()))?;
    let table: toml::Table = text.parse().map_err(|e| format!("{}: {e}", manifest.display()))?;
    let members =
        table["workspace"]["members"].as_array().ok_or("Cargo.toml: the workspace has no members")?;
    let mut files = vec![PathBuf::from("Cargo.toml"), PathBuf::from("Cargo.lock")];
    let mut folders: Vec<PathBuf> = members.iter().filter_map(|m| m.as_str()).map(PathBuf::from).collect();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(root.join(&folder)).map_err(|e| format!("{}: {e}", folder.display()))?;
        for entry in entries {
            let entry = entry.map_err(|e| format!("{}: {e}", folder.display()))?;
            let path = folder.join(entry.file_name());
            let is_folder = entry.file_type().map_err(|e| format!("{}: {e}", path.display()))?.is_dir();
            if is_folder { folders.push(path) } else { files.push(path) }
        }
    }
    Ok(files)
}

/// Writes a file unless it already has these contents, because cargo rebuilds what is newer.
fn put(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, bytes))
        .map_err(|e| format!("{}: {e}", path.display()))
}

/// The results of the checks with one mutant on.
struct Outcome {
    /// For each of [`COLUMNS`]: `red`, `panic` (also red), or a dot.
    marks: [&'static str; 3],
    text: String,
}

impl Outcome {
    fn seen(&self) -> bool {
        self.marks.iter().any(|mark| *mark != "·")
    }
}

/// Runs the rows of some operations with one mutant on; 0 means none.
fn check(rows: &Path, ops: &[&str], id: usize) -> Result<Outcome, String> {
    // Results do not depend on the number of threads, and several of these run at once.
    let output = Command::new(rows)
        .args(ops)
        .env(VARIABLE, id.to_string())
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .map_err(|e| format!("{}: {e}", rows.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.code() == Some(2) {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let marks = COLUMNS.map(|column| {
        match text.lines().find_map(|line| line.strip_prefix(column)?.strip_prefix(": ")) {
            Some("green") => "·",
            Some(red) if !red.contains(": panic: ") => "red",
            _ => "panic",
        }
    });
    Ok(Outcome { marks, text })
}

/// Applies `f` to each item, as many at a time as there are cores.
fn each<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> Result<R, String> + Sync) -> Result<Vec<R>, String> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(vec![]));
    let workers = thread::available_parallelism().map_or(1, |n| n.get());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((i, item)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, items.get(i)?)))
                {
                    let result = f(item);
                    done.lock().unwrap_or_else(|e| e.into_inner()).push((i, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(|e| e.into_inner());
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The file and line of the text that a mutant replaces.
fn site(root: &Path, mutant: &Mutant) -> Result<String, String> {
    let path = root.join(&mutant.file);
    let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let line = text[..place(&text, mutant)?.start].matches('\n').count() + 1;
    Ok(format!("{}:{line}", mutant.file))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
