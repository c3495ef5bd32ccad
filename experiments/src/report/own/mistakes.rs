//! The worst mistakes of a model.

use super::super::table::{Entry, Table, thousands};
use super::Tested;
use super::page::Block;
use crate::data::counted::noun;
use crate::run::Mistake;

/// Maximum number of characters shown of a text, an answer or a label.
const MOST_CHARACTERS: usize = 400;

/// A table of the worst mistakes, worst first.
pub(super) fn blocks(tested: &Tested, unit: &str) -> Vec<Block> {
    if !tested.unchanged {
        return vec![Block::Gap(
            "The test split has changed since training: the metrics are of the split as it is now, and no examples are shown."
                .into(),
        )];
    }
    let wrong = tested.examples - tested.right.min(tested.examples);
    if tested.mistakes.is_empty() {
        return vec![];
    }
    let row = |mistake: &Mistake| {
        let Mistake { severity: _, degree, text, right, predicted } = mistake;
        [degree, text, right, predicted].map(|text| Entry::new(cut(text))).to_vec()
    };
    let caption = match tested.mistakes.len() {
        n if n < wrong => {
            format!(
                "The {n} worst of {} {unit} that the model gets wrong in the test split.",
                thousands(wrong as u64)
            )
        }
        1 => format!("The only {} that the model gets wrong in the test split.", noun(1, unit)),
        n => format!("All {n} {unit} that the model gets wrong in the test split, the worst first."),
    };
    let table = Table {
        caption,
        head: ["Severity", "Example", "Right", "Predicted"].map(String::from).to_vec(),
        rows: tested.mistakes.iter().map(row).collect(),
    };
    vec![Block::Heading("Worst mistakes"), Block::Table(table)]
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("é"), "é");
        let long = cut(&"é".repeat(1000));
        assert_eq!((long.chars().count(), long.ends_with("é…")), (401, true));
    }
}
