use super::DeviceArgs;
use crate::commands::{self, Explain, Form};
use crate::explain::{Method, Which};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Show on which words of a text an output of a trained model depends.
#[derive(Args)]
#[command(
    after_help = "A method gives each word a number: how much it adds to the log-odds of the output, compared with an unknown \
                  word.\n\n  gradient    gradient times input\n  integrated  integrated gradients; their sum is the change of \
                  the log-odds\n  occlusion   the change without this word\n  attention   the mean attention of the last layer\n  \
                  rollout     attention through all layers\n\nAttention shows what is read, not what it speaks for, and needs a \
                  model with self-attention. The areas under the deletion and the insertion curve tell how faithful a method \
                  is, and rank correlations how far methods agree.\n\nExamples:\n  gradus explain runs/a --text 'not bad at \
                  all'\n  gradus explain runs/a --text 'a fine film' --target negative --method integrated\n  gradus explain \
                  runs/b --text 'Ada lives in Oslo' --word 4 --format html --out oslo.html\n  gradus explain runs/c --context \
                  'Ada lives in Oslo.' --text 'Where does Ada live?' --target start"
)]
pub(super) struct ExplainArgs {
    /// The folder of the run.
    run: PathBuf,
    /// The text; the question, for a run that answers questions.
    #[arg(long, allow_hyphen_values = true)]
    text: String,
    /// The text that the question is about, for a run that answers questions.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    context: Option<String>,
    /// A method; may be repeated [default: all that the model allows].
    #[arg(long, value_name = "NAME")]
    method: Vec<MethodName>,
    /// The label or tag to explain; start or end of an answer [default: what the model predicts].
    #[arg(long, value_name = "LABEL", allow_hyphen_values = true)]
    target: Option<String>,
    /// The word whose tag is explained, counted from 1, of a tagger [default: the first of the most certain entity].
    #[arg(long, value_name = "N")]
    word: Option<usize>,
    /// The form of the output.
    #[arg(long, value_name = "NAME", default_value = "terminal")]
    format: FormName,
    /// The file to write, instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace that file if it is there.
    #[arg(long, requires = "out")]
    overwrite: bool,
    #[command(flatten)]
    place: DeviceArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum MethodName {
    Gradient,
    Integrated,
    Occlusion,
    Attention,
    Rollout,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormName {
    Terminal,
    Html,
    Json,
}

impl From<MethodName> for Method {
    fn from(name: MethodName) -> Self {
        match name {
            MethodName::Gradient => Method::Gradient,
            MethodName::Integrated => Method::Integrated,
            MethodName::Occlusion => Method::Occlusion,
            MethodName::Attention => Method::Attention,
            MethodName::Rollout => Method::Rollout,
        }
    }
}

impl From<FormName> for Form {
    fn from(name: FormName) -> Self {
        match name {
            FormName::Terminal => Form::Terminal,
            FormName::Html => Form::Html,
            FormName::Json => Form::Json,
        }
    }
}

impl ExplainArgs {
    pub fn run(self) -> anyhow::Result<()> {
        let ExplainArgs { run, text, context, method, target, word, format, out, overwrite, place } = self;
        let (place, threads) = place.place();
        commands::explain(&Explain {
            run,
            text,
            context,
            methods: method.into_iter().map(Method::from).collect(),
            which: Which { target, word },
            form: format.into(),
            out,
            overwrite,
            place,
            threads,
        })
    }
}
