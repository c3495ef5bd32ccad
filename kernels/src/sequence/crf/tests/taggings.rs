//! The same as all taggings, enumerated.

use super::{Batch, NEVER, assert_same, upstream};

/// Small batches of every kind, whose taggings can be enumerated.
fn small() -> Vec<Batch> {
    let mut all = Vec::new();
    for (seed, (len, k)) in
        [(1, 1), (1, 3), (4, 1), (5, 2), (4, 3), (3, 9), (2, 17), (3, 8)].into_iter().enumerate()
    {
        let lengths: Vec<i64> = (0..6).map(|b| b % (len as i64 + 1)).collect();
        let batch = Batch::new(seed as u64, &lengths, len, k, 1.0);
        all.extend([batch.clone().constrained(), batch]);
    }
    all
}

#[test]
fn equal_to_the_enumeration_of_all_taggings() {
    for batch in small() {
        let (up, dlog_p) = upstream(&batch);
        let expected = batch.enumerate(&up, &dlog_p);
        let found = batch.run::<f64>(&up, &dlog_p);
        assert_same(&found, &expected, 1e-12);
        assert_eq!(found.path, expected.path);
        let single = batch.run::<f32>(&up, &dlog_p);
        assert_same(&single, &expected, 3e-6);
        assert_eq!(single.path, expected.path);
    }
}

#[test]
fn nothing_allowed() {
    let free = Batch::new(9, &[3, 2, 0], 3, 2, 1.0);
    let (mut no_start, mut no_end) = (free.clone(), free);
    no_start.start.fill(NEVER);
    no_end.end.fill(NEVER);
    assert_nothing_allowed(no_start);
    assert_nothing_allowed(no_end);
}

fn assert_nothing_allowed(batch: Batch) {
    let (up, dlog_p) = upstream(&batch);
    let expected = batch.enumerate(&up, &dlog_p);
    assert_eq!(expected.log_z, [NEVER, NEVER, 0.0]);
    for found in [batch.run::<f32>(&up, &dlog_p), batch.run::<f64>(&up, &dlog_p)] {
        assert_eq!(
            (&found.log_z, &found.nll, &found.best),
            (&expected.log_z, &vec![-NEVER, -NEVER, 0.0], &expected.best)
        );
        assert_eq!((&found.log_p, &found.path), (&expected.log_p, &vec![0, 0, 0, 0, 0, -1, -1, -1, -1]));
        assert!([0, 2, 3].iter().all(|&g| found.grads[g].iter().all(|&d| d == 0.0)));
    }
}

#[test]
fn empty_batches() {
    for (lengths, len, k) in [(vec![], 3, 2), (vec![0, 0], 0, 3), (vec![], 0, 0), (vec![0, 0], 4, 2)] {
        let batch = Batch::new(1, &lengths, len, k, 1.0);
        let (up, dlog_p) = upstream(&batch);
        let found = batch.run::<f32>(&up, &dlog_p);
        assert!(found.log_z.iter().chain(&found.nll).chain(&found.log_p).all(|&x| x == 0.0));
        assert!(found.grads.iter().flatten().all(|&x| x == 0.0));
        assert!(found.path.iter().all(|&y| y == -1));
    }
}

#[test]
fn among_equals_the_lowest_tag_wins() {
    for k in [3, 11] {
        let zero = |n: usize| vec![0.0; n];
        let batch = Batch {
            lengths: vec![4],
            len: 4,
            k,
            emissions: zero(4 * k),
            transitions: zero(k * k),
            start: zero(k),
            end: zero(k),
            tags: vec![0; 4],
        };
        let (up, dlog_p) = upstream(&batch);
        assert_eq!(batch.run::<f32>(&up, &dlog_p).path, [0; 4]);
        assert_eq!(batch.run::<f64>(&up, &dlog_p).path, [0; 4]);
    }
}
