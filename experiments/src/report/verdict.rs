//! Decides whether a claim held, by a rule that is fixed before the numbers are known.
//!
//! A claim is a list of comparisons "column A beats column B", made in every row or in some, or "row A beats row B" in one column. A
//! comparison is *held* if A's mean is better by more than the least significant difference at 95% (with the spread pooled over
//! the cells of the row, or of the column, see [`Pooled`]), *contradicted* if it is worse by more than that, and *undecided*
//! otherwise. With only one seed it is
//! always undecided. The claim held if every comparison did, and did not hold if one is contradicted. Otherwise it is
//! incomplete if numbers are missing, and undecided if none are.

use super::grid::Line;
use super::study::Claim;
use super::summary::Pooled;

/// The outcome of a claim or a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The result agrees with the paper, by more than the spread.
    Held,
    /// The result is the opposite, by more than the spread.
    DidNotHold,
    /// The differences lie within the spread.
    Undecided,
    /// Numbers are missing.
    Incomplete,
}

impl Verdict {
    /// The wording in tables.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Held => "claim held",
            Verdict::DidNotHold => "claim did not hold",
            Verdict::Undecided => "undecided within spread",
            Verdict::Incomplete => "incomplete",
        }
    }
}

/// One comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The row, or the column in which rows are compared.
    pub row: &'static str,
    /// Which column, or row, should beat which.
    pub claim: Claim,
    /// By how much it is better; `None` if a number is missing.
    pub advantage: Option<f64>,
    /// The least significant difference; `None` if no cell of the row has two seeds.
    pub needed: Option<f64>,
    /// The outcome.
    pub verdict: Verdict,
}

/// A claim with all its comparisons.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict on all comparisons.
    pub verdict: Verdict,
    /// Every comparison, row by row.
    pub outcomes: Vec<Outcome>,
}

/// Makes each comparison in every line of its measure, or in its column.
pub fn judge(claims: &[Claim], lines: &[Line]) -> Judgement {
    let mut outcomes = vec![];
    for line in lines {
        let made = |claim: &&Claim| {
            let here = claim.rows.is_empty() || claim.rows.contains(&line.row);
            here && claim.within.is_none() && claim.measure == line.measure
        };
        let of_columns = claims.iter().filter(made);
        outcomes.extend(of_columns.map(|claim| compare(*claim, line)));
    }
    for claim in claims.iter().filter(|claim| claim.within.is_some()) {
        let column = upright(lines, claim);
        let has = |row: &str| column.cells.iter().any(|(name, _)| *name == row);
        if has(claim.better) && has(claim.worse) {
            outcomes.push(compare(*claim, &column));
        }
    }
    let any = |verdict| outcomes.iter().any(|outcome| outcome.verdict == verdict);
    let verdict = if any(Verdict::DidNotHold) {
        Verdict::DidNotHold
    } else if any(Verdict::Incomplete) || outcomes.is_empty() {
        Verdict::Incomplete
    } else if any(Verdict::Undecided) {
        Verdict::Undecided
    } else {
        Verdict::Held
    };
    Judgement { verdict, outcomes }
}

/// The column of a claim as a line, with a number for each row.
fn upright(lines: &[Line], claim: &Claim) -> Line {
    let column = claim.within.unwrap_or_default();
    let number =
        |line: &Line| line.cells.iter().find(|(name, _)| *name == column).map(|cell| (line.row, cell.1));
    let of_measure = lines.iter().filter(|line| line.measure == claim.measure);
    Line { row: column, measure: claim.measure, cells: of_measure.filter_map(number).collect() }
}

fn compare(claim: Claim, line: &Line) -> Outcome {
    let cell = |column| line.cells.iter().find(|(name, _)| *name == column).and_then(|(_, number)| *number);
    let (a, b) = (cell(claim.better), cell(claim.worse));
    let advantage = a.zip(b).map(|(a, b)| line.measure.advantage(a.mean, claim.share * b.mean));
    let pooled = Pooled::of(line.cells.iter().filter_map(|(_, number)| number.as_ref()));
    let needed = pooled.zip(a.zip(b)).map(|(pooled, (a, b))| pooled.needed(a.seeds, b.seeds));
    let verdict = match (advantage, needed) {
        (None, _) => Verdict::Incomplete,
        (Some(advantage), Some(needed)) if advantage > needed => Verdict::Held,
        (Some(advantage), Some(needed)) if -advantage > needed => Verdict::DidNotHold,
        _ => Verdict::Undecided,
    };
    Outcome { row: line.row, claim, advantage, needed, verdict }
}

