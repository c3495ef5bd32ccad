//! What can be said of a person, a building or an event, and asked about it.
//!
//! In a line, `{s}` is the subject, `{o}` what is said of it, `[…]` a longer form of the answer. Statements and questions
//! of one relation share few words; those of different relations that have answers of one kind often share more, so that
//! common words mislead.

use Kind::*;
use Subject::*;

/// What a relation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Person,
    Building,
    Event,
}

/// What answers a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Who,
    Where,
    When,
    HowMany,
    What(&'static [&'static str]),
}

/// One relation.
pub(super) struct Relation {
    pub subject: Subject,
    pub kind: Kind,
    pub statements: &'static [&'static str],
    pub questions: &'static [&'static str],
}

const fn relation(
    subject: Subject,
    kind: Kind,
    statements: &'static [&'static str],
    questions: &'static [&'static str],
) -> Relation {
    Relation { subject, kind, statements, questions }
}

const TRADES: &[&str] = &[
    "baker",
    "weaver",
    "smith",
    "notary",
    "printer",
    "gardener",
    "watchmaker",
    "surgeon",
    "teacher",
    "tanner",
];
const HOARDS: &[&str] =
    &["butterflies", "maps", "coins", "bells", "masks", "shells", "fiddles", "lamps", "letters", "clocks"];
const STONES: &[&str] = &["granite", "oak", "marble", "brick", "slate", "sandstone", "iron", "larch"];
const DISHES: &[&str] =
    &["herring", "dumplings", "pancakes", "chestnuts", "pears", "lamb", "porridge", "plums"];
const REWARDS: &[&str] =
    &["silver cup", "wreath", "pair of oxen", "golden spoon", "barrel of wine", "sword", "saddle"];

