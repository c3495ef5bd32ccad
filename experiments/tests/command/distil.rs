//! `gradus distil`: a student is a run like any other, which needs its teacher once.

use crate::place::{Place, flags};
use crate::tiny::Tiny;
use gradus::regimes::distillation::TEACHER;

/// The tasks whose models can be distilled.
fn taught() -> Vec<Tiny> {
    Tiny::all().into_iter().filter(|tiny| tiny.task.keys().has(TEACHER)).collect()
}

/// The settings of a tiny student.
fn student(tiny: &Tiny) -> String {
    let keys = |set: &&String| {
        set.starts_with("model.") || set.starts_with("train.") || set.starts_with("optimizer.")
    };
    let sets: Vec<String> = tiny.sets().iter().filter(keys).cloned().collect();
    flags(&sets)
}

#[test]
fn a_student_is_resumed_and_asked_without_its_teacher() {
    let place = Place::new();
    place.write("more.txt", b"the fine cast\n\na dull film in Oslo\n");
    let students = taught();
    assert!(students.len() >= 2);
    for (i, tiny) in students.iter().enumerate() {
        let name = tiny.name();
        place.gradus(&tiny.train("teacher")).well();
        let model = tiny.task.keys().choices_of("model.name").remove(0);
        let distil = |out: &str| {
            format!(
                "distil teacher --student {model} --out {out} {} --set loss.copies=1 --set loss.unlabelled=more.txt",
                student(tiny)
            )
        };
        let (whole, cut) = (format!("whole{i}"), format!("cut{i}"));
        place.gradus(&distil(&whole)).well();
        place
            .gradus(&format!("{} --set train.epochs=1", distil(&cut).replace("--set train.epochs=3", "")))
            .well();
        std::fs::rename(place.path("teacher"), place.path(&format!("away{i}"))).unwrap();
        std::fs::remove_file(place.path("more.txt")).unwrap();
        place.gradus(&format!("train {name} --out {cut} --resume --set train.epochs=3")).well();
        let best = |run: &str| place.read(&format!("{run}/best.safetensors"));
        assert_eq!(best(&cut), best(&whole), "{name}");
        // Two texts in the file, and a copy of each training text.
        let more = place.text(&format!("{whole}/transfer.jsonl"));
        assert_eq!(more.lines().count(), 48 + 2, "{name}");
        place.gradus(&format!("evaluate {whole} --split train")).well();
        crate::tasks::predict(&place, tiny, &whole, &["--text", "fine"]).well();
        // A student can teach.
        let again = format!("distil {whole} --student {model} --out again{i} {}", student(tiny));
        place.gradus(&again).well();
        place.write("more.txt", b"the fine cast\n\na dull film in Oslo\n");
    }
}

#[test]
fn a_student_with_the_teacher_alone_comes_close_to_it() {
    let place = Place::new();
    for (i, tiny) in taught().into_iter().enumerate() {
        let tiny = tiny.with(&["model.dropout=0", "train.epochs=12"]);
        let teacher = format!("t{i}");
        place.gradus(&tiny.train(&teacher)).well();
        let model = tiny.task.keys().choices_of("model.name").remove(0);
        let run = |out: &str, epochs: usize| {
            let sets = student(&tiny).replace("train.epochs=12", &format!("train.epochs={epochs}"));
            let more = "--set loss.label_weight=0 --set seed=9";
            place.gradus(&format!("distil {teacher} --student {model} --out {out} {sets} {more}")).well();
            crate::place::lines(&place.text(&format!("{out}/metrics.jsonl")))
        };
        let log = run(&format!("s{i}"), 40);
        let losses: Vec<f64> = log.iter().filter_map(|line| line["train_loss"].as_f64()).collect();
        assert!(losses.len() >= 2, "{log:?}");
        assert!(losses[losses.len() - 1] < 0.2 * losses[0], "{}: {losses:?}", tiny.name());
    }
}

#[test]
fn a_teacher_must_fit() {
    let place = Place::new();
    let all = taught();
    for tiny in &all {
        place.gradus(&tiny.train(tiny.name())).well();
    }
    let [one, other] = [&all[0], &all[1]];
    let args = |tiny: &Tiny, teacher: &str| format!("{} --set {TEACHER}={teacher}", tiny.train("student"));
    place
        .gradus(&args(one, other.name()))
        .refused(1, &[&format!("expected a run of gradus train {}", one.name()), other.name()]);
    place.gradus(&args(one, "nowhere")).refused(1, &["nowhere"]);
    place.gradus("distil nowhere --student bilstm --out student").refused(1, &["nowhere"]);
    place.gradus(&format!("distil {} --student bilstn --out student", one.name())).refused(1, &["bilstn"]);
    let fine = format!("distil {} --student bilstm --out student", one.name());
    for (set, parts) in [
        ("loss.label_weight=2", &["from 0 to 1"][..]),
        ("loss.temperature=0", &["above 0"]),
        ("loss.objective=hard", &["soft", "logits"]),
        ("loss.unlabelled=nowhere.txt", &["nowhere.txt"]),
        ("loss.copies=1001", &["at most 1000"]),
    ] {
        place.gradus(&format!("{fine} --set {set}")).refused(1, parts);
        assert!(!place.path("student").exists(), "{set}");
    }
    place.write("three.tsv", ["a\tfine\n", "b\tdull\n", "c\tso\n"].concat().repeat(20).as_bytes());
    place
        .gradus(&format!(
            "train classify --train three.tsv --label-column 1 --out student --set {TEACHER}={}",
            one.name()
        ))
        .refused(1, &["expected a run with the labels of the data, 'a', 'b', 'c', found"]);
    place.gradus(&format!("{} --set loss.copies=1", one.train("student"))).refused(1, &[TEACHER]);
}
