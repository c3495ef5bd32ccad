//! The machine and build that a result was measured on.

use serde::{Deserialize, Serialize};

/// The machine and the build.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// Number of processors available to the run.
    pub cores: usize,
    /// The instruction set of the kernels, such as `avx2`.
    pub isa: String,
    /// Operating system and architecture, such as `linux x86_64`.
    pub os: String,
    /// The compiler that built this program.
    pub rustc: String,
    /// The version of this program.
    pub gradus: String,
}

impl Machine {
    /// This machine; `isa` is the instruction set that the kernels chose.
    pub fn here(isa: impl Into<String>) -> Self {
        Machine {
            cpu: cpu_name(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            isa: isa.into(),
            os: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            rustc: env!("GRADUS_RUSTC").into(),
            gradus: env!("CARGO_PKG_VERSION").into(),
        }
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Machine { cpu, cores, isa, os, rustc, gradus } = self;
        let plural = if *cores == 1 { "" } else { "s" };
        write!(f, "{cpu}, {cores} core{plural}, {isa}, {os}; {rustc}; gradus {gradus}")
    }
}

/// The processor's name. It is known only on Linux, which has it in a file.
fn cpu_name() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(':')).map(|(_, name)| name.trim());
    name.filter(|name| !name.is_empty()).unwrap_or("unnamed processor").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_it_runs_on() {
        let machine = Machine::here("avx2");
        assert!(machine.cores >= 1 && machine.rustc.starts_with("rustc "), "{machine}");
        assert!(machine.to_string().contains(", avx2, "), "{machine}");
    }
}