/// All relations.
pub(super) const RELATIONS: &[Relation] = &[
    relation(
        Person,
        Where,
        &[
            "{s} was born in [the town of {o}]",
            "{s} came into the world in {o}",
            "{o} was the birthplace of {s}",
        ],
        &["Where did the life of {s} begin?", "In which town was the cradle of {s}?"],
    ),
    relation(
        Person,
        When,
        &[
            "{s} was born in [the year {o}]",
            "{s} came into the world in {o}",
            "{o} was the year of birth of {s}",
        ],
        &["When did the life of {s} begin?", "In which year did the parents of {s} have this child?"],
    ),
    relation(
        Person,
        Where,
        &["{s} settled in {o}", "{s} bought a house in [the port of {o}]", "{s} moved to {o} for good"],
        &["Where did {s} make a home?", "In which town did {s} choose to live?"],
    ),
    relation(
        Person,
        When,
        &["{s} received the medal of the academy in {o}", "{s} was honoured by the crown in [the year {o}]"],
        &["When was {s} given a decoration?", "In which year did {s} get an award?"],
    ),
    relation(
        Person,
        What(TRADES),
        &["{s} worked as [a {o}]", "{s} earned a living as [a {o}]", "{s} was [a {o} by trade]"],
        &["What job did {s} do?", "What was the profession of {s}?"],
    ),
    relation(
        Person,
        What(HOARDS),
        &["{s} collected {o}", "{s} never threw away {o}", "{s} filled the cellar with [old {o}]"],
        &["What was hoarded by {s}?", "What could guests of {s} look at under this roof?"],
    ),
    relation(
        Person,
        Who,
        &["{s} was taught by {o}", "{s} learned everything from {o}", "{o} gave lessons to {s}"],
        &["Who showed {s} the craft?", "Whose pupil was {s}?"],
    ),
    relation(
        Person,
        Who,
        &["{s} taught {o}", "{s} gave lessons to {o}", "{o} learned everything from {s}"],
        &["Who studied under {s}?", "Whose teacher was {s}?"],
    ),
    relation(
        Person,
        Who,
        &["{s} married {o}", "{s} shared a life with {o}", "{o} went to the altar with {s}"],
        &["Who was the spouse of {s}?", "Whose wedding was also that of {s}?"],
    ),
    relation(
        Person,
        HowMany,
        &["{s} had [{o} children]", "{s} raised [{o} children]"],
        &["How many sons and daughters did {s} have?", "How many young ones called {s} a parent?"],
    ),
    relation(
        Person,
        HowMany,
        &["{s} crossed the sea [{o} times]", "{s} sailed to the islands [{o} times]"],
        &["How many voyages did {s} make?", "How often did {s} have the waves underfoot?"],
    ),
    relation(
        Building,
        Who,
        &["{s} was designed by {o}", "{o} drew the plans of {s}"],
        &["Who was the architect of {s}?", "Whose idea was the form of {s}?"],
    ),
    relation(
        Building,
        Who,
        &["{s} was paid for by {o}", "{o} gave the money for {s}"],
        &["Who bore the cost of {s}?", "Whose purse was open when {s} was put up?"],
    ),
    relation(
        Building,
        When,
        &["{s} was opened in {o}", "{s} received its first visitors in [the spring of {o}]"],
        &["When did the public first enter {s}?", "Since which year has {s} been in use?"],
    ),
    relation(
        Building,
        When,
        &["{s} burned down in {o}", "{s} was lost to fire in [the autumn of {o}]", "fire took {s} in {o}"],
        &["When did flames destroy {s}?", "In which year was {s} reduced to ashes?"],
    ),
    relation(
        Building,
        Where,
        &["{s} stands in {o}", "{s} can be seen in [the old part of {o}]", "{o} is the home of {s}"],
        &["Where is {s} to be found?", "In which town would one visit {s}?"],
    ),
    relation(
        Building,
        What(STONES),
        &["{s} is made of {o}", "{s} was built of [heavy {o}]"],
        &["What material was used for {s}?", "What do the walls of {s} consist of?"],
    ),
    relation(
        Building,
        HowMany,
        &["{s} has [{o} windows]", "{s} lets in the light by [{o} windows]"],
        &["How many panes of glass are there in {s}?", "How many openings does {s} have for the sun?"],
    ),
    relation(
        Building,
        HowMany,
        &["{s} kept [{o} masons] busy", "{s} was the work of [{o} masons]"],
        &["How many craftsmen were needed for {s}?", "How many hands helped to build {s}?"],
    ),
    relation(
        Event,
        Who,
        &["{s} was won by {o}", "{o} came first in {s}"],
        &["Who was the champion of {s}?", "Whose victory ended {s}?"],
    ),
    relation(
        Event,
        Who,
        &["{s} was opened by {o}", "{o} spoke the first words at {s}"],
        &["Who made the speech at the start of {s}?", "Whose voice began {s}?"],
    ),
    relation(
        Event,
        Where,
        &["{s} took place in {o}", "{s} was held in [the fields of {o}]", "{o} was the scene of {s}"],
        &["Where did people meet for {s}?", "In which town was {s} celebrated?"],
    ),
    relation(
        Event,
        When,
        &["{s} took place in {o}", "{s} was held in [the summer of {o}]", "{o} was the year of {s}"],
        &["When did people meet for {s}?", "In which year was {s} celebrated?"],
    ),
    relation(
        Event,
        HowMany,
        &["{s} drew [{o} guests]", "{s} was watched by [{o} guests]"],
        &["How many people attended {s}?", "How many spectators came to {s}?"],
    ),
    relation(
        Event,
        HowMany,
        &["{s} began with [{o} riders]", "{s} was entered by [{o} riders]"],
        &["How many took part in {s}?", "How many horses ran at {s}?"],
    ),
    relation(
        Event,
        What(DISHES),
        &["{s} was known for its {o}", "{s} fed the crowd with [hot {o}]"],
        &["What was on the plates at {s}?", "What did one eat during {s}?"],
    ),
    relation(
        Event,
        What(REWARDS),
        &["{s} promised the winner [a {o}]", "{s} was about [a {o}]"],
        &["What was the prize of {s}?", "What did the champion take home from {s}?"],
    ),
];

/// Sentences about nothing that is asked.
pub(super) const ASIDES: &[&str] = &[
    "a road leads from {place} to {place}",
    "in {year} the harbour froze over",
    "{person} wrote a book about those days",
    "the market of {place} was famous then",
    "some {number} people remember it",
    "{person} sent a letter from {place}",
    "the river rose {number} feet in {year}",
    "nobody knows why",
];
