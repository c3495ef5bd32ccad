//! What is known of a text before each token, and which tokens can follow.

use super::design::{ADJECTIVE, ADVERB, AND, ASIDE, Design, WHOLE, Weights};
use super::lexicon::{Group, Lexicon};

/// What a token does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Step {
    Chapter,
    Title,
    End,
    The,
    Adjective,
    /// A noun of this agreement.
    Noun(usize),
    Role,
    Name,
    /// A preposition of this reach.
    Preposition(usize),
    /// A verb of this agreement.
    Verb(usize),
    And,
    Adverb,
    Open,
    Close,
}

/// Tokens that can follow: those of one class, or one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// Its weight among the choices.
    pub weight: u64,
    /// What the token does.
    pub step: Step,
    /// The rank of the only possible token of the class, where the text before determines it.
    pub only: Option<usize>,
}

/// What a noun phrase does in its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Part {
    Subject,
    /// A modifier of the subject, of this reach.
    Modifier(usize),
    Object,
    /// After an opening bracket.
    Opened,
    /// After a closing bracket.
    Closed,
}

/// Where in a sentence a text is. It says which classes of tokens can follow, but not which dependencies are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Before the first token.
    Beginning,
    /// At the start of a line.
    Start,
    /// After `chapter`.
    Chapter,
    /// After the last word of a line.
    Complete,
    /// Before a noun phrase.
    Before(Part),
    /// After an article.
    The(Part),
    /// After an adjective.
    Adjective(Part),
    /// After a role.
    Role(Part),
    /// After a noun phrase.
    After(Part),
    /// After `and`.
    And,
}

/// A value that later tokens depend on, and the place of the last token that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub value: usize,
    pub place: usize,
}

/// What the tokens of a text so far determine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub phase: Phase,
    /// The number of tokens so far.
    pub place: usize,
    /// The agreement of the subject.
    pub agreement: Option<Shown>,
    /// The kinds of the open brackets.
    pub brackets: Vec<Shown>,
    /// The name of each role in this chapter.
    pub names: Vec<Option<Shown>>,
    /// The last role.
    pub role: usize,
}

impl State {
    pub fn beginning(roles: usize) -> State {
        State {
            phase: Phase::Beginning,
            place: 0,
            agreement: None,
            brackets: vec![],
            names: vec![None; roles],
            role: 0,
        }
    }

    /// What the next token depends on, if it takes this step and something determines it.
    pub fn dependency(&self, step: Step) -> Option<Shown> {
        match step {
            Step::Verb(_) => self.agreement,
            Step::Name => self.names[self.role],
            Step::Close => self.brackets.last().copied(),
            _ => None,
        }
    }

    /// What can follow, to a reader who knows the phase and the depth of the brackets, and sees the last `visible` tokens, or
    /// all. What no visible token shows is as likely as it was before the text.
    pub fn choices(&self, rules: &Rules, visible: Option<usize>) -> Vec<Choice> {
        let one = |step| choice(1, step);
        let seen = |shown: Option<Shown>| {
            let near = |shown: &Shown| visible.is_none_or(|visible| self.place - shown.place <= visible);
            shown.filter(near).map(|shown| shown.value)
        };
        match self.phase {
            Phase::Beginning => vec![one(Step::Chapter)],
            Phase::Start => vec![one(Step::Chapter), choice(rules.lines - 1, Step::The)],
            Phase::Chapter => vec![one(Step::Title)],
            Phase::Complete => vec![one(Step::End)],
            Phase::Before(_) => vec![one(Step::The)],
            Phase::The(_) => {
                let nouns = rules.nouns(100 - ADJECTIVE);
                [choice(ADJECTIVE * rules.whole(), Step::Adjective)].into_iter().chain(nouns).collect()
            }
            Phase::Adjective(_) => rules.nouns(1).collect(),
            Phase::Role(_) => {
                let only = seen(self.names[self.role]);
                vec![Choice { weight: 1, step: Step::Name, only }]
            }
            Phase::After(Part::Subject) => {
                let prepositions = rules.shares.iter().enumerate();
                let prepositions = prepositions.map(|(reach, share)| (*share, Step::Preposition(reach)));
                rules.verbs(seen(self.agreement), rules.direct, prepositions.collect())
            }
            Phase::After(Part::Modifier(reach)) => {
                let more = rules.weights.modifier[reach];
                let more_modifiers = vec![(more, Step::Preposition(reach))];
                rules.verbs(seen(self.agreement), WHOLE - more, more_modifiers)
            }
            Phase::And => rules.verbs(seen(self.agreement), 1, vec![]),
            Phase::After(Part::Object) => vec![
                choice(AND, Step::And),
                choice(ADVERB, Step::Adverb),
                choice(ASIDE, Step::Open),
                choice(100 - AND - ADVERB - ASIDE, Step::End),
            ],
            Phase::After(Part::Opened | Part::Closed) => {
                let only = seen(self.brackets.last().copied());
                let nested = if self.phase == Phase::After(Part::Opened) { rules.weights.nested } else { 0 };
                vec![choice(nested, Step::Open), Choice { weight: WHOLE - nested, step: Step::Close, only }]
            }
        }
        .into_iter()
        .filter(|choice| choice.weight > 0)
        .collect()
    }

