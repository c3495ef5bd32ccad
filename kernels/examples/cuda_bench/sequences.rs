//! What goes over sentences: LSTM, attention, CRF.

mod attention;
mod crf;
mod lstm;

use crate::Failure;
use crate::bench::Bench;

pub fn all(bench: &mut Bench) -> Result<(), Failure> {
    lstm::all(bench)?;
    attention::all(bench)?;
    crf::all(bench)
}
