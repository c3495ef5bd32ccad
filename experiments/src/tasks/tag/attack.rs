//! A tagger under attack.

use super::vectors::SentenceVectors;
use super::{Tag, Tagging, reading};
use crate::attack::{self, Changes, Space, Victim};
use crate::data::{Sentence, Split};
use crate::tasks::piece_vectors;
use crate::tasks::reading::Reading;
use crate::tasks::word_vectors::word_features;
use crate::text::{Text, Tokens, batches};
use gradus_engine::{CreateGraph, Mode, Tensor, grad, no_grad};
use gradus_models::Tagger;

/// The sentences of a split with the model.
struct Sentences<'a> {
    task: &'a Tag,
    model: &'a dyn Tagger,
    split: Split,
    space: Space,
}

/// The sentences of a split as attacks see them.
pub(super) fn changes<'a>(
    task: &'a Tag,
    model: &'a dyn Tagger,
    split: Split,
) -> Result<Box<dyn Changes<Tagging> + 'a>, String> {
    if task.tags.names().len() < 2 {
        return Err("the model knows one tag only, so that no word can be given another".into());
    }
    let tokeniser = &task.tokeniser;
    let tagged = |sentence: &Sentence| -> Vec<(String, usize)> {
        let words = sentence.words.iter().map(|word| tokeniser.word(word));
        words.zip(sentence.tags.iter().copied()).collect()
    };
    let tagged: Vec<(String, usize)> = task.data.split(split).iter().flat_map(tagged).collect();
    let table = model.word_table().value();
    let space = match &task.reading {
        Reading::Words(text) => Space::of_vocabulary(text.lexicon.vocabulary(), &table),
        Reading::Pieces(reader) => piece_vectors::space(reader.pieces(), &table),
    };
    let space = space.with_tags(tagged.iter().map(|(word, tag)| (word.as_str(), *tag)));
    Ok(Box::new(Sentences { task, model, split, space }))
}

impl Sentences<'_> {
    fn encoded(&self, words: &[String]) -> Text {
        self.task.encoded(&Tokens::of_words(words, &self.task.tokeniser))
    }

    /// −log P of an example's right tags for emissions [S, T, K] of sentences of its length [S].
    fn loss(&self, example: usize, emissions: &Tensor, lengths: &Tensor) -> Tensor {
        let gold: Vec<i64> =
            self.task.data.split(self.split)[example].tags.iter().map(|&tag| tag as i64).collect();
        let gold = Tensor::from_slice(&gold, [1, gold.len()]).broadcast_to([emissions.dim(0), gold.len()]);
        self.model.crf().nll(emissions, &gold.contiguous().to_device(emissions.device()), lengths)
    }
}

impl Changes<Tagging> for Sentences<'_> {
    fn count(&self) -> usize {
        self.task.data.split(self.split).len()
    }

    fn victim(&self, example: usize) -> Option<Victim> {
        let Sentence { words, tags } = &self.task.data.split(self.split)[example];
        let names = self.task.tags.named(tags);
        let entities = self.task.tags.are_entities();
        let victim = || Victim {
            // Another name would be another entity; the plain tags of other words are those that the words must have.
            named: names.iter().map(|&name| entities && name != "O").collect(),
            tags: Some(tags.clone()),
            ..Victim::of_words(words.clone())
        };
        let longest = attack::MOST_WORDS.min(reading::longest(&self.task.reading));
        let fits = !words.is_empty() && self.task.size(&self.encoded(words)) <= longest;
        (fits && words.len() <= longest).then(victim)
    }

    fn read(&self, example: usize, texts: &[Vec<String>]) -> Vec<(Tagging, f64)> {
        let texts: Vec<Text> = texts.iter().map(|words| self.encoded(words)).collect();
        let lengths: Vec<usize> = texts.iter().map(Text::len).collect();
        let constraints = self.task.constraints();
        batches::each(&lengths, attack::BATCH, |batch| {
            let chosen: Vec<&Text> = batch.iter().map(|&i| &texts[i]).collect();
            let batch = self.task.batch(&chosen, 0.0, &mut Mode::Eval).to_device(self.model.device());
            let emissions = no_grad(|| self.model.emissions(&batch.words(), &mut Mode::Eval));
            let (best, scores) =
                self.model.crf().decode_with(&emissions, batch.lengths(), constraints.as_ref());
            let losses = no_grad(|| self.loss(example, &emissions, batch.lengths())).to_f64();
            let (t, best) = (best.dim(1), best.to_vec::<i64>());
            let tags = best.chunks(t.max(1)).map(|row| row.iter().map(|&tag| tag as usize).collect());
            let found = tags.zip(scores.to_f64()).map(|(tags, score)| Tagging { tags, score });
            found.zip(losses).collect()
        })
    }

    fn gradient(&self, example: usize, words: &[String]) -> Tensor {
        let text = SentenceVectors::of(self.task, self.model, words.to_vec(), &self.encoded(words));
        let x = text.vectors.x.unsqueeze(0).variable();
        let batch = text.batch(&x);
        let emissions = self.model.emissions(&batch.words(), &mut Mode::Eval);
        let gradient =
            grad(&self.loss(example, &emissions, batch.lengths()), &[&x], CreateGraph::No).remove(0);
        text.by_word(word_features(self.model, &gradient.squeeze(0)))
    }

    fn space(&self) -> &Space {
        &self.space
    }
}
