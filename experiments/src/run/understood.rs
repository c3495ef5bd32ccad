use crate::data::counted::{counted, verb};
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

/// Texts that have more words or pieces than a model reads, of which it reads the first ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How many.
    pub texts: usize,
    /// Of how many.
    pub all: usize,
    /// What they are called: `texts`, `questions`.
    pub what: &'static str,
    /// How many words or pieces of each are read.
    pub most: usize,
    /// What these are called.
    pub parts: &'static str,
}

impl Cut {
    /// `2 texts have more than 400 words and are cut to 400`: the lines of a run on those of its examples that are cut.
    pub fn lines(cuts: &[Cut]) -> Vec<(&'static str, String)> {
        let line = |Cut { texts, what, most, parts, .. }: &Cut| {
            let (has, is) = (verb(*texts, "has", "have"), verb(*texts, "is", "are"));
            format!("{} {has} more than {most} {parts} and {is} cut to {most}", counted(*texts, what))
        };
        cuts.iter().filter(|cut| cut.texts > 0).map(|cut| ("cut", line(cut))).collect()
    }

    /// `2 of 20 texts were cut to 400 words`, of the texts that a trained model was given.
    pub fn note(&self) -> String {
        let Cut { texts, all, what, most, parts } = self;
        format!("{texts} of {} {} cut to {most} {parts}", counted(*all, what), verb(*texts, "was", "were"))
    }

    /// Counts other texts of the same kind, too.
    pub fn add(&mut self, other: Cut) {
        self.texts += other.texts;
        self.all += other.all;
    }
}
