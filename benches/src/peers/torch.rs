use super::{Peer, Timer};
use crate::same::{MOMENTUM, RATE};
use crate::workload::{Kind, Workload};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What runs in the process.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// PyTorch, which has all workloads.
    Torch,
    /// ONNX Runtime, with a model that PyTorch exports; it has those that read a batch.
    Onnx,
    /// CTranslate2, with the weights of PyTorch's model; it has those that translate.
    CTranslate2,
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Engine::Torch => "PyTorch",
            Engine::Onnx => "ONNX Runtime",
            Engine::CTranslate2 => "CTranslate2",
        }
    }

    /// The argument of `torch_peer.py` that chooses it.
    fn argument(self) -> Option<&'static str> {
        match self {
            Engine::Torch => None,
            Engine::Onnx => Some("--onnx"),
            Engine::CTranslate2 => Some("--ctranslate2"),
        }
    }

    fn has(self, kind: &Kind) -> bool {
        match self {
            Engine::Torch => true,
            Engine::Onnx => matches!(kind, Kind::Bert(_)),
            Engine::CTranslate2 => matches!(kind, Kind::Translate { .. }),
        }
    }
}

/// PyTorch, ONNX Runtime or CTranslate2 in a separate process, driven line by line through `torch_peer.py`.
pub struct Torch {
    python: PathBuf,
    threads: usize,
    engine: Engine,
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Torch {
    /// Starts a Python that has torch, transformers, safetensors and pytorch-crf, and for ONNX Runtime also onnx and onnxruntime, for
    /// CTranslate2 also ctranslate2.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn start(python: &Path, threads: usize, engine: Engine) -> Result<Self> {
        let mut process = command(python, threads)
            .args(engine.argument())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("--python {}: the program cannot be started", python.display()))?;
        let (Some(to), Some(from)) = (process.stdin.take(), process.stdout.take()) else {
            bail!("--python {}: the program has no standard input or output", python.display())
        };
        let mut torch =
            Torch { python: python.to_owned(), threads, engine, process, to, from: BufReader::new(from) };
        // Waits until it has started, because starting would disturb other measurements.
        torch.ask(&json!({ "do": "nothing" }))?;
        Ok(torch)
    }

    fn ask(&mut self, question: &Value) -> Result<Value> {
        let ended = || format!("torch_peer.py ended at {question}; its error message is above");
        writeln!(self.to, "{question}").with_context(ended)?;
        self.to.flush().with_context(ended)?;
        let mut line = String::new();
        self.from.read_line(&mut line).with_context(ended)?;
        serde_json::from_str(&line).with_context(ended)
    }
}

impl Peer for Torch {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn timer<'a>(&'a mut self, workload: &'a Workload) -> Result<Option<Timer<'a>>> {
        if !self.engine.has(&workload.kind) {
            return Ok(None);
        }
        let name = &workload.name;
        Ok(Some(Box::new(move |seconds| {
            let answer = self.ask(&json!({ "do": "time", "name": name, "seconds": seconds }))?;
            let times = answer["times"].as_array();
            let times = times.map(|times| times.iter().filter_map(Value::as_f64).collect());
            times.with_context(|| format!("torch_peer.py: expected times of {name}, found {answer}"))
        })))
    }

    fn write_steps(&mut self, workload: &Workload, file: &Path) -> Result<bool> {
        if self.engine != Engine::Torch {
            return Ok(false);
        }
        let name = &workload.name;
        let how = json!({ "do": "steps", "name": name, "file": file, "rate": RATE, "momentum": MOMENTUM });
        self.ask(&how).map(|_| true)
    }

    fn write_translations(&mut self, workload: &Workload, file: &Path) -> Result<bool> {
        if self.engine != Engine::Torch {
            return Ok(false);
        }
        let name = &workload.name;
        self.ask(&json!({ "do": "translations", "name": name, "file": file })).map(|_| true)
    }

    fn memory_mb(&self, workload: &Workload) -> Result<Option<f64>> {
        if self.engine != Engine::Torch {
            return Ok(None);
        }
        let name = &workload.name;
        let output = command(&self.python, self.threads).args(["--memory", name]).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let rss: Value =
            serde_json::from_str(&text).with_context(|| format!("torch_peer.py --memory {name}"))?;
        match (rss["rss_mb"].as_f64(), rss["rss_base_mb"].as_f64()) {
            (Some(peak), Some(base)) => Ok(Some(peak - base)),
            _ => bail!("torch_peer.py --memory {name}: expected rss_mb and rss_base_mb, found {rss}"),
        }
    }
}

impl Drop for Torch {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(python: &Path, threads: usize) -> Command {
    let mut command = Command::new(python);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/torch_peer.py")).arg(threads.to_string());
    command
}
