use super::*;

fn steady(ms: f64) -> Times {
    Times::new(vec![vec![ms * 0.99, ms], vec![ms, ms * 1.01]])
}

fn wide(ms: f64) -> Times {
    Times::new(vec![vec![ms * 0.8, ms * 0.8], vec![ms * 1.2, ms * 1.2]])
}

fn report(rows: Vec<Row>, threads: usize) -> Report {
    let identity = vec![("model".to_owned(), "17".to_owned())];
    let machine = Machine { processor: "M".into(), identity, instruction_set: "avx2+fma".into(), threads };
    Report { machine, build: Some(Build::here()), rows, growth: vec![] }
}

fn product(times: Times, peaks: [f64; 2]) -> Row {
    let mut row = Row::new("gemm", times, Work::Flops(2e8), peaks.into());
    row.add("PyTorch", steady(4.0));
    row
}

#[test]
fn says_what_was_measured() {
    let row = product(steady(2.0), [200.0, 190.0]);
    let rate = row.rate.clone().unwrap();
    assert_eq!((rate.amount, rate.share), (100.0, Some(0.5)));
    let mut void = Row { name: "step".into(), ..row.clone() };
    void.same = Some(false);
    let report = report(vec![row, void], 2);
    let text = report.markdown();
    assert!(text.contains("# M (model 17), 2 threads, avx2+fma"), "{text}");
    assert!(text.contains("190 to 200 GFLOP/s"), "{text}");
    assert!(text.contains("| gemm | 2.00 | 2.00–2.00 | 1.98 | 100 |  | 50 % |  |  |"), "{text}");
    assert!(text.contains("| gemm | PyTorch | 4.00 | 3.99–4.01 | 3.96 | 2.00 |  |"), "{text}");
    assert!(text.contains("| step (void) |") && text.contains("| void |"), "{text}");
    let picture = report.svg();
    assert!(picture.contains(">2.00</text>") && picture.contains("PyTorch") && !picture.contains("step"));
}

#[test]
fn what_varies_too_much_has_no_ratio() {
    let noisy_peer = {
        let mut row = Row::new("gemm", steady(2.0), Work::Flops(2e8), vec![200.0; 2]);
        row.add("PyTorch", wide(4.0));
        row
    };
    for row in [product(wide(2.0), [200.0; 2]), product(steady(2.0), [200.0, 150.0]), noisy_peer] {
        let report = report(vec![row], 2);
        let text = report.markdown();
        assert!(text.contains("| noisy |"), "{text}");
        assert!(!report.svg().contains("gemm"), "a ratio is drawn");
    }
}

#[test]
fn a_rate_that_is_no_share_of_the_peak_has_none() {
    let share = |work, ms| Rate::new(work, ms, vec![100.0, 90.0]).unwrap().share;
    assert_eq!(share(Work::Flops(1e8), 2.0), Some(0.5));
    assert_eq!(share(Work::EffectiveFlops(1e8), 2.0), None);
    assert_eq!(share(Work::Bytes { moved: 1.21e8, kept: 1e8 }, 1.0), None);
    assert!(Rate::new(Work::Chain, 1.0, vec![]).is_none());
    let row = Row::new("train_textcnn", steady(2.0), Work::EffectiveFlops(1e9), vec![200.0; 2]);
    assert!(report(vec![row], 2).markdown().contains("| 500 |  | effective |"));
}

#[test]
fn every_time_is_in_the_json_and_is_read_again() {
    let before = report(vec![product(steady(2.0), [200.0; 2])], 2);
    let text = before.json().unwrap();
    assert!(text.contains("\"rounds_ms\":[[1.98,2.0],[2.0,2.02]]"), "{text}");
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), before);
}

#[test]
fn scaling_is_by_workload_and_threads() {
    let reports =
        [1, 2].map(|threads| report(vec![product(steady(4.0 / threads as f64), [200.0; 2])], threads));
    let text = scaling(&reports).unwrap();
    assert!(text.contains("| gemm | 4.00 (1.00) | 2.00 (2.00) |"), "{text}");
    let noisy = report(vec![product(wide(2.0), [200.0; 2])], 2);
    let text = scaling(&[reports[0].clone(), noisy]).unwrap();
    assert!(text.contains("| gemm | 4.00 (1.00) | 2.00 (noisy) |"), "{text}");
    assert!(scaling(&[reports[0].clone(), report(vec![], 2)]).is_err());
}

#[test]
fn files_are_named_by_machine_and_threads() {
    let folder = tempfile::tempdir().unwrap();
    let reports = [1, 2].map(|threads| report(vec![product(steady(2.0), [200.0; 2])], threads));
    let paths: Vec<PathBuf> = reports.iter().flat_map(|r| r.write(folder.path()).unwrap()).collect();
    let names: Vec<_> = paths.iter().map(|p| p.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names[0], "m-model-17-avx2-fma-1-thread.json");
    assert_eq!(names[5], "m-model-17-avx2-fma-2-threads.svg");
    assert!(paths.iter().all(|p| p.exists()));
}

/// The committed results can be read, and their Markdown and SVG files equal what this program writes.
#[test]
fn committed_results_are_readable() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    let mut read = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        // The results of GPUs are written by another program.
        let device = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("nvidia"));
        if device || path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let report: Report = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(path.file_stem().unwrap().to_str().unwrap(), report.machine.stem());
        assert_eq!(std::fs::read_to_string(path.with_extension("md")).unwrap(), report.markdown());
        read += 1;
    }
    assert!(read > 0, "{} has no results", folder.display());
}
