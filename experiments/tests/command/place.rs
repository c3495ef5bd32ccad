//! A folder to run `gradus` in, and what is read from it afterwards.

use crate::pretrained;
use gradus::config::ConfigError;
use gradus::tasks;
use gradus_engine::state::read_tensors;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Sizes with which a run takes milliseconds.
pub const TINY: [&str; 7] = [
    "model.embed_dim=12",
    "model.hidden_dim=6",
    "model.layers=1",
    "train.batch_size=16",
    "optimizer.lr=1e-2",
    "train.epochs=3",
    "data.min_count=1",
];

/// What a command did.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    #[track_caller]
    pub fn well(self) -> String {
        assert_eq!(self.code, Some(0), "expected exit code 0; standard error was: {}", self.err);
        self.out
    }

    /// The command must have failed with one sentence that holds all `parts`.
    #[track_caller]
    pub fn refused(self, code: i32, parts: &[&str]) {
        let Ran { code: found, err, .. } = self;
        assert_eq!(found, Some(code), "standard error was: {err}");
        let sentences: Vec<&str> = err.lines().filter(|line| line.starts_with("error")).collect();
        assert_eq!(sentences.len(), 1, "expected one sentence: {err}");
        assert_eq!(err.lines().last(), sentences.last().copied(), "expected the sentence at the end: {err}");
        for part in parts {
            assert!(sentences[0].contains(part), "expected {part:?} in: {err}");
        }
        assert!(!err.contains("panicked") && !err.contains("a fault of gradus"), "{err}");
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// A folder with `train.tsv`: sentences with one word that decides the label.
pub struct Place {
    folder: PathBuf,
    /// Removes the folder at the end.
    _temporary: Option<tempfile::TempDir>,
}

impl Place {
    /// A temporary folder.
    pub fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        Place::at(temporary.path().to_owned(), Some(temporary))
    }

    /// A folder of that name for what several tests share, empty but for the file. It remains until it is made anew.
    pub fn shared(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Place::at(folder, None)
    }

    fn at(folder: PathBuf, temporary: Option<tempfile::TempDir>) -> Self {
        let place = Place { folder, _temporary: temporary };
        place.write("train.tsv", examples(240).as_bytes());
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// `gradus ARGS` in this folder; arguments are separated by spaces. A later `--set` of a key replaces an earlier one, so
    /// that tests can change the settings of a tiny run.
    pub fn command(&self, args: &str) -> Command {
        self.command_as_typed(&replaced(args))
    }

    /// The same with exactly these arguments.
    pub fn command_as_typed(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gradus"));
        command.args(args.split_whitespace()).current_dir(&self.folder);
        command.env_remove("GRADUS_DATA").env_remove("RUST_BACKTRACE").stdin(Stdio::null());
        command
    }

    pub fn gradus(&self, args: &str) -> Ran {
        self.command(args).output().unwrap().into()
    }

    /// The contents of `data.json` and `config.toml` of a run without their digests, as someone else could write them.
    pub fn unsealed(&self, run: &str) -> (String, String) {
        let data = self.text(&format!("{run}/data.json"));
        let (before, digest) = data.split_once("\"digest\":\"").unwrap();
        let after = digest.split_once("\",").unwrap().1;
        let config = self.text(&format!("{run}/config.toml"));
        (format!("{before}{after}"), config.rsplit_once("# ").unwrap().0.to_owned())
    }

    /// The same started by a shell, after `first`.
    pub fn after(&self, first: &str, args: &str) -> Ran {
        let mut shell = Command::new("sh");
        let line = format!("{first}; exec {} {}", env!("CARGO_BIN_EXE_gradus"), replaced(args));
        shell.args(["-c", &line]).current_dir(&self.folder).env_remove("GRADUS_DATA");
        shell.output().unwrap().into()
    }

    pub fn start(&self, args: &str) -> Child {
        self.command(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits until something is so.
    #[track_caller]
    pub fn wait_for(&self, wanted: impl Fn() -> bool) {
        let began = Instant::now();
        while !wanted() {
            assert!(began.elapsed() < Duration::from_secs(60), "waited for a minute in vain");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// All files under a folder with their bytes, but for that which names the process that trained last.
    pub fn files(&self, folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false if path.ends_with(".lock") => {}
                    false => drop(files.insert(path.clone(), std::fs::read(path).unwrap())),
                }
            }
        }
        files
    }

    /// All that the checkpoint and the best parameters of a run hold, but for times: bits of tensors, and JSON.
    pub fn state(&self, run: &str) -> (BTreeMap<String, Vec<u64>>, Value) {
        let mut tensors = BTreeMap::new();
        let mut text = String::new();
        for name in ["best", "checkpoint"] {
            let path = self.path(run).join(format!("{name}.safetensors"));
            let (read, beside) = read_tensors(&path).unwrap();
            for (tensor, value) in read {
                let bits = value.to_f64().into_iter().map(f64::to_bits).collect();
                tensors.insert(format!("{name} {tensor}"), bits);
            }
            text = beside;
        }
        let mut json: Value = serde_json::from_str(&text).unwrap();
        let progress = json["run"]["progress"].as_object_mut().unwrap();
        for time in ["seconds", "wall_seconds"] {
            assert!(progress.remove(time).is_some());
        }
        json["run"]["config"].as_object_mut().unwrap().remove("threads");
        (tensors, json)
    }

    /// The arguments of a tiny training run.
    pub fn tiny(&self, out: &str) -> String {
        self.tiny_with("", out)
    }

    /// The same with a model of that name.
    pub fn tiny_of(&self, model: &str, out: &str) -> String {
        self.tiny_with(&format!("model.name={model}"), out)
    }

    fn tiny_with(&self, model: &str, out: &str) -> String {
        let model = (!model.is_empty()).then(|| model.to_owned());
        let given = ["task=classify", "data.train=x"].map(String::from);
        let given: Vec<String> = given.into_iter().chain(model.clone()).collect();
        let sets = model.into_iter().chain(effective(&given, &TINY)).collect::<Vec<_>>();
        format!("train classify --train train.tsv --out {out} {}", flags(&sets))
    }

    /// What a command printed as JSON, a value a line.
    #[track_caller]
    pub fn json(&self, args: &str) -> Vec<Value> {
        lines(&self.gradus(args).well())
    }

    /// What `gradus predict ARGS` prints for that standard input.
    pub fn predict(&self, args: &str, input: &str) -> Ran {
        self.piped(&format!("predict {args}"), input)
    }

    /// Runs a command with this standard input.
    pub fn piped(&self, args: &str, input: &str) -> Ran {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut asks, input) = (child.stdin.take().unwrap(), input.to_owned());
        let write = std::thread::spawn(move || {
            // A command that is refused reads nothing.
            let _ = asks.write_all(input.as_bytes());
        });
        let ran = child.wait_with_output().unwrap().into();
        write.join().unwrap();
        ran
    }
}

/// JSON, a value a line.
#[track_caller]
pub fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// Those settings of a list that have an effect on a run with the settings that are given, in their order: a key of another
/// task or model, or a name that this one does not know, is left out. A model that must be given a folder gets one.
#[track_caller]
pub fn effective(given: &[String], wanted: &[&str]) -> Vec<String> {
    let mut sets = given.to_vec();
    for set in wanted {
        let before = sets.len();
        sets.push((*set).to_owned());
        if *set == "model.name=bert" {
            sets.push(format!("model.pretrained={}", pretrained::folder().display()));
        }
        match tasks::load(None, &sets) {
            Ok(_) => {}
            Err(ConfigError::NoEffect { .. } | ConfigError::OutOfRange { .. }) => sets.truncate(before),
            Err(error) => panic!("{error}"),
        }
    }
    sets.split_off(given.len())
}

/// `--set A --set B`.
pub fn flags(sets: &[String]) -> String {
    sets.iter().map(|set| format!("--set {set}")).collect::<Vec<_>>().join(" ")
}

/// The arguments without each `--set` whose key a later one sets again.
pub fn replaced(args: &str) -> String {
    let args: Vec<&str> = args.split_whitespace().collect();
    let key = |i: usize| match (args.get(i), args.get(i + 1)) {
        (Some(&"--set"), Some(set)) => set.split_once('=').map(|(key, _)| key),
        _ => None,
    };
    let again =
        |i: usize| key(i).is_some_and(|known| (i + 2..args.len()).any(|later| key(later) == Some(known)));
    let dropped = |i: usize| again(i) || i.checked_sub(1).is_some_and(again);
    let kept: Vec<&str> = (0..args.len()).filter(|&i| !dropped(i)).map(|i| args[i]).collect();
    kept.join(" ")
}

/// Sends a signal to a process.
pub fn signal(name: &str, child: &Child) {
    let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// The first number behind "accuracy" in a table of metrics, in percent.
pub fn accuracy_in(table: &str) -> f64 {
    let line = table.lines().find(|line| line.starts_with("accuracy ")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Lines `label<TAB>text`.
pub fn examples(n: u64) -> String {
    let (good, bad) = (["fine", "great", "warm"], ["dull", "poor", "cold"]);
    let others = ["the", "plot", "of", "a", "film", "and", "its", "cast", "was"];
    let mut lines = String::new();
    for i in 0..n {
        // The finaliser of SplitMix64: digits that differ from line to line in no plain way.
        let mut r = (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        r = (r ^ (r >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        r = (r ^ (r >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        r ^= r >> 31;
        let decisive = if r % 2 == 0 { bad } else { good };
        let mut words: Vec<&str> = (0..3 + r % 6).map(|k| others[((r >> (4 * k)) % 9) as usize]).collect();
        words.insert((r % 3) as usize, decisive[(r / 7 % 3) as usize]);
        lines += &format!("{}\t{}\n", ["no", "yes"][(r % 2) as usize], words.join(" "));
    }
    lines
}
