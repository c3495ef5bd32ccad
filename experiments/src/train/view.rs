use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// What a person sees of a run: a bar on a terminal, one line an epoch elsewhere.
pub struct View {
    bar: ProgressBar,
    title: String,
    lines: bool,
}

impl View {
    /// A view of a run with this title.
    pub fn new(title: impl Into<String>) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = match terminal {
            true => ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(8)),
            false => ProgressBar::hidden(),
        };
        let style = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {msg} {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        View { bar, title: title.into(), lines: !terminal }
    }

    /// A view that shows nothing.
    pub fn silent() -> Self {
        View { bar: ProgressBar::hidden(), title: String::new(), lines: false }
    }

    pub(super) fn start(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.bar.reset_eta();
    }

    pub(super) fn step(&self, step: u64, epoch: u64, epochs: u64, loss: f64, speed: f64) {
        self.bar.set_prefix(format!("{} epoch {epoch}/{epochs}", self.title));
        self.bar.set_message(format!("loss {loss:.4} {speed:.0} tokens/s"));
        self.bar.set_position(step);
    }

    pub(super) fn epoch(
        &self,
        epoch: u64,
        epochs: u64,
        loss: f64,
        metric: (&str, f64),
        speed: f64,
        left: f64,
    ) {
        if self.lines {
            let left = Duration::from_secs(left.max(0.0) as u64);
            let (name, value) = metric;
            eprintln!(
                "{} epoch {epoch}/{epochs} loss {loss:.4} dev {name} {:.2} {speed:.0} tokens/s {left:?} left",
                self.title,
                100.0 * value
            );
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
