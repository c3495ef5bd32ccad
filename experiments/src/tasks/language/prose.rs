use crate::data::Part;
use crate::tasks::corpus::{Corpus, FEWEST_DOCUMENTS};

/// Texts in their order, which follow each other as the lines of a book do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prose(pub Corpus);

impl Prose {
    /// Removes the last `n` texts.
    fn end(&mut self, n: usize) -> Prose {
        let stays = self.0.texts.len().saturating_sub(n);
        Prose(Corpus { texts: self.0.texts.split_off(stays), documents: self.0.documents.split_off(stays) })
    }
}

impl Part for Prose {
    const UNIT: &'static str = Corpus::UNIT;
    const SEPARATED: &'static str = Corpus::SEPARATED;

    fn len(&self) -> usize {
        self.0.len()
    }

    /// The last ones: a text with gaps is another text.
    fn draw(&mut self, n: usize, _: u64) -> Self {
        self.end(n)
    }

    fn keep(&mut self, n: usize, _: u64) {
        self.end(self.len().saturating_sub(n));
    }

    fn kept(_: u64) -> String {
        "the first ones".into()
    }

    /// Whole documents; of fewer than ten, the end of the last one.
    fn hold_out<const N: usize>(&mut self, sizes: [usize; N], seed: u64) -> ([Self; N], String) {
        if self.0.count() < FEWEST_DOCUMENTS {
            return (sizes.map(|n| self.end(n)), " held out, the last ones".into());
        }
        let ([], how) = self.0.hold_out([], seed);
        (sizes.map(|n| Prose(self.0.hold_out_documents(n, seed))), how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prose(texts: usize, in_a_document: usize) -> Prose {
        let all = 0..texts;
        let documents = all.clone().map(|i| i / in_a_document).collect();
        Prose(Corpus { texts: all.map(|i| i.to_string()).collect(), documents })
    }

    #[test]
    fn a_text_keeps_its_order() {
        let mut few = prose(10, 5);
        let ([test, dev], how) = few.hold_out([2, 1], 1);
        assert_eq!((test.0.texts.join(" "), dev.0.texts.join(" ")), ("8 9".into(), "7".into()));
        assert_eq!(
            (few.0.texts.join(" "), how.as_str()),
            ("0 1 2 3 4 5 6".into(), " held out, the last ones")
        );
        few.keep(3, 1);
        assert_eq!((few.0.texts.join(" "), few.0.documents.len()), ("0 1 2".into(), 3));
        few.keep(9, 1);
        assert_eq!(few.len(), 3);
    }

    #[test]
    fn of_many_documents_whole_ones_are_held_out() {
        let mut many = prose(60, 4);
        let ([test, dev], how) = many.hold_out([6, 6], 1);
        assert_eq!((test.len(), dev.len(), many.len()), (8, 8, 44));
        assert_eq!(how, ", whole documents held out by seed 1");
        for part in [&test, &dev, &many] {
            assert!(
                part.0.documents.is_sorted()
                    && part.0.documents.chunk_by(|a, b| a == b).all(|d| d.len() == 4)
            );
        }
    }
}
