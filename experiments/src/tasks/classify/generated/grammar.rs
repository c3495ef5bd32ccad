//! The productions: what a sentence of each polarity can be made of.
//!
//! A production is a line of words. Lower-case words and punctuation stand for themselves; upper-case words are
//! symbols, expanded in turn with the polarity of the line they stand in. `CLAUSE-` is a `CLAUSE` of the opposite
//! polarity, `CLAUSE?` one of any.

use crate::data::generated::{Item, Rule};
use std::sync::OnceLock;

/// The symbols with which texts and their sentences begin.
const STARTS: [&str; 10] = [
    "REVIEW",
    "GOODS",
    "SUBJECTIVE",
    "OBJECTIVE",
    "PHRASE",
    "HEARSAY",
    "VERDICT",
    "CLAIM",
    "KEPT",
    "TAKEN_BACK",
];

/// A symbol of one polarity, or of any, and what replaces it.
pub(super) struct Symbol {
    pub name: &'static str,
    /// None if the polarity is drawn.
    pub positive: Option<bool>,
    pub replaced: Replaced,
}

/// What replaces a symbol.
pub(super) enum Replaced {
    /// Symbols, by their places.
    Rule(Rule<usize>),
    /// The symbol of negative or of positive polarity, by their places.
    Either([usize; 2]),
    /// A word of the class.
    Word,
}

/// The grammar with all symbols that are reached from [`STARTS`].
pub(super) struct Grammar(Vec<Symbol>);

impl Grammar {
    /// The one grammar.
    pub fn shared() -> &'static Grammar {
        static GRAMMAR: OnceLock<Grammar> = OnceLock::new();
        GRAMMAR.get_or_init(|| {
            let mut grammar = Grammar(vec![]);
            for start in STARTS {
                grammar.add(start, Some(false));
                grammar.add(start, Some(true));
            }
            grammar
        })
    }

    /// The symbol of a name and a polarity.
    pub fn find(&self, name: &str, positive: bool) -> &Symbol {
        let is_it = |symbol: &&Symbol| symbol.positive == Some(positive) && symbol.name == name;
        self.0.iter().find(is_it).unwrap_or_else(|| panic!("the grammar has no symbol {name}"))
    }

    /// The symbol at a place.
    pub fn at(&self, place: usize) -> &Symbol {
        &self.0[place]
    }

    /// Adds a symbol with all that it can be replaced by, unless it is there; returns its place.
    fn add(&mut self, name: &'static str, positive: Option<bool>) -> usize {
        let known = self.0.iter().position(|symbol| (symbol.name, symbol.positive) == (name, positive));
        if let Some(place) = known {
            return place;
        }
        let place = self.0.len();
        self.0.push(Symbol { name, positive, replaced: Replaced::Word });
        let replaced = match positive {
            None => Some(Replaced::Either([false, true].map(|positive| self.add(name, Some(positive))))),
            Some(positive) => productions(name, positive).map(|lines| {
                Replaced::Rule(Rule::new(lines, |item| {
                    match item.starts_with(|c: char| c.is_ascii_uppercase()) {
                        true => Item::Symbol(self.add_item(item, positive)),
                        false => Item::Word(item),
                    }
                }))
            }),
        };
        if let Some(replaced) = replaced {
            self.0[place].replaced = replaced;
        }
        place
    }

    /// The same for an item in a line of that polarity.
    fn add_item(&mut self, item: &'static str, positive: bool) -> usize {
        match (item.strip_suffix('-'), item.strip_suffix('?')) {
            (Some(name), _) => self.add(name, Some(!positive)),
            (_, Some(name)) => self.add(name, None),
            _ => self.add(item, Some(positive)),
        }
    }
}

