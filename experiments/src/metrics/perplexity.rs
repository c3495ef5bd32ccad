//! Perplexity, also of models that have diverged.

/// From this loss on, a perplexity would soon be larger than any number.
const LARGEST: f64 = 700.0;

/// exp(L / N) for a loss of L nats over N tokens; of nothing, 1.
///
/// A model that has diverged may have a loss whose exponential is larger than any number. Were all these perplexities equal, the
/// first of its epochs would count as the best one. So from L / N = 700 on, which is e⁷⁰⁰ and means nothing, the perplexity grows with
/// the logarithm of the loss instead: it is finite, and larger for a larger loss.
pub fn perplexity(nats: f64, n: f64) -> f64 {
    let loss = nats / n.max(1.0);
    if loss <= LARGEST { loss.exp() } else { LARGEST.exp() * (1.0 + (loss / LARGEST).ln()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_loss_is_a_larger_perplexity_and_none_is_infinite() {
        assert_eq!([perplexity(0.0, 0.0), perplexity(0.0, 5.0)], [1.0, 1.0]);
        assert!((perplexity(4.0 * 10f64.ln(), 2.0) - 100.0).abs() < 1e-9);
        let losses = [1.0, 699.9, 700.0, 700.000001, 710.0, 1e3, 1e6, 1e20, f64::from(f32::MAX)];
        let found = losses.map(|loss| perplexity(loss, 1.0));
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]) && found[8].is_finite(), "{found:?}");
    }
}
