use super::Metric;
use crate::data::limits::duration;
use crate::data::shown::terminal;
use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::Cell;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// The display of a run: a progress bar on a terminal; elsewhere a line for each epoch, and one every half minute.
pub struct View {
    bar: ProgressBar,
    title: String,
    lines: bool,
    last_line: Cell<Instant>,
}

/// The display of several runs: one progress bar each.
pub struct Bars(MultiProgress);

const BETWEEN_LINES: Duration = Duration::from_secs(30);

/// What is shown of a run.
pub(super) struct Shown {
    pub step: u64,
    pub steps: u64,
    pub epoch: u64,
    pub epochs: u64,
    /// Mean training loss of the epoch so far.
    pub loss: f64,
    /// Tokens per second.
    pub speed: f64,
    /// Seconds of training so far.
    pub seconds: f64,
}

impl Shown {
    /// The estimated time for the remaining steps.
    fn left(&self) -> HumanDuration {
        let left = self.seconds / self.step.max(1) as f64 * self.steps.saturating_sub(self.step) as f64;
        HumanDuration(duration(left.round()))
    }
}

impl Bars {
    /// Bars on standard error; lines if it is not a terminal.
    pub fn on_stderr() -> Self {
        Bars(MultiProgress::with_draw_target(match stderr().is_terminal() {
            true => ProgressDrawTarget::stderr_with_hz(8),
            false => ProgressDrawTarget::hidden(),
        }))
    }

    /// The view of another run.
    pub fn view(&self, title: impl Into<String>) -> View {
        let style = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let title = terminal(&title.into()).into_owned();
        let bar = self.0.add(ProgressBar::new(0).with_style(style));
        View { bar, title, lines: self.0.is_hidden(), last_line: Cell::new(Instant::now()) }
    }

    /// Prints a line that belongs to no run.
    pub fn line(&self, text: &str) {
        self.0.suspend(|| {
            // Training continues if standard error is closed.
            let _ = writeln!(stderr(), "{text}");
        });
    }
}

impl View {
    /// The view of a single run.
    pub fn new(title: impl Into<String>) -> Self {
        Bars::on_stderr().view(title)
    }

    /// A view that shows nothing.
    pub fn hidden() -> Self {
        View {
            bar: ProgressBar::hidden(),
            title: String::new(),
            lines: false,
            last_line: Cell::new(Instant::now()),
        }
    }

    pub(super) fn step(&self, now: &Shown) {
        let Shown { step, steps, epoch, epochs, loss, speed, .. } = now;
        let message = format!("loss {loss:.4} {speed:.0} tokens/s {} left", now.left());
        if self.lines && self.last_line.get().elapsed() >= BETWEEN_LINES {
            self.line(&format!("epoch {epoch}/{epochs} step {step}/{steps} {message}"));
        }
        self.bar.set_length(*steps);
        self.bar.set_position(*step);
        self.bar.set_prefix(format!("{} epoch {epoch}/{epochs}", self.title));
        self.bar.set_message(message);
    }

    /// Shows how many texts a model has read.
    pub fn read(&self, done: usize, all: usize) {
        if self.lines && self.last_line.get().elapsed() >= BETWEEN_LINES {
            self.line(&format!("has read {done} of {all} texts"));
        }
        self.bar.set_length(all as u64);
        self.bar.set_position(done as u64);
        self.bar.set_prefix(self.title.clone());
    }

    pub(super) fn epoch(&self, now: &Shown, (metric, value): (&Metric, f64)) {
        let Shown { epoch, epochs, loss, speed, .. } = now;
        if self.lines {
            let (name, value, left) = (metric.name, metric.show(value), now.left());
            self.line(&format!(
                "epoch {epoch}/{epochs} loss {loss:.4} dev {name} {value} {speed:.0} tokens/s {left} left"
            ));
        }
    }

    fn line(&self, text: &str) {
        // Training continues if standard error is closed.
        let _ = writeln!(stderr(), "{} {text}", self.title);
        self.last_line.set(Instant::now());
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds of a checkpoint can be any number.
    #[test]
    fn any_number_of_seconds_is_shown() {
        let shown = |seconds| {
            let now = Shown { step: 1, steps: 3, epoch: 1, epochs: 1, loss: 0.5, speed: 1.0, seconds };
            now.left().to_string()
        };
        assert_eq!(shown(30.0), "60 seconds");
        for seconds in [1e308, f64::INFINITY, f64::NAN, -1.0, 0.0] {
            assert!(!shown(seconds).is_empty());
        }
    }

    #[test]
    fn a_title_is_shown_on_one_line() {
        assert_eq!(View::new("runs/a\u{1b}]0;x\u{7}\n").title, "runs/a\\u{1b}]0;x\\u{7}\\n");
    }
}
