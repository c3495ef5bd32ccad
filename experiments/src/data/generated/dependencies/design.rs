//! What a text is like: the distances of its dependencies and the size of its vocabulary.

/// The distances of the dependencies, in tokens, and the number of words of each class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Design {
    /// Mean number of lines of a chapter, its title included; at least 2.
    pub lines: u64,
    /// Percentage of the sentences whose subject has no modifiers, so that the verb follows at once.
    pub direct: u64,
    /// The other sentences, by how far the verb is from its subject. With `direct`, the shares add up to 100.
    pub agreement: Vec<Reach>,
    /// Mean distance from the outermost opening bracket of an aside to its closing bracket.
    pub brackets: u64,
    /// Groups of roles (`painter`). Each role has one name per chapter.
    pub names: Vec<Roles>,
    /// The number of words of each class.
    pub vocabulary: Vocabulary,
}

/// Sentences whose subject has modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Percentage of all sentences.
    pub share: u64,
    /// Mean distance from the subject to the verb.
    pub distance: u64,
}

/// Roles that are mentioned equally often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// The number of roles.
    pub count: usize,
    /// Mean distance from one mention of such a role to the next one, if no chapter ends between them.
    pub distance: u64,
}

/// The number of words of each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// Kinds of things. A verb agrees with its subject in kind and number; people are a further kind.
    pub kinds: usize,
    /// Nouns of each kind; each has a singular and a plural.
    pub nouns: usize,
    /// Verbs of each kind; each has a singular and a plural.
    pub verbs: usize,
    /// Adjectives.
    pub adjectives: usize,
    /// Adverbs.
    pub adverbs: usize,
    /// Prepositions of each reach; at most [`PREPOSITIONS`] in all.
    pub prepositions: usize,
    /// Names of people.
    pub names: usize,
}

/// The number of prepositions that the grammar knows.
pub const PREPOSITIONS: usize = super::lexicon::PREPOSITIONS.len();

impl Default for Design {
    /// About a thousand words. A verb is 1, 8, 24 or 64 tokens from its subject in the mean, and a name returns after 24, 96 or
    /// 384 tokens, each equally often.
    fn default() -> Self {
        let reach = |share, distance| Reach { share, distance };
        let roles = |count, distance| Roles { count, distance };
        Design {
            lines: 150,
            direct: 40,
            agreement: vec![reach(30, 8), reach(20, 24), reach(10, 64)],
            brackets: 24,
            names: vec![roles(1, 24), roles(4, 96), roles(16, 384)],
            vocabulary: Vocabulary {
                kinds: 4,
                nouns: 50,
                verbs: 12,
                adjectives: 200,
                adverbs: 60,
                prepositions: 8,
                names: 160,
            },
        }
    }
}

/// Percentage of noun phrases with an adjective.
pub(super) const ADJECTIVE: u64 = 30;
/// What follows an object, in percent: another verb of the same subject,
pub(super) const AND: u64 = 20;
/// an adverb, which ends the sentence,
pub(super) const ADVERB: u64 = 20;
/// or an aside in brackets, which ends it, too. Otherwise the sentence ends at once.
pub(super) const ASIDE: u64 = 15;
/// Kinds of brackets.
pub(super) const BRACKETS: usize = 4;

/// The weights of all choices, as integers, so that no platform draws another word.
#[derive(Debug)]
pub(super) struct Weights {
    /// Of a noun phrase about a person.
    pub person: u64,
    /// Of a noun phrase about things of one kind in one number.
    pub noun: u64,
    /// For each reach, of another modifier, in millionths.
    pub modifier: Vec<u64>,
    /// Of a bracket within a bracket, in millionths.
    pub nested: u64,
}

/// The whole of weights in millionths.
pub(super) const WHOLE: u64 = 1_000_000;

impl Weights {
    /// The weights that give a design its distances. The share of people among noun phrases follows from how often the roles
    /// are mentioned.
    #[track_caller]
    pub fn of(design: &Design) -> Weights {
        let rate: f64 = design.names.iter().map(|roles| roles.count as f64 / roles.distance as f64).sum();
        // The rate of mentions grows with the share of people: bisection.
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if Means::of(design, middle).mentions < rate { low = middle } else { high = middle }
        }
        let means = Means::of(design, low);
        assert!(
            (rate - means.mentions).abs() < 1e-6,
            "Design: expected names that return so rarely that noun phrases suffice for them (at most {:.3} mentions per token), \
             found {rate:.3} mentions per token",
            means.mentions
        );
        let count = |share: f64| (WHOLE as f64 * share).round() as u64;
        let more = |mean: f64| {
            assert!(
                mean >= 1.0,
                "Design: expected distances of at least {:.1} tokens of a subject with modifiers, and {:.1} of brackets, found less",
                2.0 + means.phrase,
                1.0 + means.phrase
            );
            count((mean - 1.0) / mean)
        };
        Weights {
            person: count(low),
            noun: count((1.0 - low) / (2 * design.vocabulary.kinds) as f64),
            modifier: means.modifiers.iter().map(|mean| more(*mean)).collect(),
            nested: more(means.depth),
        }
    }
}

/// Mean lengths and counts, if people are a given share of the noun phrases.
struct Means {
    /// Tokens of a noun phrase.
    phrase: f64,
    /// Modifiers of a subject of each reach.
    modifiers: Vec<f64>,
    /// Brackets of an aside.
    depth: f64,
    /// Mentions of people per token.
    mentions: f64,
}

impl Means {
    fn of(design: &Design, person: f64) -> Means {
        let percent = |n: u64| n as f64 / 100.0;
        // An article, perhaps an adjective, and a noun, or a role with a name.
        let phrase = 2.0 + percent(ADJECTIVE) + person;
        let modifiers = |reach: &Reach| (reach.distance as f64 - 1.0) / (1.0 + phrase);
        let modifiers: Vec<f64> = design.agreement.iter().map(modifiers).collect();
        // The outermost brackets stand around one noun phrase and, for each inner pair, two brackets and two noun phrases.
        let depth = 1.0 + (design.brackets as f64 - 1.0 - phrase) / (2.0 + 2.0 * phrase);
        let of_subject: f64 =
            design.agreement.iter().zip(&modifiers).map(|(reach, n)| percent(reach.share) * n).sum();
        let verbs = 1.0 / (1.0 - percent(AND));
        let (adverbs, asides) = (percent(ADVERB) * verbs, percent(ASIDE) * verbs);
        let phrases = 1.0 + of_subject + verbs + asides * (2.0 * depth - 1.0);
        // Besides noun phrases: prepositions, verbs, `and`, adverbs, brackets, and the end of the line.
        let others = of_subject + verbs + (verbs - 1.0) + adverbs + asides * 2.0 * depth + 1.0;
        let titles = 1.0 / design.lines as f64;
        let tokens = (1.0 - titles) * (phrases * phrase + others) + titles * 3.0;
        let mentions = (1.0 - titles) * phrases * person / tokens;
        Means { phrase, modifiers, depth, mentions }
    }
}
