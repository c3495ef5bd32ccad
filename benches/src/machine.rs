//! The machine and the build that a result was measured with, which distinguish its file from others.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A processor, and the instruction set and threads in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name, which several processors may share.
    pub processor: String,
    /// What distinguishes processors of one name, such as family, model and stepping; empty in older results.
    #[serde(default)]
    pub identity: Vec<(String, String)>,
    /// The instruction set of the kernels.
    pub instruction_set: String,
    /// The number of threads, the same for Gradus and for each peer.
    pub threads: usize,
}

/// The build that was measured, and the date.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// The commit, and whether the sources differed from it.
    pub commit: String,
    /// The day of the measurement, UTC.
    pub date: String,
    /// The compiler.
    pub rustc: String,
    /// Profile, target and flags of the compiler.
    pub flags: String,
}

/// The lines of /proc/cpuinfo that identify a processor: on x86-64, then on Arm.
const IDENTITY: [&str; 7] =
    ["cpu family", "model", "stepping", "CPU implementer", "CPU variant", "CPU part", "CPU revision"];

impl Machine {
    /// This machine.
    ///
    /// # Errors
    /// `GRADUS_ISA` names an instruction set that the machine lacks.
    pub fn here(threads: usize) -> Result<Self> {
        let instruction_set = gradus_engine::instruction_set().map_err(anyhow::Error::msg)?.to_owned();
        // Linux has this file; on other systems the processor stays unnamed.
        let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Ok(Machine { instruction_set, threads, ..Self::read(&text) })
    }

    /// Reads the first processor from the text of /proc/cpuinfo.
    fn read(text: &str) -> Self {
        let value = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
        };
        let processor = value("model name").filter(|name| !name.is_empty());
        Machine {
            processor: processor.unwrap_or_else(|| format!("{} processor", std::env::consts::ARCH)),
            identity: IDENTITY.iter().filter_map(|&name| Some((name.to_owned(), value(name)?))).collect(),
            instruction_set: String::new(),
            threads: 0,
        }
    }

    /// The name of its files, without extension.
    pub fn stem(&self) -> String {
        let (machine, threads) = (self.scaling_stem(), self.threads);
        format!("{machine}-{threads}-{}", if threads == 1 { "thread" } else { "threads" })
    }

    /// The name of a file that compares several numbers of threads.
    pub fn scaling_stem(&self) -> String {
        let identity = self.identity.iter().map(|(name, value)| format!("{name} {value}"));
        let name: Vec<String> = [self.processor.clone()]
            .into_iter()
            .chain(identity)
            .chain([self.instruction_set.clone()])
            .collect();
        let name = name.join(" ").to_lowercase();
        let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-")
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { processor, identity, instruction_set, threads } = self;
        let identity: Vec<String> = identity.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let identity =
            if identity.is_empty() { String::new() } else { format!(" ({})", identity.join(", ")) };
        let threads = format!("{threads} {}", if *threads == 1 { "thread" } else { "threads" });
        write!(f, "{processor}{identity}, {threads}, {instruction_set}")
    }
}

impl Build {
    /// The build of this program, with today's date.
    pub fn here() -> Self {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Build {
            commit: env!("GRADUS_COMMIT").to_owned(),
            date: date(seconds / 86_400),
            rustc: env!("GRADUS_RUSTC").to_owned(),
            flags: env!("GRADUS_FLAGS").to_owned(),
        }
    }
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Build { commit, date, rustc, flags } = self;
        write!(f, "Commit {commit}, measured on {date}; {rustc}, {flags}.")
    }
}

/// The date `days` after 1970-01-01, as YYYY-MM-DD.
fn date(mut days: u64) -> String {
    let leap = |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(cpuinfo: &str, threads: usize) -> Machine {
        Machine { instruction_set: "avx2+fma".into(), threads, ..Machine::read(cpuinfo) }
    }

    #[test]
    fn processors_of_one_name_have_files_of_their_own() {
        let zen = |family: u32, model: u32| {
            format!(
                "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: {family}\nmodel\t\t: {model}\nmodel name\t: AMD \
                 EPYC\nstepping\t: 1\n\nprocessor\t: 1\nstepping\t: 7\n"
            )
        };
        let [third, fourth] = [1, 17].map(|model| machine(&zen(25, model), 2));
        assert_eq!(third.stem(), "amd-epyc-cpu-family-25-model-1-stepping-1-avx2-fma-2-threads");
        assert_ne!(third.stem(), fourth.stem());
        assert_ne!(third.stem(), machine(&zen(25, 1), 1).stem());
        let wider = Machine { instruction_set: "avx512".into(), ..third.clone() };
        assert_ne!(third.stem(), wider.stem());
        let text = third.to_string();
        assert_eq!(text, "AMD EPYC (cpu family 25, model 1, stepping 1), 2 threads, avx2+fma");
    }

    #[test]
    fn processors_without_a_name_are_told_apart_too() {
        let arm = machine(
            "processor : 0\nCPU implementer : 0x41\nCPU variant : 0x1\nCPU part : 0xd40\nCPU revision : 1\n",
            4,
        );
        assert!(arm.stem().ends_with("processor-cpu-implementer-0x41-cpu-variant-0x1-cpu-part-0xd40-cpu-revision-1-avx2-fma-4-threads"), "{}", arm.stem());
        assert!(machine("", 1).stem().ends_with("processor-avx2-fma-1-thread"));
    }

    #[test]
    fn dates() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(59), "1970-03-01");
        assert_eq!(date(11_016), "2000-02-29");
        assert_eq!(date(19_722), "2023-12-31");
        assert_eq!(date(19_723), "2024-01-01");
        assert_eq!(date(20_088), "2024-12-31");
    }
}
