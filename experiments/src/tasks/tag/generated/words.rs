//! The hand-written words of the generated tagging corpora. Names are coined in `lexicon.rs`.

pub(super) const ROLES: [&str; 16] = [
    "painter",
    "captain",
    "minister",
    "farmer",
    "singer",
    "lawyer",
    "doctor",
    "goalkeeper",
    "judge",
    "teacher",
    "pilot",
    "baker",
    "senator",
    "editor",
    "runner",
    "chemist",
];
pub(super) const MATTERS: [&str; 14] = [
    "trade",
    "health",
    "water",
    "energy",
    "transport",
    "justice",
    "labour",
    "culture",
    "fishery",
    "defence",
    "forestry",
    "finance",
    "education",
    "housing",
];
pub(super) const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Words in capitals that name nothing.
pub(super) const CAPITALS: [&str; 6] = ["GDP", "TV", "VAT", "CPI", "R&D", "PhD"];
pub(super) const CHIEFS: [&str; 4] = ["CEO", "CFO", "Chairman", "Director"];
pub(super) const ADJECTIVES: [&str; 24] = [
    "quiet", "golden", "broken", "distant", "silent", "hollow", "scarlet", "northern", "last", "second",
    "burning", "winter", "patient", "bitter", "narrow", "hidden", "lonely", "silver", "endless", "wild",
    "lost", "green", "drowned", "early",
];
pub(super) const NOUNS: [&str; 24] = [
    "river", "garden", "island", "letter", "orchard", "harbour", "mirror", "harvest", "shadow", "lantern",
    "bridge", "tower", "summer", "stranger", "voyage", "winter", "forest", "orphan", "clock", "kingdom",
    "thief", "daughter", "mountain", "city",
];
pub(super) const FIRM_TAILS: [&str; 8] =
    ["Group", "Holdings", "Motors", "Airlines", "Bank", "Foods", "Systems", "& Sons"];
pub(super) const TEAM_TAILS: [&str; 4] = ["United", "City", "Rovers", "Athletic"];
pub(super) const TEAM_HEADS: [&str; 3] = ["FC", "Real", "Sporting"];
pub(super) const TOWN_HEADS: [&str; 5] = ["New", "Port", "San", "Saint", "Upper"];
pub(super) const COMPASS: [&str; 4] = ["North", "South", "East", "West"];
pub(super) const GREETINGS: [&str; 8] = ["lol", "omg", "wow", "ok so", "btw", "RT", "ugh", "hey"];
