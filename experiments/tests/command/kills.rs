//! Kills at random moments, over all tasks: a run that is continued ends with the bits of the undisturbed one.

use crate::place::Place;
use crate::resume::assert_same_runs;
use crate::tiny::Tiny;
use gradus_engine::Stream;
use std::time::Instant;

/// Of each task.
const KILLS: usize = 2;

/// The command that continues a run, or begins it where it had no checkpoint yet.
fn continues(place: &Place, tiny: &Tiny, out: &str) -> String {
    match place.path(&format!("{out}/checkpoint.safetensors")).exists() {
        true => tiny.resume(out),
        false => tiny.train(out),
    }
}

#[test]
fn killed_at_random_moments_and_inside_of_writes() {
    let place = Place::new();
    let (mut killed, mut in_writes, mut all) = (0, 0, 0);
    for tiny in Tiny::all() {
        let tiny = tiny.with_state().with(&["train.checkpoint_every=1", "train.epochs=5"]);
        let whole = format!("whole-{}", tiny.name());
        let began = Instant::now();
        place.gradus(&tiny.train(&whole)).well();
        let undisturbed = began.elapsed();
        for i in 0..KILLS {
            let out = format!("parts-{}-{i}", tiny.name());
            let draws = Stream { seed: 20, stream: all };
            all += 1;
            let mut run = place.start(&tiny.train(&out));
            std::thread::sleep(undisturbed * draws.below(0, 1000) as u32 / 1000);
            let ended = run.try_wait().unwrap().is_some();
            run.kill().unwrap();
            run.wait().unwrap();
            killed += usize::from(!ended);
            if i % 2 == 0 {
                // It is killed once more as it continues: by a limit on the size of files, at a byte of its next checkpoint.
                let size = place.read(&format!("{whole}/checkpoint.safetensors")).len() as u64 / 512;
                let blocks = size / 4 + draws.below(1, size - size / 4);
                let limited = format!("ulimit -c 0; ulimit -f {blocks}");
                let code = place.after(&limited, &continues(&place, &tiny, &out)).code;
                in_writes += usize::from(code != Some(0));
            }
            place.gradus(&continues(&place, &tiny, &out)).well();
            assert_same_runs(&place, &whole, &out);
        }
    }
    let all = all as usize;
    assert!(killed * 2 >= all && in_writes * 4 >= all, "too few of {all}: {killed}, in a write {in_writes}");
}