    /// Adds a token: one of the choices, by its rank in its class.
    pub fn take(&mut self, rules: &Rules, step: Step, rank: usize) {
        let shown = Shown { value: rank, place: self.place };
        self.phase = match step {
            Step::Chapter => {
                self.names.fill(None);
                Phase::Chapter
            }
            Step::Title | Step::Adverb => Phase::Complete,
            Step::End => {
                self.agreement = None;
                Phase::Start
            }
            Step::The => Phase::The(self.part()),
            Step::Adjective => Phase::Adjective(self.part()),
            Step::Noun(agreement) => {
                let part = self.part();
                if part == Part::Subject {
                    self.agreement = Some(Shown { value: agreement, ..shown });
                }
                Phase::After(part)
            }
            Step::Role => {
                self.role = rank;
                Phase::Role(self.part())
            }
            Step::Name => {
                let part = self.part();
                self.names[self.role] = Some(shown);
                if part == Part::Subject {
                    self.agreement = Some(Shown { value: rules.person(), ..shown });
                }
                Phase::After(part)
            }
            Step::Preposition(reach) => Phase::Before(Part::Modifier(reach)),
            Step::Verb(agreement) => {
                self.agreement = Some(Shown { value: agreement, ..shown });
                Phase::Before(Part::Object)
            }
            Step::And => Phase::And,
            Step::Open => {
                self.brackets.push(shown);
                Phase::Before(Part::Opened)
            }
            Step::Close => {
                self.brackets.pop();
                if self.brackets.is_empty() { Phase::Complete } else { Phase::Before(Part::Closed) }
            }
        };
        self.place += 1;
    }

    /// The part of the noun phrase that the text is in.
    fn part(&self) -> Part {
        match self.phase {
            Phase::Before(part)
            | Phase::The(part)
            | Phase::Adjective(part)
            | Phase::Role(part)
            | Phase::After(part) => part,
            // A sentence starts with its subject.
            Phase::Beginning | Phase::Start | Phase::Chapter | Phase::Complete | Phase::And => Part::Subject,
        }
    }
}

fn choice(weight: u64, step: Step) -> Choice {
    Choice { weight, step, only: None }
}

/// The grammar's rules: words and weights.
#[derive(Debug)]
pub(super) struct Rules {
    pub lexicon: Lexicon,
    pub weights: Weights,
    lines: u64,
    direct: u64,
    /// The shares of each reach.
    shares: Vec<u64>,
}

impl Rules {
    #[track_caller]
    pub fn of(design: &Design) -> Rules {
        let shares: Vec<u64> = design.agreement.iter().map(|reach| reach.share).collect();
        assert!(
            design.lines >= 2 && design.direct + shares.iter().sum::<u64>() == 100,
            "Design: expected at least 2 lines, and shares that add up to 100, found {design:?}"
        );
        let (lexicon, weights) = (Lexicon::of(design), Weights::of(design));
        Rules { lexicon, weights, lines: design.lines, direct: design.direct, shares }
    }

    /// The class of a step.
    pub fn group(&self, step: Step) -> &Group {
        let words = &self.lexicon;
        match step {
            Step::Chapter => &words.chapter,
            Step::Title | Step::Adjective => &words.adjectives,
            Step::End => &words.end,
            Step::The => &words.the,
            Step::Noun(agreement) => &words.nouns[agreement],
            Step::Role => &words.roles,
            Step::Name => &words.names,
            Step::Preposition(reach) => &words.prepositions[reach],
            Step::Verb(agreement) => &words.verbs[agreement],
            Step::And => &words.and,
            Step::Adverb => &words.adverbs,
            Step::Open => &words.open,
            Step::Close => &words.close,
        }
    }

    /// The agreement of people, which follows those of things.
    fn person(&self) -> usize {
        self.lexicon.nouns.len()
    }

    /// The sum of the weights of all agreements.
    fn whole(&self) -> u64 {
        self.weights.person + self.weights.noun * self.person() as u64
    }

    /// The nouns and roles, with their weights times a factor.
    fn nouns(&self, factor: u64) -> impl Iterator<Item = Choice> {
        let nouns = 0..self.person();
        let nouns = nouns.map(move |agreement| choice(factor * self.weights.noun, Step::Noun(agreement)));
        nouns.chain([choice(factor * self.weights.person, Step::Role)])
    }

    /// A verb of the agreement, or of each as likely as its subject, and other steps.
    fn verbs(&self, agreement: Option<usize>, weight: u64, others: Vec<(u64, Step)>) -> Vec<Choice> {
        let (whole, verbs) = match agreement {
            Some(agreement) => (1, vec![choice(weight, Step::Verb(agreement))]),
            None => {
                let verb = |subject: Choice| match subject.step {
                    Step::Noun(agreement) => choice(weight * subject.weight, Step::Verb(agreement)),
                    _ => choice(weight * subject.weight, Step::Verb(self.person())),
                };
                (self.whole(), self.nouns(1).map(verb).collect())
            }
        };
        let others = others.into_iter().map(|(weight, step)| choice(weight * whole, step));
        verbs.into_iter().chain(others).collect()
    }
}
