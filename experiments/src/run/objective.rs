use crate::config::Config;
use gradus_engine::losses::{Ghm, GhmState};
use serde::{Deserialize, Serialize};

/// The state that some losses keep from one step to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// How many examples GHM saw in each bin of gradients.
    pub ghm: Option<GhmState>,
}

impl Objective {
    /// The state before the first batch, for the loss that a configuration names.
    pub fn start(config: &Config) -> Self {
        Objective { ghm: (config.loss.name == "ghm").then(|| ghm(config).start()) }
    }
}

/// GHM as a configuration has it.
pub fn ghm(config: &Config) -> Ghm {
    Ghm { bins: config.loss.bins, momentum: config.loss.momentum }
}
