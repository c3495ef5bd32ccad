use crate::text::Coverage;

/// How keys and data were understood; printed before the first epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Understood {
    /// Lines of a heading and its contents: `labels  negative 30, positive 30`.
    pub lines: Vec<(&'static str, String)>,
    /// Warnings, one sentence each.
    pub warnings: Vec<String>,
    /// How much of train, dev and test has a pretrained vector; none without such vectors.
    pub coverage: Option<[Coverage; 3]>,
}

impl Understood {
    /// The first twenty names with their counts.
    pub fn counts(counts: impl IntoIterator<Item = (String, usize)>) -> String {
        const SHOWN: usize = 20;
        let all: Vec<String> = counts.into_iter().map(|(name, n)| format!("{name} {n}")).collect();
        match all.len() {
            0..=SHOWN => all.join(", "),
            n => format!("{} and {} more", all[..SHOWN].join(", "), n - SHOWN),
        }
    }
}
