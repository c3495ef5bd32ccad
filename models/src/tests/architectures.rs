use crate::{
    BiDaf, BiDafConfig, BiLstm, BiLstmConfig, BiLstmCrf, BiLstmCrfConfig, CharacterModel, Classifier,
    DataSizes, Reader, ReaderInput, Tagger, TextCnn, TextCnnConfig, Words,
};
use gradus_engine::{Mode, Module, Rng, Tensor};

pub(crate) const SIZES: DataSizes = DataSizes { words: 13, characters: 6, outputs: 3 };
pub(crate) const EMBED_DIM: usize = 6;
pub(crate) const CNN: CharacterModel =
    CharacterModel::Cnn { char_embed_dim: 4, char_dim: 4, char_max_len: 20 };
pub(crate) const LSTM: CharacterModel =
    CharacterModel::Lstm { char_embed_dim: 4, char_dim: 4, char_max_len: 20 };

/// The options of an architecture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) characters: CharacterModel,
    pub(crate) attention_heads: usize,
    /// Only for architectures that have this option.
    pub(crate) layer_norm: bool,
}

impl Options {
    /// All combinations.
    pub(crate) fn all() -> impl Iterator<Item = Options> {
        let characters = [CharacterModel::None, CNN, LSTM].into_iter();
        characters.flat_map(|characters| {
            [(0, false), (2, false), (0, true), (2, true)].map(|(attention_heads, layer_norm)| Options {
                characters,
                attention_heads,
                layer_norm,
            })
        })
    }
}

/// A small model of any architecture.
pub(crate) enum Model {
    TextCnn(Box<TextCnn>),
    BiLstm(Box<BiLstm>),
    BiLstmCrf(Box<BiLstmCrf>),
    BiDaf(Box<BiDaf>),
}

/// What a model returns for B texts.
pub(crate) struct Output {
    pub(crate) name: &'static str,
    /// [B, ..], or [B, T, ..] if there is one for each word.
    pub(crate) values: Tensor,
    pub(crate) of_words: bool,
}

/// The configurations with these options, in the order of [`models`].
pub(crate) fn configs(options: Options) -> (TextCnnConfig, BiLstmConfig, BiLstmCrfConfig, BiDafConfig) {
    let Options { characters, attention_heads, layer_norm } = options;
    let (embed_dim, embed_std, hidden_dim) = (EMBED_DIM, 1.0, 4);
    (
        TextCnnConfig {
            embed_dim,
            embed_std,
            hidden_dim,
            attention_heads,
            characters,
            kernel_sizes: vec![2, 3, 5],
            ..Default::default()
        },
        BiLstmConfig {
            embed_dim,
            embed_std,
            hidden_dim,
            attention_heads,
            characters,
            layer_norm,
            ..Default::default()
        },
        BiLstmCrfConfig {
            embed_dim,
            embed_std,
            hidden_dim,
            attention_heads,
            characters,
            layers: 2,
            ..Default::default()
        },
        BiDafConfig { embed_dim, embed_std, hidden_dim, attention_heads, characters, ..Default::default() },
    )
}

/// A model of each architecture with these options, always with the same weights. No bias is 0, unlike fresh ones.
pub(crate) fn models(options: Options) -> [Model; 4] {
    let (cnn, lstm, crf, bidaf) = configs(options);
    let rng = &mut Rng::new(7);
    let models = [
        Model::TextCnn(Box::new(TextCnn::new(cnn, SIZES, rng))),
        Model::BiLstm(Box::new(BiLstm::new(lstm, SIZES, rng))),
        Model::BiLstmCrf(Box::new(BiLstmCrf::new(crf, SIZES, rng))),
        Model::BiDaf(Box::new(BiDaf::new(bidaf, SIZES, rng))),
    ];
    for param in models.iter().flat_map(|model| model.module().params()) {
        param.set(&(param.value() + Tensor::normal(param.shape(), 0.0, 0.2, rng)));
    }
    models
}

impl Model {
    pub(crate) fn module(&self) -> &dyn Module {
        match self {
            Model::TextCnn(model) => model.as_ref(),
            Model::BiLstm(model) => model.as_ref(),
            Model::BiLstmCrf(model) => model.as_ref(),
            Model::BiDaf(model) => model.as_ref(),
        }
    }

    /// All outputs of the model; a reader reads the question as well.
    pub(crate) fn outputs(&self, text: &Words, question: &Words, mode: &mut Mode) -> Vec<Output> {
        let of_texts = |name, values| Output { name, values, of_words: false };
        let of_words = |name, values| Output { name, values, of_words: true };
        match self {
            Model::TextCnn(model) => vec![of_texts("textcnn: logits", model.logits(text, mode))],
            Model::BiLstm(model) => vec![of_texts("bilstm: logits", model.logits(text, mode))],
            Model::BiLstmCrf(model) => vec![of_words("bilstm-crf: emissions", model.emissions(text, mode))],
            Model::BiDaf(model) => {
                let reading = model.read(&ReaderInput::Words { context: text, question }, mode);
                let [embedded, encoded] = [reading.embedded.unwrap(), reading.encoded.unwrap()];
                vec![
                    of_words("bidaf: start", reading.start),
                    of_words("bidaf: end", reading.end),
                    of_texts("bidaf: embedded context", embedded.context),
                    of_texts("bidaf: embedded question", embedded.question),
                    of_texts("bidaf: encoded context", encoded.context),
                    of_texts("bidaf: encoded question", encoded.question),
                ]
            }
        }
    }
}

impl Output {
    /// The values of text `b`, which has `len` words.
    pub(crate) fn of_text(&self, b: usize, len: usize) -> Vec<f64> {
        let values = self.values.at(0, b);
        if self.of_words { values.narrow(0, 0, len).to_f64() } else { values.to_f64() }
    }
}
