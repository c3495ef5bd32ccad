use super::RunError;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Whether Ctrl-C or a request to terminate has come.
static PRESSED: AtomicBool = AtomicBool::new(false);
/// Whether it was a request to terminate.
static TERMINATED: AtomicBool = AtomicBool::new(false);
/// Whether the terminal has hung up.
static HUNG_UP: AtomicBool = AtomicBool::new(false);
static LISTENS: AtomicBool = AtomicBool::new(false);

/// Installs handlers: from now on Ctrl-C, a request to terminate and a hang-up of the terminal end the training loop after
/// its current step, with a checkpoint. A second Ctrl-C ends the program at once; a second hang-up does not, because shell and
/// system may both send one. Hang-ups that were ignored at the start, as under `nohup`, stay ignored.
///
/// # Errors
/// An operating system that refuses the handlers.
pub fn listen() -> Result<(), RunError> {
    if LISTENS.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    watch().map_err(|error| RunError::Settings(format!("cannot install a handler for Ctrl-C: {error}")))
}

fn watch() -> io::Result<()> {
    // Before the flag that others wait for.
    register(SIGTERM, &TERMINATED)?;
    for signal in [SIGINT, SIGTERM] {
        // Actions run in this order: at the first signal the flag is not yet set, at the second one it is.
        register_conditional_shutdown(signal, OF_SIGNALS + signal, &PRESSED)?;
        register(signal, &PRESSED)?;
    }
    #[cfg(unix)]
    {
        use signal_hook::consts::SIGHUP;
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        if !ignores(&status, SIGHUP) {
            register(SIGHUP, &HUNG_UP)?;
        }
    }
    Ok(())
}

/// Whether the process with this `/proc/PID/status` ignores a signal. Only Linux has that file; without it, the answer is
/// no.
#[cfg(unix)]
fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // Signals count from 1.
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// The exit code of a program that a signal ended is this and the signal's number, as in shells.
const OF_SIGNALS: i32 = 128;

/// The exit code of a command that was [interrupted]: 130 after Ctrl-C, 143 after a request to terminate, 129 after a hang-up.
pub fn exit_code() -> u8 {
    match [&TERMINATED, &HUNG_UP].map(|flag| flag.load(Ordering::SeqCst)) {
        [true, _] => 143,
        [false, true] => 129,
        [false, false] => 130,
    }
}

/// Whether the run must end after its current step.
pub fn interrupted() -> bool {
    PRESSED.load(Ordering::SeqCst) || HUNG_UP.load(Ordering::SeqCst)
}

/// The time in which a command reads and prepares data and writes nothing. Until the value is dropped, a signal ends the program:
/// reading a file does not stop by itself.
pub struct Preparation {
    /// Whether it has ended. The thread that holds the lock decides whether the program goes on or exits.
    over: Arc<Mutex<bool>>,
}

/// Between two looks at the flags of signals.
const LOOKS: Duration = Duration::from_millis(20);

impl Preparation {
    /// [Listens](listen), and calls `end` at the first signal.
    ///
    /// # Errors
    /// An operating system that refuses the handlers.
    pub fn begin(end: fn() -> !) -> Result<Self, RunError> {
        listen()?;
        let over = Arc::new(Mutex::new(false));
        let shared = Arc::clone(&over);
        thread::spawn(move || {
            loop {
                thread::sleep(LOOKS);
                let over = shared.lock().unwrap_or_else(PoisonError::into_inner);
                match (*over, interrupted()) {
                    (true, _) => return,
                    (false, true) => end(),
                    (false, false) => {}
                }
            }
        });
        Ok(Preparation { over })
    }
}

impl Drop for Preparation {
    fn drop(&mut self) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::ignores;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE};

    #[test]
    fn signals_that_are_ignored_stand_in_the_mask() {
        let status = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\tffffffffffffffff\n";
        assert!(ignores(status, SIGHUP) && ignores(status, SIGPIPE) && !ignores(status, SIGINT));
        assert!(!ignores("SigIgn:\t0000000000000000\n", SIGHUP));
        assert!(!ignores("SigIgn:\tnone\n", SIGHUP) && !ignores("", SIGHUP));
    }
}
