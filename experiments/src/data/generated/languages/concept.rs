//! Concepts: what words mean, whatever the language.

/// What a word means: a class and a rank within it. Lower ranks are more frequent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Concept {
    /// What kind of word it is.
    pub class: Class,
    /// From 0 to [`Class::count`] - 1.
    pub rank: usize,
}

/// A class of concepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Given names.
    First,
    /// Names that people, places and organisations share.
    Stem,
    /// The second part of an organisation's name.
    Firm,
    /// The first part of a place's name.
    Town,
    /// What a person does.
    Role,
    /// Things; the rank modulo [`TOPICS`] is the topic.
    Thing,
    /// Adjectives that do not judge.
    Neutral,
    /// Adjectives that praise.
    Good,
    /// Adjectives that blame.
    Bad,
    /// What people do to things that they like.
    Praise,
    /// What people do to things that they dislike.
    Blame,
    /// What people do to organisations.
    Join,
    /// What people do to places.
    Visit,
    /// What organisations do to people.
    Hire,
    /// What organisations do to organisations.
    Buy,
    /// What people do to things.
    Make,
    /// What organisations do to things.
    Sell,
    /// When something happens.
    Time,
    /// The definite article.
    The,
    /// A conjunction of clauses that agree or do not concern each other.
    And,
    /// A conjunction of clauses of which the second counts.
    But,
    /// The place of an event.
    In,
    /// The owner of a thing.
    Of,
    /// Negation.
    Not,
    /// The copula.
    Be,
    /// The full stop.
    Stop,
}

/// The number of topics.
pub const TOPICS: usize = 4;

impl Class {
    /// Every class.
    pub const ALL: [Class; 26] = [
        Class::First,
        Class::Stem,
        Class::Firm,
        Class::Town,
        Class::Role,
        Class::Thing,
        Class::Neutral,
        Class::Good,
        Class::Bad,
        Class::Praise,
        Class::Blame,
        Class::Join,
        Class::Visit,
        Class::Hire,
        Class::Buy,
        Class::Make,
        Class::Sell,
        Class::Time,
        Class::The,
        Class::And,
        Class::But,
        Class::In,
        Class::Of,
        Class::Not,
        Class::Be,
        Class::Stop,
    ];

    /// The number of its concepts.
    pub const fn count(self) -> usize {
        match self {
            Class::First => 150,
            Class::Stem => 400,
            Class::Good | Class::Bad => 60,
            Class::Thing => 80,
            Class::Role | Class::Neutral | Class::Make | Class::Sell => 24,
            Class::Praise | Class::Blame | Class::Join | Class::Visit | Class::Hire | Class::Buy => 16,
            Class::Time => 12,
            Class::Firm | Class::Town => 8,
            Class::The
            | Class::And
            | Class::But
            | Class::In
            | Class::Of
            | Class::Not
            | Class::Be
            | Class::Stop => 1,
        }
    }

    /// The number of its concepts that each language has two words for: the most frequent ones.
    pub const fn synonyms(self) -> usize {
        match self {
            Class::Good | Class::Bad => 20,
            Class::Praise | Class::Blame => 8,
            Class::Time => 6,
            _ => 0,
        }
    }

    /// Whether its words are names, which languages borrow from each other.
    pub const fn is_name(self) -> bool {
        matches!(self, Class::First | Class::Stem)
    }

    /// Whether its words are capitalised: those that names consist of.
    pub const fn is_capital(self) -> bool {
        matches!(self, Class::First | Class::Stem | Class::Firm | Class::Town)
    }

    /// Whether its words belong to the grammar, such as articles.
    pub const fn is_function(self) -> bool {
        self.count() == 1
    }

    /// The concept of a rank.
    pub const fn at(self, rank: usize) -> Concept {
        Concept { class: self, rank }
    }
}

impl Concept {
    /// Every concept, in a fixed order.
    pub fn all() -> impl Iterator<Item = Concept> {
        Class::ALL.into_iter().flat_map(|class| (0..class.count()).map(move |rank| class.at(rank)))
    }
}