/// A symbol's productions and their weights, for that polarity; none if it is a class of words.
pub(super) fn productions(symbol: &str, positive: bool) -> Option<&'static [(u64, &'static str)]> {
    Some(match symbol {
        "REVIEW" => &[(82, "BODY"), (10, "ADVERB , BODY"), (8, "as a GENRE , BODY")],
        // A review of something other than a film.
        "GOODS" => &[
            (50, "BODY"),
            (10, "ADVERB , BODY"),
            (20, "i bought the NOUN for the PURPOSE : BODY"),
            (20, "i need the NOUN with the NOUN for PURPOSE : BODY"),
        ],
        "BODY" => &[(46, "CLAUSE"), (16, "CONTRAST"), (24, "AGREE"), (4, "WEIGH"), (4, "IRONY"), (6, "VIEW")],

        // What follows "but", and what "although" does not govern, is what the speaker stands by.
        "CONTRAST" => &[
            (6, "CLAUSE- , but CLAUSE"),
            (3, "although CLAUSE- , CLAUSE"),
            (3, "CLAUSE , although CLAUSE-"),
            (2, "while CLAUSE- , CLAUSE"),
            (2, "despite a POLAR- NOUN , CLAUSE"),
            (2, "CLAUSE , despite a POLAR- NOUN"),
            (2, "CLAUSE- ; still , CLAUSE"),
        ],
        "AGREE" => &[(2, "CLAUSE and CLAUSE"), (1, "CLAUSE , and CLAUSE")],
        // The stronger word wins; "very good" outweighs "bad", "good" outweighs "slightly bad".
        "WEIGH" => &[
            (2, "the NOUN is FAINT POLAR- and the NOUN is STRONG POLAR"),
            (2, "the NOUN is STRONG POLAR and the NOUN is FAINT POLAR-"),
            (1, "the NOUN is POLAR- and the NOUN is STRONG POLAR"),
            (1, "the NOUN is STRONG POLAR and the NOUN is POLAR-"),
            (1, "the NOUN is POLAR and the NOUN is FAINT POLAR-"),
            (1, "the NOUN is FAINT POLAR- and the NOUN is POLAR"),
        ],
        "IRONY" => &[
            (2, "PLAIN- , said nobody ever"),
            (2, "PLAIN , said everybody i know"),
            (2, "oh sure , PLAIN-"),
            (1, "oh , PLAIN"),
            (1, "PLAIN- , yeah right"),
        ],
        // Another's opinion counts as the speaker judges it.
        "VIEW" => &[
            (1, "NAME says that CLAUSE , and i agree"),
            (1, "NAME says that CLAUSE- , and i disagree"),
            (1, "the critics say that CLAUSE ; they are right"),
            (1, "the critics say that CLAUSE- ; they are wrong"),
            (1, "i share the view that CLAUSE"),
            (1, "i do not share the view that CLAUSE-"),
        ],

        "CLAUSE" => &[(70, "PLAIN"), (14, "NEGATED"), (8, "DECOY"), (8, "DUAL")],
        "PLAIN" => &[
            (4, "the NOUN is DEGREE POLAR"),
            (2, "i found the NOUN DEGREE POLAR"),
            (2, "the NOUN , ASIDE , is POLAR"),
            (2, "the NOUN felt POLAR from start to finish"),
            (2, "this is a POLAR NOUN"),
            (1, "NAME gives us a DEGREE POLAR NOUN"),
            (2, "i FELT the NOUN"),
            (1, "i FELT the POLAR NOUN"),
        ],
        // Negation, near and far from the word it reverses, and without "not".
        "NEGATED" => &[
            (3, "the NOUN is not DEGREE POLAR-"),
            (1, "the NOUN is never POLAR-"),
            (1, "the NOUN is hardly POLAR-"),
            (1, "the NOUN is far from POLAR-"),
            (1, "the NOUN is anything but POLAR-"),
            (1, "nobody would call the NOUN POLAR-"),
            (1, "i can not call the NOUN DEGREE POLAR-"),
            (2, "i do not think that the NOUN , ASIDE , is POLAR-"),
            (1, "the NOUN should have been POLAR-"),
            (1, "i can not say that i FELT- the NOUN"),
            (1, "the NOUN was supposed to be POLAR-"),
        ],
        // Negative words that do not govern the adjective.
        "DECOY" => &[
            (1, "no doubt the NOUN is POLAR"),
            (1, "i can not deny that the NOUN is POLAR"),
            (1, "the NOUN could not be more POLAR"),
            (1, "never before was a NOUN so POLAR"),
            (1, "the NOUN is nothing if not POLAR"),
            (1, "not even NAME could make the NOUN less than POLAR"),
        ],
        "DUAL" if positive => &[
            (1, "the BRISK_NOUN is BRISK"),
            (1, "the CALM_NOUN is CALM"),
            (1, "what a BRISK BRISK_NOUN"),
            (1, "what a CALM CALM_NOUN"),
        ],
        "DUAL" => &[
            (1, "the BRISK_NOUN is CALM"),
            (1, "the CALM_NOUN is BRISK"),
            (1, "what a CALM BRISK_NOUN"),
            (1, "what a BRISK CALM_NOUN"),
        ],
        "DEGREE" => &[(7, ""), (2, "STRONG"), (1, "FAINT")],
        "ASIDE" => &[
            (1, "shot in PLACE"),
            (1, "written by NAME in YEAR"),
            (1, "which NAME had in mind since YEAR"),
            (1, "set in the PLACE of YEAR"),
        ],

        // Sentences of a long review that are not about its verdict.
        "STORY" => &[
            (2, "NAME , a EPITHET ROLE , ACT a OBJECT in PLACE"),
            (2, "a EPITHET ROLE from PLACE ACT the OBJECT of NAME"),
            (1, "in YEAR , NAME and a ROLE meet in PLACE"),
            (1, "then the OBJECT is lost , and the ROLE must return to PLACE"),
            (1, "i saw it in PLACE with NAME in YEAR"),
        ],
        "HEARSAY" => &[
            (1, "NAME had told me that CLAUSE"),
            (1, "according to NAME , CLAUSE"),
            (1, "some in PLACE may say that CLAUSE"),
        ],
        "VERDICT" => &[
            (2, "overall , CLAUSE"),
            (2, "all told , CLAUSE"),
            (1, "my verdict : CLAUSE"),
            (2, "to sum up , CONTRAST"),
        ],
        "CLAIM" => &[(1, "let me say it at once : CLAUSE"), (1, "my first words were that CLAUSE")],
        "KEPT" => &[(1, "a second viewing did not change my mind"), (1, "i stand by my first words")],
        "TAKEN_BACK" => &[(1, "a second viewing did change my mind"), (1, "i take back my first words")],

        // Told, or judged. The same adjectives stand in both: as an epithet of a role or in a character's mouth they
        // belong to the story.
        "OBJECTIVE" => &[
            (6, "STORY"),
            (2, "the story of a ANY_EPITHET ROLE who ACT a OBJECT in PLACE"),
            (2, "the story of NAME is the story of a POLAR? ROLE who ACT a OBJECT"),
            (2, "NAME is a POLAR? ROLE who ACT a OBJECT in a EPITHET NOUN"),
            (2, "NAME tells a ROLE that CLAUSE?"),
            (2, "a ROLE ACT a OBJECT and says that CLAUSE?"),
        ],
        "SUBJECTIVE" => &[
            (6, "BODY?"),
            (2, "the story of a ANY_EPITHET ROLE who ACT a OBJECT in PLACE is POLAR?"),
            (2, "the story of NAME is the POLAR? story of a ROLE who ACT a OBJECT"),
            (2, "NAME is a EPITHET ROLE who ACT a OBJECT in a POLAR? NOUN"),
            (2, "NAME tells a ROLE of a OBJECT , and CLAUSE?"),
            (2, "a ROLE says that he ACT a OBJECT , and CLAUSE?"),
        ],
        "ANY_EPITHET" => &[(1, "EPITHET"), (1, "POLAR?")],

        "PHRASE" => &[
            (2, "DEGREE POLAR"),
            (7, "a DEGREE POLAR ISSUE"),
            (6, "POLAR ISSUE in PLACE"),
            (3, "not DEGREE POLAR-"),
            (2, "hardly a POLAR- ISSUE"),
            (2, "by no means a POLAR- ISSUE"),
            (2, "no doubt a POLAR ISSUE"),
            (2, "not only POLAR"),
            (1, "FEELING"),
            (4, "FEELING in PLACE"),
            (4, "KEEPER FEELING in PLACE"),
            (4, "REVERSER FEELING- in PLACE"),
            (5, "DEED NAME"),
            (2, "DEED the ISSUE of PLACE"),
            (2, "refuse to DEED- NAME"),
            (1, "fail to DEED- the ISSUE"),
            (1, "never fail to DEED"),
        ],
        "REVERSER" => &[
            (3, "lack of"),
            (2, "end of"),
            (1, "absence of"),
            (1, "loss of"),
            (1, "relief from"),
            (1, "farewell to"),
            (1, "victory over"),
        ],
        "KEEPER" => &[(1, "sense of"), (1, "surge of"), (1, "promise of"), (1, "years of"), (1, "wave of")],
        _ => return None,
    })
}
