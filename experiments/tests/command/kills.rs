//! Twenty kills at random moments, over all tasks: whoever goes on ends with the bits of the undisturbed run.

use crate::place::Place;
use crate::resume::assert_same_runs;
use gradus_engine::Stream;
use std::time::{Duration, Instant};

const KILLS: u64 = 20;

/// All kinds of state: moments, dropout, the averages of the weights and of GHM, words drawn as UNK, two objectives.
const TASKS: [(&str, &str); 3] = [
    ("classify", "--dataset reviews --loss ghm"),
    ("tag", "--dataset names-small --loss ghm --set model.characters=cnn --set model.char_dim=6"),
    ("read", "--dataset passages --set loss.contrastive=both"),
];

fn args(task: usize, out: &str) -> String {
    let (name, sets) = TASKS[task];
    format!(
        "train {name} --out {out} --threads 1 {sets} --set model.embed_dim=8 --set model.hidden_dim=6 --set \
         model.layers=1 --set data.train_limit=48 --set data.dev_limit=12 --set data.test_limit=12 --set \
         train.batch_size=12 --set train.epochs=5 --set train.average=0.9 --set train.checkpoint_every=1"
    )
}

/// The command that goes on with a run, or begins it where it had no checkpoint yet.
fn goes_on(place: &Place, task: usize, out: &str) -> String {
    match place.path(&format!("{out}/checkpoint.safetensors")).exists() {
        true => format!("train {} --out {out} --resume", TASKS[task].0),
        false => args(task, out),
    }
}

#[test]
fn killed_twenty_times_at_random_moments_and_inside_of_writes() {
    let place = Place::new();
    let whole = |task: usize| format!("whole-{}", TASKS[task].0);
    let undisturbed: Vec<Duration> = (0..TASKS.len())
        .map(|task| {
            let began = Instant::now();
            place.gradus(&args(task, &whole(task))).well();
            began.elapsed()
        })
        .collect();
    let (mut killed, mut in_writes) = (0, 0);
    for i in 0..KILLS {
        let (task, out) = (i as usize % TASKS.len(), format!("parts{i}"));
        let draws = Stream { seed: 20, stream: i };
        let mut run = place.start(&args(task, &out));
        std::thread::sleep(undisturbed[task] * draws.below(0, 1000) as u32 / 1000);
        let ended = run.try_wait().unwrap().is_some();
        run.kill().unwrap();
        run.wait().unwrap();
        killed += usize::from(!ended);
        if i % 2 == 0 {
            // Whoever goes on is killed once more: by a limit on the size of files, at a byte of its next checkpoint.
            let size = place.read(&format!("{}/checkpoint.safetensors", whole(task))).len() as u64 / 512;
            let blocks = size / 4 + draws.below(1, size - size / 4);
            let limited = format!("ulimit -c 0; ulimit -f {blocks}");
            let code = place.after(&limited, &goes_on(&place, task, &out)).code;
            in_writes += usize::from(code != Some(0));
        }
        place.gradus(&goes_on(&place, task, &out)).well();
        assert_same_runs(&place, &whole(task), &out);
    }
    assert!(killed >= 12 && in_writes >= 6, "too few were killed: {killed}, in a write {in_writes}");
}
