//! The productions: what a sentence can be made of.
//!
//! A production is a line of words. Upper-case words of three letters and more are symbols, expanded in turn;
//! everything else stands for itself. `DEED_` and `THING_` are coined verbs and nouns that go with one kind only.
//! [`kind`] says which symbols are entities. The grammar is unambiguous in its tags: no sentence, read without regard
//! to case, can be derived in two ways that tag it differently (asserted by the tests).

use super::lexicon::Lexicon;
use crate::data::generated::{Item, Rule};
use std::sync::OnceLock;

/// The symbols with which sentences begin.
const STARTS: [&str; 2] = ["SENTENCE", "POST"];

/// A symbol and what replaces it.
pub(super) struct Symbol {
    name: &'static str,
    /// The kind of entity that its words form.
    pub kind: Option<&'static str>,
    pub replaced: Replaced,
}

/// What replaces a symbol.
pub(super) enum Replaced {
    /// Symbols, by their places.
    Rule(Rule<usize>),
    /// One of these names.
    Name(&'static [String]),
    /// One of these coined words.
    Coined(&'static [String]),
    /// A word of this class, or two.
    Word(&'static str),
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
                grammar.add(start);
            }
            grammar
        })
    }

    /// The symbol of a name.
    pub fn find(&self, name: &str) -> &Symbol {
        let is_it = |symbol: &&Symbol| symbol.name == name;
        self.0.iter().find(is_it).unwrap_or_else(|| panic!("the grammar has no symbol {name}"))
    }

    /// The symbol at a place.
    pub fn at(&self, place: usize) -> &Symbol {
        &self.0[place]
    }

    /// Adds a symbol with all that it can be replaced by, unless it is there; returns its place.
    fn add(&mut self, name: &'static str) -> usize {
        if let Some(place) = self.0.iter().position(|symbol| symbol.name == name) {
            return place;
        }
        let place = self.0.len();
        let lexicon = Lexicon::shared();
        let replaced = match (lexicon.words_of_kind(name), lexicon.names(name)) {
            (Some(words), _) => Replaced::Coined(words),
            (_, Some(names)) => Replaced::Name(names),
            (None, None) => Replaced::Word(name),
        };
        self.0.push(Symbol { name, kind: kind(name), replaced });
        if let Some(lines) = productions(name) {
            self.0[place].replaced = Replaced::Rule(Rule::new(lines, |item| match is_symbol(item) {
                true => Item::Symbol(self.add(item)),
                false => Item::Word(item),
            }));
        }
        place
    }
}

/// Whether an item of a production is a symbol; `TV`, `RT` and a sentence's `A` are words.
pub(super) fn is_symbol(item: &str) -> bool {
    item.len() > 2 && item.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c == '.')
}

/// The kind of entity that a symbol's words form; none for symbols that are no entity.
pub(super) fn kind(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "PERSON" | "FULL" | "BY_LAST" | "STEM_PER" => "PER",
        "PLACE" | "BY_TOWN" | "STEM_LOC" => "LOC",
        "FIRM" | "TEAM" | "BODY" | "BY_BRAND" | "STEM_ORG" => "ORG",
        "TITLE" | "STEM_WORK" => "WORK",
        _ => return None,
    })
}

