use super::RunError;
use std::sync::atomic::{AtomicBool, Ordering};

static PRESSED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C (and a request to terminate) is noted, and the loop ends after its step with a checkpoint. A
/// second one ends the program at once.
///
/// # Errors
/// Where the operating system takes no handler, or has one of ours already.
pub fn listen() -> Result<(), RunError> {
    let noted = ctrlc::set_handler(|| {
        if PRESSED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    });
    noted.map_err(|e| RunError::Settings(format!("cannot watch for Ctrl-C: {e}")))
}

/// Whether somebody pressed Ctrl-C.
pub fn interrupted() -> bool {
    PRESSED.load(Ordering::SeqCst)
}
