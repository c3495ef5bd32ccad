//! The outputs of a tagger that can be explained: the tag of a word.

use super::vectors::SentenceVectors;
use super::{Tag, answers, reading};
use crate::data::error::{listed, quoted};
use crate::data::formats::scheme;
use crate::explain::{AttentionMap, Explained, Which, log_odds};
use crate::run::Ask;
use crate::tasks::word_vectors::{OfVectors, WordVectors};
use gradus_engine::nn::Constraints;
use gradus_engine::{Mode, Tensor, no_grad};
use gradus_models::Tagger;

/// The tag of a word.
struct TagOf<'a> {
    model: &'a dyn Tagger,
    constraints: Option<Constraints>,
    text: SentenceVectors,
    word: usize,
    tag: usize,
    what: String,
}

/// The tag of the word that is wanted, else of the first word of the most certain entity.
pub(super) fn explained<'a>(
    task: &'a Tag,
    model: &'a dyn Tagger,
    ask: &Ask,
    which: &Which,
) -> Result<Vec<Box<dyn Explained + 'a>>, String> {
    let tokens = answers::tokens(task, ask);
    let (t, longest) = (tokens.len(), reading::longest(&task.reading));
    if t == 0 {
        return Err(format!(
            "expected a text with words, found {}, which has none to explain",
            quoted(&ask.text)
        ));
    }
    let text = reading::encode_all(&task.reading, std::slice::from_ref(&tokens)).remove(0);
    let size = task.size(&text);
    if size > longest {
        return Err(format!(
            "expected a text that the model reads at once, of at most {longest} words or word pieces, found {size}; shorten it"
        ));
    }
    let tags = task.predictions(model, &[&text]).remove(0).tags;
    let written = WordVectors::written(&tokens);
    let text = SentenceVectors::of(task, model, written.clone(), &text);
    let names = task.tags.names();
    let word = match which.word {
        Some(word) if (1..=t).contains(&word) => word - 1,
        Some(word) => return Err(format!("--word: expected 1 to {t}, one of the words of the text, found {word}")),
        None => most_certain(task, model, &text, &tags).ok_or_else(|| {
            format!("the model finds no entity in the text; name the word whose tag to explain with --word N, 1 to {t}")
        })?,
    };
    let tag = match &which.target {
        Some(name) => names.iter().position(|tag| tag == name).ok_or_else(|| {
            format!(
                "--target: expected one of the tags of the model, {}, found {}",
                listed(names),
                quoted(name)
            )
        })?,
        None => tags[word],
    };
    if names.len() < 2 {
        return Err(format!("the model knows one tag only, {}, so that no word can matter", listed(names)));
    }
    let constraints = task.constraints();
    let x = text.batch(&text.vectors.x.unsqueeze(0));
    let log_p = no_grad(|| log_marginals(model, &x, constraints.as_ref())).at(1, word).to_f64();
    if log_p[tag] == f64::NEG_INFINITY {
        return Err(format!(
            "--target: the scheme of the tags does not allow {} at word {}",
            names[tag],
            word + 1
        ));
    }
    if log_p.iter().filter(|p| **p > f64::NEG_INFINITY).count() < 2 {
        return Err(format!("the scheme of the tags allows {} alone at word {}", names[tag], word + 1));
    }
    let what = format!("tag {} of word {}, {}", names[tag], word + 1, written[word]);
    Ok(vec![Box::new(TagOf { model, constraints, text, word, tag, what })])
}

/// The first word of the entity whose tags have the largest mean of log P(y_t | x); of plain tags, the word with the largest.
fn most_certain(task: &Tag, model: &dyn Tagger, text: &SentenceVectors, tags: &[usize]) -> Option<usize> {
    let x = text.batch(&text.vectors.x.unsqueeze(0));
    let log_p = no_grad(|| log_marginals(model, &x, task.constraints().as_ref())).squeeze(0);
    let (k, log_p) = (log_p.dim(1), log_p.to_f64());
    let stretches: Vec<_> = match task.tags.are_entities() {
        true => scheme::entities(&task.tags.named(tags)).into_iter().map(|e| e.start..e.end).collect(),
        false => (0..tags.len()).map(|word| word..word + 1).collect(),
    };
    let certainty = |words: &std::ops::Range<usize>| {
        words.clone().map(|word| log_p[word * k + tags[word]]).sum::<f64>() / words.len() as f64
    };
    let best =
        stretches.iter().max_by(|a, b| certainty(a).total_cmp(&certainty(b)).then(b.start.cmp(&a.start)));
    best.map(|words| words.start)
}

/// log P(y_t = k | x) [S, T, K], among the sequences from which the prediction is chosen.
fn log_marginals(model: &dyn Tagger, x: &OfVectors, constraints: Option<&Constraints>) -> Tensor {
    let emissions = model.emissions(&x.words(), &mut Mode::Eval);
    model.crf().log_marginals_with(&emissions, x.lengths(), constraints)
}

impl Explained for TagOf<'_> {
    fn what(&self) -> String {
        self.what.clone()
    }

    fn tokens(&self) -> &[String] {
        &self.text.vectors.tokens
    }

    fn vectors(&self) -> Tensor {
        self.text.vectors.x.clone()
    }

    fn baseline(&self) -> Tensor {
        self.text.vectors.unknown.clone()
    }

    fn score(&self, x: &Tensor) -> Tensor {
        let log_p = log_marginals(self.model, &self.text.batch(x), self.constraints.as_ref());
        log_odds(&log_p.at(1, self.word), self.tag)
    }

    fn attention(&self) -> Vec<AttentionMap> {
        let x = self.text.batch(&self.text.vectors.x.unsqueeze(0));
        AttentionMap::of_layers(self.model.attentions(&x.words()))
    }

    fn reads_from(&self) -> Vec<f64> {
        let read = self.text.place(self.word);
        (0..self.text.vectors.tokens.len()).map(|place| if place == read { 1.0 } else { 0.0 }).collect()
    }
}
