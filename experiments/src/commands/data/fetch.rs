use super::check::line;
use super::folder;
use crate::commands::print;
use crate::data::fetch::{self, Event, Patience};
use crate::tasks::{self, Set};
use anyhow::bail;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write, stderr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The arguments of `gradus data fetch`.
pub struct Fetch {
    /// The name of the set.
    pub name: String,
    /// The data folder.
    pub data: Option<PathBuf>,
    /// An address to use instead of the catalogue's.
    pub from: Option<String>,
    /// Attempts in a row without progress.
    pub tries: u32,
    /// How long an attempt waits for data.
    pub timeout: Duration,
}

/// Downloads a set into the data folder, verifies it, and prints what was verified and how.
///
/// # Errors
/// Any failure of the download or of the verification, in one sentence.
pub fn fetch(ask: &Fetch) -> anyhow::Result<()> {
    let Set::Known(set) = tasks::find(&ask.name)?.1 else {
        bail!(
            "'{}' is generated: there is nothing to download, and --dataset {} needs no files",
            ask.name,
            ask.name
        );
    };
    let folder = folder(ask.data.as_deref())?;
    let pause = Duration::from_secs(1);
    let patience = Patience { tries: ask.tries, silence: ask.timeout, pause, least: fetch::LEAST };
    let mut view = View::new(set.name());
    let fetched = fetch::fetch(set, &folder, ask.from.as_deref(), &patience, &mut |event| view.show(&event));
    drop(view);
    let fetched = fetched?;
    let mut text = match fetched.urls.is_empty() {
        true => format!("'{}' is already complete in {}\n", set.name(), fetched.base.display()),
        false => format!("'{}' is now in {}\n", set.name(), fetched.base.display()),
    };
    for url in &fetched.unverified {
        text += &format!("the catalogue has no SHA-256 of {url}; the files were verified instead:\n");
    }
    for file in &fetched.files {
        text += &format!("{}\n", line(file));
    }
    text += &format!("terms: {}\n", set.licence());
    print(&text)
}

/// A progress bar on a terminal; elsewhere a line for each file and attempt, and one every half minute.
struct View {
    name: &'static str,
    bar: ProgressBar,
    last_line: Instant,
}

const BETWEEN_LINES: Duration = Duration::from_secs(30);

impl View {
    fn new(name: &'static str) -> Self {
        // Hidden unless standard error is a terminal.
        let bar = ProgressBar::no_length().with_prefix(name);
        View { name, bar, last_line: Instant::now() }
    }

    fn show(&mut self, event: &Event<'_>) {
        match event {
            Event::Begins(url) => {
                let template = "{prefix} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left";
                let style = ProgressStyle::with_template(template);
                self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                self.bar.reset();
                self.line(&format!("fetching {url}"));
            }
            &Event::At { have, total } => {
                if let Some(total) = total {
                    self.bar.set_length(total);
                }
                self.bar.set_position(have);
                if !stderr().is_terminal() && self.last_line.elapsed() >= BETWEEN_LINES {
                    let of = total.map_or(String::new(), |total| format!(" of {}", HumanBytes(total)));
                    self.line(&format!("{}{of}", HumanBytes(have)));
                }
            }
            Event::Again { why, pause } => {
                self.line(&format!("{why}; next attempt in {:.0} s", pause.as_secs_f64()));
            }
            Event::Unpacks => self.line("unpacking and checking"),
        }
    }

    fn line(&mut self, text: &str) {
        // The download continues if standard error is closed.
        self.bar.suspend(|| writeln!(stderr(), "{}: {text}", self.name)).unwrap_or(());
        self.last_line = Instant::now();
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
