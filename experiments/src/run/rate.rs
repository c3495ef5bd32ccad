use super::run::step;
use super::{Objective, Progress, Task, TrainError, optimizer, schedule};
use crate::config::Config;
use crate::text::batches;
use gradus_engine::Rng;
use std::time::{Duration, Instant};

/// Seconds of training for each token: those of up to `steps` steps over shuffled batches, none of which begins after
/// `limit`. A step before them is not counted, since it finds no buffer to use again.
///
/// # Errors
/// Settings that do not go together, or that do not fit the data.
pub fn seconds_per_token(
    config: &Config,
    data: &dyn Task,
    steps: usize,
    limit: Duration,
) -> Result<f64, TrainError> {
    let lengths = data.lengths();
    let batches = batches::shuffled(&lengths, config.train.batch_size, config.seed, 0);
    let mut rng = Rng::new(config.seed);
    let learner = data.learner(config, &mut rng)?;
    let mut optimizer = optimizer(config)?;
    let mut progress = Progress::start(rng, Objective::start(config), schedule::plateau(config));
    let total = config.train.epochs as u64 * batches.len() as u64;
    let (mut seconds, mut tokens) = (0.0, 0);
    for (i, examples) in batches.iter().cycle().take(steps + 1).enumerate() {
        let began = Instant::now();
        // A step whose loss is no number has taken its time as well; training will tell of it.
        let _ = step(config, learner.as_ref(), &mut optimizer, examples, total, &mut progress);
        if i > 0 {
            seconds += began.elapsed().as_secs_f64();
            tokens += examples.iter().map(|&i| lengths[i]).sum::<usize>();
        }
        if tokens > 0 && seconds >= limit.as_secs_f64() {
            break;
        }
    }
    Ok(seconds / tokens.max(1) as f64)
}
