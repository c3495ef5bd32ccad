/// What was understood of keys and data, printed before the first epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Understood {
    /// What and how much, a line each: `labels  negative 30, positive 30`.
    pub lines: Vec<(&'static str, String)>,
    /// What is odd, in a sentence each.
    pub warnings: Vec<String>,
}

impl Understood {
    /// Names with their counts, the first twenty.
    pub fn counts(counts: impl IntoIterator<Item = (String, usize)>) -> String {
        const SHOWN: usize = 20;
        let all: Vec<String> = counts.into_iter().map(|(name, n)| format!("{name} {n}")).collect();
        match all.len() {
            0..=SHOWN => all.join(", "),
            n => format!("{} and {} more", all[..SHOWN].join(", "), n - SHOWN),
        }
    }
}