/// A symbol's productions and their weights; none if it is a class of words.
pub(super) fn productions(symbol: &str) -> Option<&'static [(u64, &'static str)]> {
    Some(match symbol {
        "SENTENCE" => &[
            (16, "NEAR ."),
            (18, "FAR ."),
            (12, "CALLED ."),
            (10, "LIST ."),
            (10, "METONYMY ."),
            (8, "ART ."),
            (10, "ROW"),
            (16, "NOTHING ."),
        ],
        // As people write to each other: the same sentences, with handles and addresses that name nobody.
        "POST" => &[
            (5, "LINE"),
            (3, "GREETING LINE"),
            (2, "HANDLE LINE"),
            (1, "LINE HASHTAG"),
            (1, "LINE LINK"),
            (1, "HANDLE GREETING LINE LINK"),
        ],
        "LINE" => &[
            (12, "NEAR"),
            (16, "FAR"),
            (12, "CALLED"),
            (8, "LIST"),
            (8, "METONYMY"),
            (10, "ART"),
            (34, "NOTHING"),
        ],

        // The word beside a name tells its kind.
        "NEAR" => &[
            (2, "the ROLE PERSON visited PLACE on DAY"),
            (1, "the THING_PER PERSON visited the THING_LOC PLACE on DAY"),
            (1, "STEM_LOC , a THING_LOC , is home to STEM_ORG , a THING_ORG"),
            (1, "STEM_PER , a THING_PER , left STEM_ORG , a THING_ORG , in MONTH"),
            (2, "we did what we could , said PERSON"),
            (2, "PERSON , who grew up in PLACE , studied MATTER in PLACE"),
            (2, "shares of FIRM fell NUMBER percent"),
            (2, "FIRM named PERSON as its new CHIEF"),
            (2, "the BODY warned of a MATTER crisis in PLACE"),
            (1, "Mr. BY_LAST could not be reached on DAY"),
            (2, "the ROLE flew from PLACE to PLACE via PLACE"),
            (1, "rain is expected in PLACE until DAY"),
            (1, "the BODY in PLACE and FIRM signed a deal worth NUMBER million"),
            (1, "PERSON joined TEAM for NUMBER million"),
        ],
        // A name that may be anything, and what tells its kind at the sentence's other end.
        "FAR" => &[
            (5, "STEM_PER , ASIDE , TELLS_PER"),
            (4, "STEM_LOC , ASIDE , TELLS_LOC"),
            (5, "STEM_ORG , ASIDE , TELLS_ORG"),
            (1, "asked about STEM_PER , the BODY said he TELLS_PER"),
            (1, "asked about STEM_LOC , the BODY said the town TELLS_LOC"),
            (1, "asked about STEM_ORG , the BODY said the company TELLS_ORG"),
        ],
        "ASIDE" => &[
            (3, "as the papers in PLACE wrote on DAY"),
            (2, "according to PERSON"),
            (2, "it was reported in MONTH"),
            (2, "to nobody 's surprise"),
            (1, "if the ROLE and the ROLE from PLACE are to be believed"),
            (1, "or so the BODY told TV on DAY"),
        ],
        "TELLS_PER" => &[
            (9, "has DEED_PER"),
            (5, "DEED_PER again in MONTH"),
            (2, "has filed for divorce"),
            (2, "was born in YEAR"),
            (1, "broke a leg on DAY"),
            (1, "married FULL in MONTH"),
            (1, "has retired at the age of NUMBER"),
            (1, "cried on TV"),
        ],
        "TELLS_LOC" => &[
            (9, "has DEED_LOC"),
            (5, "DEED_LOC again in MONTH"),
            (2, "was flooded again in MONTH"),
            (2, "has elected a new mayor"),
            (1, "has NUMBER thousand inhabitants"),
            (1, "lies NUMBER miles from the sea"),
            (1, "was without power until DAY"),
            (1, "is twinned with PLACE"),
        ],
        "TELLS_ORG" => &[
            (9, "has DEED_ORG"),
            (5, "DEED_ORG again in MONTH"),
            (2, "has filed for bankruptcy"),
            (2, "cut NUMBER jobs in MONTH"),
            (1, "has raised its dividend"),
            (1, "bought FIRM for NUMBER million"),
            (1, "lost its licence on DAY"),
            (1, "was founded in YEAR"),
        ],
        // The cue comes first, and a clause that names others lies between.
        "CALLED" => &[
            (1, "the ROLE , MET , is called STEM_PER"),
            (3, "the THING_PER , MET , is called STEM_PER"),
            (1, "the village , MET , is called STEM_LOC"),
            (3, "the THING_LOC , MET , is called STEM_LOC"),
            (1, "the company , MET , is called STEM_ORG"),
            (3, "the THING_ORG , MET , is called STEM_ORG"),
            (1, "the novel , MET , is called STEM_WORK"),
            (2, "the THING_WORK , MET , is called STEM_WORK"),
            (1, "her new book , MET , is called TITLE"),
        ],
        "MET" => &[
            (2, "which or whom FULL had never seen"),
            (2, "well known in PLACE since YEAR"),
            (1, "praised by a ROLE on DAY"),
            (1, "at least for the BODY"),
        ],
        "MET_NOBODY" => &[
            (1, "which or whom a THING_PER had never seen"),
            (1, "well known since YEAR"),
            (1, "praised by a ROLE on DAY"),
        ],
        // One word tells the kind of three names.
        "LIST" => &[
            (1, "BY_LAST , BY_LAST and BY_LAST resigned on DAY"),
            (3, "BY_LAST , BY_LAST and BY_LAST DEED_PER on DAY"),
            (1, "trains to BY_TOWN , BY_TOWN and BY_TOWN were late"),
            (3, "BY_TOWN , BY_TOWN and BY_TOWN DEED_LOC on DAY"),
            (1, "BY_BRAND , BY_BRAND and BY_BRAND cut their prices"),
            (3, "BY_BRAND , BY_BRAND and BY_BRAND DEED_ORG on DAY"),
            (1, "we met BY_LAST , a ROLE , and BY_LAST , a ROLE"),
        ],
        // A town's name for its team, its government or its market.
        "METONYMY" => &[
            (4, "TEAM beat TEAM NUMBER - NUMBER in BY_TOWN"),
            (2, "TEAM drew with TEAM on DAY"),
            (1, "the players of TEAM trained in BY_TOWN"),
            (2, "fans of TEAM marched through BY_TOWN"),
            (1, "TEAM , ASIDE , lost at home to TEAM"),
            (1, "the streets of BY_TOWN are full of fans of TEAM"),
        ],
        "ART" => &[
            (3, "TITLE is a film by FULL"),
            (2, "i read TITLE twice"),
            (2, "TITLE , a novel set in PLACE , made FULL famous"),
            (1, "FULL sang TITLE live on TV"),
            (1, "nobody in PLACE liked TITLE at first"),
            (1, "the ROLE BY_LAST wrote TITLE in YEAR"),
        ],
        // Tables: names touch, and only their order says where one ends.
        "ROW" => &[
            (4, "TEAM TEAM NUMBER NUMBER"),
            (3, "NUMBER . FULL PLACE TIME"),
            (2, "FULL TITLE ( YEAR )"),
            (1, "FIRM NUMBER.NUMBER + NUMBER percent"),
        ],
        "NOTHING" => &[
            (3, "the MATTER talks were put off until DAY"),
            (2, "prices rose NUMBER percent in MONTH , CAPITAL data showed"),
            (2, "the mayor of the town said nothing on DAY"),
            (2, "a ADJECTIVE NOUN is not a NOUN"),
            (1, "the ROLE has a new CHIEF and a ADJECTIVE NOUN"),
            (2, "i saw the ADJECTIVE NOUN in MONTH , or was it in MONTH"),
            (1, "May may be the ADJECTIVE month , said a ROLE"),
            (1, "the city council and the university of the ADJECTIVE town disagree on MATTER"),
            (1, "NUMBER people , a ROLE among them , were on the ADJECTIVE bridge"),
            (1, "the village , praised by a ROLE , is called a NOUN by all"),
            (1, "a ROLE , a ROLE and a ROLE resigned on DAY"),
            (1, "a THING_PER , a THING_PER and a ROLE DEED_PER on DAY"),
            (1, "the THING_LOC , MET_NOBODY , DEED_LOC again in MONTH"),
            (1, "the THING_ORG , MET_NOBODY , is called a THING_ORG by all"),
            (1, "the THING_WORK and the THING_WORK , MET_NOBODY , are no NOUN"),
            (1, "the company , to nobody 's surprise , has a new CHIEF"),
        ],

        "PERSON" => {
            &[(6, "FIRST LAST"), (4, "LAST"), (1, "FIRST"), (1, "INITIAL LAST"), (1, "FIRST van LAST")]
        }
        "FULL" => &[(7, "FIRST LAST"), (1, "INITIAL LAST"), (1, "FIRST van LAST"), (1, "FIRST INITIAL LAST")],
        "BY_LAST" => &[(1, "LAST")],
        "PLACE" => &[(6, "TOWN"), (1, "TOWN_HEAD TOWN"), (3, "LAND"), (1, "COMPASS LAND")],
        "BY_TOWN" => &[(6, "TOWN"), (1, "TOWN_HEAD TOWN")],
        "FIRM" => &[
            (5, "BRAND"),
            (2, "BRAND FIRM_TAIL"),
            (1, "LAST FIRM_TAIL"),
            (1, "LAST and LAST"),
            (1, "ACRONYM"),
            (1, "LAND FIRM_TAIL"),
        ],
        "BY_BRAND" => &[(4, "BRAND"), (1, "BRAND FIRM_TAIL"), (1, "ACRONYM")],
        "TEAM" => &[(6, "TOWN"), (2, "TOWN TEAM_TAIL"), (1, "TEAM_HEAD TOWN"), (1, "TOWN_HEAD TOWN")],
        "BODY" => &[
            (2, "University of TOWN"),
            (2, "Ministry of MATTER_NAME"),
            (2, "ACRONYM"),
            (1, "FIRST LAST Foundation"),
            (1, "Bank of LAND"),
            (1, "TOWN City Council"),
            (1, "LAND Institute of MATTER_NAME and MATTER_NAME"),
        ],
        "TITLE" => &[
            (3, "The ADJECTIVE_NAME NOUN_NAME"),
            (2, "ADJECTIVE_NAME NOUN_NAME"),
            (2, "NOUN_NAME of NOUN_NAME"),
            (2, "The NOUN_NAME of TOWN"),
            (1, "A NOUN_NAME in TOWN"),
            (1, "The NOUN_NAME and the NOUN_NAME"),
            (2, "Saving FIRST LAST"),
            (1, "STEM"),
        ],
        "STEM_PER" | "STEM_LOC" | "STEM_ORG" | "STEM_WORK" => &[(1, "STEM")],
        _ => return None,
    })
}