impl Judgement {
    /// A sentence that counts the outcomes.
    pub fn sentence(&self) -> String {
        let all = self.outcomes.len();
        let count = |test: &dyn Fn(&Outcome) -> bool| self.outcomes.iter().filter(|o| test(o)).count();
        let paper = count(&|o| o.advantage.is_some_and(|advantage| advantage > 0.0));
        let held = count(&|o| o.verdict == Verdict::Held);
        let against = count(&|o| o.verdict == Verdict::DidNotHold);
        let missing = count(&|o| o.verdict == Verdict::Incomplete);
        let mut text = format!(
            "{paper} of {all} comparison{} go{} the paper's way, {held} beyond the spread; {against} go{} against it beyond \
             the spread",
            if all == 1 { "" } else { "s" },
            if paper == 1 { "es" } else { "" },
            if against == 1 { "es" } else { "" },
        );
        if missing > 0 {
            text.push_str(&format!("; {missing} cannot be made, numbers are missing"));
        }
        if self.outcomes.iter().any(|o| o.advantage.is_some() && o.needed.is_none()) {
            text.push_str("; with a single seed there is no spread to judge by");
        }
        text + "."
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::study::Measure;
    use crate::report::summary::Summary;
    use crate::run::Metric;

    const ACCURACY: Measure = Measure::Test(Metric::share("accuracy"));
    const CLAIM: &[Claim] = &[Claim::of(ACCURACY, "b", "a"), Claim::of(Measure::TrainLoss, "b", "a")];

    fn line(a: &[f64], b: &[f64]) -> Line {
        line_of(ACCURACY, a, b)
    }

    fn line_of(measure: Measure, a: &[f64], b: &[f64]) -> Line {
        Line { row: "r", measure, cells: vec![("a", Summary::of(a)), ("b", Summary::of(b))] }
    }

    fn verdict(lines: &[Line]) -> Verdict {
        judge(CLAIM, lines).verdict
    }

    #[test]
    fn a_share_is_enough_where_the_claim_says_so() {
        const KEEPS: &[Claim] = &[Claim::share(ACCURACY, 0.94, "b", "a")];
        let of = |b: &[f64]| judge(KEEPS, &[line(&[89.9, 90.0, 90.1], b)]).verdict;
        assert_eq!(of(&[85.4, 85.5, 85.6]), Verdict::Held, "84.6 is enough");
        assert_eq!(of(&[83.4, 83.5, 83.6]), Verdict::DidNotHold);
        const FEWER: &[Claim] = &[Claim::share(Measure::Parameters, 0.1, "b", "a")];
        let of = |b: f64| judge(FEWER, &[line_of(Measure::Parameters, &[22.0, 22.0], &[b, b])]).verdict;
        assert_eq!([of(2.1), of(2.3)], [Verdict::Held, Verdict::DidNotHold]);
    }

    #[test]
    fn a_comparison_is_made_in_its_rows() {
        const CLAIMS: &[Claim] =
            &[Claim::of(ACCURACY, "b", "a").in_rows(&["r"]), Claim::of(ACCURACY, "a", "b").in_rows(&["s"])];
        let rises = line(&[80.0, 80.1], &[90.0, 90.1]);
        let falls = Line { row: "s", ..line(&[90.0, 90.1], &[80.0, 80.1]) };
        let judged = judge(CLAIMS, &[rises, falls]);
        assert_eq!((judged.verdict, judged.outcomes.len()), (Verdict::Held, 2));
        let other = Line { row: "t", ..line(&[80.0], &[90.0]) };
        assert!(judge(CLAIMS, &[other]).outcomes.is_empty());
    }

    #[test]
    fn a_gain_beyond_the_spread_holds() {
        // Pooled spread 0.5, two degrees of freedom: a difference above 4.303 · 0.5 decides.
        let (near, far) = (line(&[80.0, 80.7], &[81.0, 81.7]), [85.0, 85.7]);
        assert_eq!(verdict(std::slice::from_ref(&near)), Verdict::Undecided);
        assert_eq!(verdict(&[line(&[80.0, 80.7], &far)]), Verdict::Held);
        assert_eq!(verdict(&[line(&far, &[80.0, 80.7])]), Verdict::DidNotHold);
    }

    #[test]
    fn the_bound_itself_does_not_decide() {
        let just = |difference: f64| {
            let lines = [line(&[-1.0, 1.0], &[difference - 1.0, difference + 1.0])];
            judge(CLAIM, &lines).outcomes[0].clone()
        };
        // s² = 2, needed = 4.303 · √2 · 1.
        let needed = just(0.0).needed.unwrap();
        assert!((needed - 4.303 * 2f64.sqrt()).abs() < 1e-9, "{needed}");
        assert_eq!(just(6.0).verdict, Verdict::Undecided);
        assert_eq!(just(6.2).verdict, Verdict::Held);
        assert_eq!(just(-6.2).verdict, Verdict::DidNotHold);
    }

    #[test]
    fn of_a_loss_the_smaller_is_better() {
        let lines = [line_of(Measure::TrainLoss, &[0.7, 0.71], &[0.2, 0.21])];
        assert_eq!(verdict(&lines), Verdict::Held);
    }

    #[test]
    fn every_row_must_hold_and_one_against_decides() {
        let (held, open, against) = (
            line(&[80., 80.1], &[90., 90.1]),
            line(&[80., 80.1], &[80., 80.1]),
            line(&[90., 90.1], &[80., 80.1]),
        );
        assert_eq!(verdict(&[held.clone(), held.clone()]), Verdict::Held);
        assert_eq!(verdict(&[held.clone(), open.clone()]), Verdict::Undecided);
        assert_eq!(verdict(&[held, open, against]), Verdict::DidNotHold);
    }

    #[test]
    fn rows_are_compared_in_one_column() {
        const NEAR: &[Claim] = &[Claim::of_rows(ACCURACY, "b", "near", "far")];
        let of = |near: &[f64], far: &[f64]| {
            let lines = [("near", near), ("far", far)].map(|(row, b)| Line { row, ..line(&[1.0, 99.0], b) });
            judge(NEAR, &lines)
        };
        let held = of(&[90.0, 90.2], &[80.0, 80.2]);
        assert_eq!((held.verdict, held.outcomes.len(), held.outcomes[0].row), (Verdict::Held, 1, "b"));
        // The spread is that of the column alone.
        assert!((held.outcomes[0].needed.unwrap() - 4.303 * 0.02f64.sqrt()).abs() < 1e-9);
        assert_eq!(of(&[80.0, 80.2], &[90.0, 90.2]).verdict, Verdict::DidNotHold);
        assert_eq!(of(&[90.0, 90.2], &[]).verdict, Verdict::Incomplete);
        // Without such rows it says nothing.
        assert!(judge(NEAR, &[line(&[1.0], &[2.0])]).outcomes.is_empty());
    }

    #[test]
    fn one_seed_decides_nothing_and_a_hole_is_incomplete() {
        assert_eq!(verdict(&[line(&[10.0], &[90.0])]), Verdict::Undecided);
        assert_eq!(verdict(&[line(&[], &[90.0, 91.0])]), Verdict::Incomplete);
        assert_eq!(verdict(&[]), Verdict::Incomplete);
        let holed = judge(CLAIM, &[line(&[], &[90.0, 91.0])]);
        assert!(holed.sentence().contains("1 cannot be made"), "{}", holed.sentence());
    }

    #[test]
    fn the_sentence_counts() {
        let lines = [line(&[80., 80.1], &[90., 90.1]), line(&[80., 80.1], &[79.95, 80.05])];
        assert_eq!(
            judge(CLAIM, &lines).sentence(),
            "1 of 2 comparisons goes the paper's way, 1 beyond the spread; 0 go against it beyond the spread."
        );
    }
}
