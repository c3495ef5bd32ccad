use super::*;
use crate::isa::{Isa, Kernel, available, dispatch_on};
use crate::parallel::assert_same_in_all_pools;

const STREAM: Stream = Stream { seed: 0x1234_5678_9abc_def0, stream: 0xfedc_ba98_7654_3210 };

/// Starts that include one past which the low word of the counter wraps around.
const STARTS: [usize; 4] = [0, 64, 1 << 20, (1 << 34) - 16];

#[test]
fn every_level_equals_the_plain_loop_bit_for_bit() {
    for n in [0, 1, 7, 8, 31, 32, 33, 100] {
        let x: Vec<f32> = (0..n).map(|i| i as f32 - 3.5).collect();
        for (start, p) in STARTS.into_iter().zip([0.0, 0.3, 0.9, 1.0]) {
            let (mut expected, mut expected_mask, mut expected_fill) =
                (vec![9.0; n], vec![9.0; n], vec![9.0; n]);
            plain::dropout(&x, p, STREAM, start, &mut expected);
            plain::fill(Draw::Mask(p), STREAM, start, &mut expected_mask);
            plain::fill(Draw::Uniform(-0.1, 0.3), STREAM, start, &mut expected_fill);
            for &level in available() {
                let mut y = vec![9.0; n];
                dispatch_on(level, cpu::Dropout { x: &x, p, stream: STREAM, start, y: &mut y });
                assert_eq!(y, expected, "{} {start}", level.name());
                dispatch_on(level, cpu::Fill { draw: Draw::Mask(p), stream: STREAM, start, y: &mut y });
                assert_eq!(y, expected_mask, "{} {start}", level.name());
                let draw = Draw::Uniform(-0.1, 0.3);
                dispatch_on(level, cpu::Fill { draw, stream: STREAM, start, y: &mut y });
                assert_eq!(y, expected_fill, "{} {start}", level.name());
            }
        }
    }
}

/// [`factors`] on an instruction set.
struct Factors<'a>(f64, u64, &'a mut [f32]);

impl Kernel for Factors<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        factors(s, self.0, STREAM, self.1, self.2);
    }
}

#[test]
fn factors_from_any_index_equal_the_plain_loop_bit_for_bit() {
    for start in [0, 1, 2, 3, 4, 61, (1 << 34) - 35, (1 << 34) - 2] {
        for n in (0..10).chain([15, 16, 17, 31, 33, 63, 64, 65, 67, 130]) {
            for p in [0.0, 0.3, 1.0] {
                let mut expected = vec![9.0; n];
                plain::fill(Draw::Mask(p), STREAM, start, &mut expected);
                for &level in available() {
                    let mut y = vec![9.0; n + 1];
                    dispatch_on(level, Factors(p, start as u64, &mut y[..n]));
                    assert!(y[..n] == expected && y[n] == 9.0, "{}: {n} from {start}", level.name());
                }
            }
        }
    }
}

#[test]
fn the_share_that_is_kept_is_1_minus_p_and_the_mean_stays() {
    let x = vec![1.0f32; 100_000];
    for p in [0.0, 0.1, 0.5, 0.9] {
        let mut y = vec![9.0; x.len()];
        dropout_forward(&x, p, STREAM, &mut y);
        let kept = y.iter().filter(|&&y| y != 0.0).count() as f64 / 1e5;
        assert!((kept - (1.0 - p)).abs() < 0.006, "{p}: {kept}");
        let scale = (1.0 / (1.0 - p)) as f32;
        assert!(y.iter().all(|&y| y == 0.0 || y == scale));
    }
    let mut y = vec![9.0f32; 4];
    dropout_forward(&[f32::INFINITY; 4], 1.0, STREAM, &mut y);
    assert_eq!(y, [0.0; 4]);
}

#[test]
fn both_precisions_have_the_same_mask() {
    let (mut narrow, mut wide) = (vec![9.0f32; 1000], vec![9.0f64; 1000]);
    assert_eq!(mask(0.4, STREAM, (&mut narrow[..]).into()), Outcome::Done);
    assert_eq!(mask(0.4, STREAM, (&mut wide[..]).into()), Outcome::Done);
    assert!(narrow.iter().zip(&wide).all(|(&a, &b)| a == b as f32));
    let x: Vec<f64> = (0..1000).map(f64::from).collect();
    let mut y = vec![9.0; 1000];
    dropout_forward(&x, 0.4, STREAM, &mut y);
    assert!((0..1000).all(|i| (y[i] - x[i] * wide[i]).abs() <= 1e-12 * x[i]));
}

#[test]
fn fills_have_their_moments_and_threads_change_nothing() {
    assert_same_in_all_pools(|| {
        let (mut u, mut z) = (vec![9.0f32; 50_001], vec![9.0f32; 50_001]);
        assert_eq!(uniform(-1.0, 3.0, STREAM, (&mut u[..]).into()), Outcome::Done);
        assert_eq!(normal(2.0, 0.5, STREAM, (&mut z[..]).into()), Outcome::Done);
        let mean = |x: &[f32]| x.iter().map(|&x| f64::from(x)).sum::<f64>() / x.len() as f64;
        assert!((mean(&u) - 1.0).abs() < 0.02 && u.iter().all(|u| (-1.0..3.0).contains(u)));
        let squares: Vec<f32> = z.iter().map(|z| (z - 2.0) * (z - 2.0)).collect();
        assert!((mean(&z) - 2.0).abs() < 0.01 && (mean(&squares) - 0.25).abs() < 0.01);
        assert!((0..50_001).all(|i| z[i] == 2.0 + 0.5 * STREAM.normal(i as u64)));
        (u, z)
    });
}

#[test]
#[should_panic(expected = "dropout: p is 1.5, which is not in [0, 1]")]
fn p_is_a_probability() {
    dropout_forward(&[0.0f32], 1.5, STREAM, &mut [0.0]);
}
