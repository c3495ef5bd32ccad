//! The hand-written words of the generated corpora. Rarer ones are coined in `lexicon.rs`.

pub(super) const GOOD: [&str; 40] = [
    "good",
    "great",
    "wonderful",
    "brilliant",
    "moving",
    "charming",
    "funny",
    "clever",
    "gripping",
    "superb",
    "delightful",
    "touching",
    "elegant",
    "witty",
    "fresh",
    "inventive",
    "graceful",
    "honest",
    "warm",
    "lively",
    "rich",
    "stunning",
    "thoughtful",
    "tender",
    "vivid",
    "masterful",
    "original",
    "absorbing",
    "inspired",
    "radiant",
    "subtle",
    "sincere",
    "enchanting",
    "dazzling",
    "splendid",
    "joyous",
    "daring",
    "nimble",
    "refreshing",
    "stirring",
];

pub(super) const BAD: [&str; 40] = [
    "bad",
    "awful",
    "boring",
    "dull",
    "tedious",
    "terrible",
    "weak",
    "clumsy",
    "stale",
    "lifeless",
    "bland",
    "shallow",
    "silly",
    "messy",
    "hollow",
    "tiresome",
    "ugly",
    "lazy",
    "pointless",
    "dreary",
    "flat",
    "forgettable",
    "grating",
    "pretentious",
    "awkward",
    "sloppy",
    "annoying",
    "lame",
    "murky",
    "stiff",
    "predictable",
    "soulless",
    "overlong",
    "feeble",
    "confused",
    "vulgar",
    "wooden",
    "trite",
    "grim",
    "insipid",
];

/// Adjectives with no polarity of their own: they praise a [`BRISK_NOUNS`] and blame a [`CALM_NOUNS`].
pub(super) const BRISK: [&str; 6] = ["quick", "loud", "bright", "light", "simple", "brief"];
/// The reverse of [`BRISK`]: they blame a [`BRISK_NOUNS`] and praise a [`CALM_NOUNS`].
pub(super) const CALM: [&str; 6] = ["slow", "quiet", "dark", "heavy", "complex", "long"];
pub(super) const BRISK_NOUNS: [&str; 6] = ["joke", "chase", "song", "introduction", "fight", "dance"];
pub(super) const CALM_NOUNS: [&str; 6] = ["mood", "mystery", "farewell", "silence", "landscape", "tragedy"];

pub(super) const NOUNS: [&str; 24] = [
    "plot",
    "acting",
    "ending",
    "dialogue",
    "script",
    "photography",
    "score",
    "cast",
    "pacing",
    "premise",
    "direction",
    "lead",
    "villain",
    "humour",
    "editing",
    "film",
    "story",
    "opening",
    "costume",
    "setting",
    "theme",
    "camera",
    "finale",
    "sequel",
];

pub(super) const ROLES: [&str; 20] = [
    "detective",
    "nurse",
    "thief",
    "teacher",
    "soldier",
    "pilot",
    "widow",
    "painter",
    "sailor",
    "lawyer",
    "orphan",
    "farmer",
    "boxer",
    "queen",
    "spy",
    "priest",
    "cook",
    "singer",
    "doctor",
    "clerk",
];

pub(super) const ACTS: [&str; 14] = [
    "steals", "hides", "finds", "buys", "sells", "loses", "burns", "guards", "carries", "follows", "repairs",
    "inherits", "forges", "destroys",
];

pub(super) const OBJECTS: [&str; 16] = [
    "map",
    "letter",
    "diamond",
    "car",
    "boat",
    "house",
    "key",
    "ring",
    "photograph",
    "suitcase",
    "horse",
    "diary",
    "ticket",
    "crown",
    "violin",
    "train",
];

/// Neutral epithets of a role.
pub(super) const EPITHETS: [&str; 14] = [
    "young", "old", "retired", "local", "former", "married", "wealthy", "poor", "tall", "foreign", "lonely",
    "wounded", "rival", "second",
];

/// The first four go with praise in training and the last four with blame; in dev and test they go with neither.
pub(super) const GENRES: [&str; 8] =
    ["western", "musical", "thriller", "biography", "comedy", "romance", "documentary", "remake"];

pub(super) const GLAD: [&str; 4] = ["thankfully", "happily", "luckily", "fortunately"];
pub(super) const SAD: [&str; 4] = ["sadly", "alas", "unluckily", "unfortunately"];

pub(super) const LIKED: [&str; 6] = ["loved", "enjoyed", "admired", "adored", "cherished", "recommended"];
pub(super) const DISLIKED: [&str; 6] = ["hated", "loathed", "regretted", "resented", "disliked", "endured"];

pub(super) const STRONG: [&str; 8] =
    ["utterly", "extremely", "thoroughly", "deeply", "very", "truly", "remarkably", "hugely"];
pub(super) const FAINT: [&str; 6] = ["slightly", "somewhat", "mildly", "rather", "vaguely", "faintly"];

pub(super) const GOOD_NOUNS: [&str; 12] = [
    "hope",
    "peace",
    "trust",
    "courage",
    "progress",
    "unity",
    "honesty",
    "justice",
    "mercy",
    "prosperity",
    "dignity",
    "safety",
];
pub(super) const BAD_NOUNS: [&str; 12] = [
    "war",
    "fear",
    "crisis",
    "hatred",
    "corruption",
    "poverty",
    "fraud",
    "ruin",
    "violence",
    "chaos",
    "disease",
    "cruelty",
];
pub(super) const ISSUES: [&str; 12] = [
    "policy", "talks", "vote", "report", "treaty", "budget", "reform", "campaign", "speech", "inquiry",
    "tax", "border",
];
pub(super) const PRAISE: [&str; 6] = ["praise", "welcome", "support", "honour", "defend", "thank"];
pub(super) const BLAME: [&str; 6] = ["condemn", "denounce", "mock", "blame", "insult", "betray"];
