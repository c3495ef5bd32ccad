//! Prints the median and the least milliseconds of each training step.
#![forbid(unsafe_code)]

use gradus_benches::steps::{STEPS, time};

fn main() {
    let only = std::env::args().nth(1).unwrap_or_default();
    println!(
        "{:<16} {:>10} {:>10}   {} threads",
        "step",
        "median ms",
        "least ms",
        rayon::current_num_threads()
    );
    for step in STEPS.iter().filter(|s| s.name.contains(&only)) {
        let mut times = time(step, 7);
        times.sort_by(f64::total_cmp);
        println!("{:<16} {:>10.1} {:>10.1}", step.name, times[times.len() / 2], times[0]);
    }
}
