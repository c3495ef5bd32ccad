//! `gradus distil`: a student is a run like any other, which needs its teacher once.

use crate::place::{Place, flags};
use crate::tiny::Tiny;
use gradus::regimes::distillation::TEACHER;
use gradus_engine::state::read_tensors;

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
        // Only training needs what the teacher said.
        for file in ["transfer.jsonl", "teacher.safetensors"] {
            std::fs::remove_file(place.path(&format!("{whole}/{file}"))).unwrap();
        }
        place.gradus(&format!("train {name} --out {whole} --resume")).refused(1, &["is missing"]);
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
    place.write("western.txt", &b"un caf\xe9 ferm\xe9\n".repeat(9));
    for (set, parts) in [
        ("loss.label_weight=2", &["from 0 to 1"][..]),
        ("loss.temperature=0", &["from 0.05 to 50"]),
        ("loss.objective=hard", &["soft", "logits"]),
        ("loss.unlabelled=nowhere.txt", &["nowhere.txt"]),
        ("loss.copies=1001", &["at most 1000"]),
        ("loss.unlabelled_encoding=latin-1", &["loss.unlabelled_encoding", "names no file"]),
        (
            "loss.unlabelled=western.txt",
            &["western.txt, line 1", "--set loss.unlabelled_encoding=windows-1252"],
        ),
        (
            "loss.label_weight=0 --set loss.label_smoothing=0.1",
            &["loss.label_smoothing", "label_weight is 0"],
        ),
        ("loss.label_weight=0 --set loss.name=focal", &["loss.name", "cross_entropy, since", "focal"]),
        ("loss.label_weight=1 --set loss.temperature=3", &["loss.temperature", "label_weight is 1"]),
        ("loss.label_weight=1 --set loss.objective=logits", &["loss.objective", "soft, since", "logits"]),
    ] {
        place.gradus(&format!("{fine} --set {set}")).refused(1, parts);
        assert!(!place.path("student").exists(), "{set}");
    }
    place
        .gradus(&format!("distil {0} --student bilstm --out {0}/student", one.name()))
        .refused(1, &["the folder of the teacher's run; name another"]);
    place.write("three.tsv", ["a\tfine\n", "b\tdull\n", "c\tso\n"].concat().repeat(20).as_bytes());
    place
        .gradus(&format!(
            "train classify --train three.tsv --label-column 1 --out student --set {TEACHER}={}",
            one.name()
        ))
        .refused(1, &["expected a run with the labels of the data, 'a', 'b', 'c', found"]);
    place.gradus(&format!("{} --set loss.copies=1", one.train("student"))).refused(1, &[TEACHER]);
}

/// What the command advises are its own flags, and settings.
#[test]
fn a_student_of_data_that_has_moved_or_changed() {
    let place = Place::new();
    place.gradus(&place.tiny("teacher")).well();
    let sets = crate::place::TINY.map(|set| format!(" --set {set}")).concat();
    let distil = format!("distil teacher --student bilstm --out student{sets}");
    let rows = place.text("train.tsv");
    // In Windows-1252, with enough letters to tell.
    let western: Vec<u8> = [rows.as_bytes(), &b"pos\tcaf\xe9 d\xe9j\xe0 vu \xe9t\xe9\n".repeat(9)].concat();
    place.write("train.tsv", &western);
    place
        .gradus(&distil)
        .refused(1, &["train.tsv, line 241: expected UTF-8", "with --set data.encoding=windows-1252"]);
    place
        .gradus("evaluate teacher")
        .refused(1, &["expected UTF-8", "; put back the file that it was trained with"]);
    let asked = format!("{distil} --student bilstn").replace("--student bilstm ", "");
    place.gradus(&asked).refused(1, &["--student bilstn: `model.name` must be one of"]);
    // Other rows than those of the training.
    place.write("train.tsv", format!("{rows}{}", rows.lines().next().unwrap()).as_bytes());
    let ran = place.gradus(&distil);
    let says = "train.tsv has changed since the teacher was trained";
    assert!(
        ran.err.contains("warning: the train, dev, test data of ") && ran.err.contains(says),
        "{}",
        ran.err
    );
    ran.well();
    place
        .gradus(&distil)
        .refused(1, &["continue it with gradus train classify --out student --resume, replace it"]);
    place.write("train.tsv", rows.as_bytes());
    let ran = place.gradus(&format!("{distil} --overwrite"));
    assert!(!ran.err.contains("has changed"), "{}", ran.err);
    std::fs::rename(place.path("train.tsv"), place.path("moved.tsv")).unwrap();
    place.gradus(&format!("{distil} --overwrite")).refused(
        1,
        &["the train file of the run, found nothing there", "name its new place with --train FILE"],
    );
    place.gradus(&format!("{distil} --overwrite --train moved.tsv --threads 1 --device cpu")).well();
    assert!(place.text("student/config.toml").contains("threads = 1"));
}

/// A BERT of a tiny classifier, as a teacher in the folder `teacher`, and the settings of a student of one layer.
fn bert_teacher(place: &Place) -> String {
    let tiny = Tiny::all().remove(0).with(&["model.name=bert", "train.epochs=1"]);
    assert_eq!(tiny.name(), "classify");
    place.gradus(&tiny.train("teacher")).well();
    let sizes = ["num_hidden_layers=1", "hidden_size=8", "num_attention_heads=2", "intermediate_size=12"];
    let sizes = sizes.map(|size| format!(" --set model.{size}")).concat();
    format!(
        "distil teacher --student bert{sizes} --set optimizer.lr=1e-2 --set train.batch_size=12 --set train.epochs=3 --set \
         schedule.name=constant --set loss.objective=hidden"
    )
}

#[test]
fn a_student_that_imitates_layers_keeps_none_of_them() {
    let place = Place::new();
    let distil = bert_teacher(&place);
    place.gradus(&format!("{distil} --out whole --set loss.copies=1")).well();
    place.gradus(&format!("{distil} --out cut --set loss.copies=1 --set train.epochs=1")).well();
    std::fs::rename(place.path("teacher"), place.path("away")).unwrap();
    place.gradus("train classify --out cut --resume --set train.epochs=3").well();
    assert!(place.read("cut/best.safetensors") == place.read("whole/best.safetensors"));
    let (best, _) = read_tensors(&place.path("whole/best.safetensors")).unwrap();
    let of_bert = |name: &String| name.starts_with("bert.") || name.starts_with("classifier.");
    assert!(best.keys().all(of_bert) && !best.is_empty(), "{:?}", best.keys());
    let log = crate::place::lines(&place.text("whole/metrics.jsonl"));
    let losses: Vec<f64> = log.iter().filter_map(|line| line["train_loss"].as_f64()).collect();
    assert!(losses[2] < 0.8 * losses[0], "{losses:?}");
    for command in ["evaluate whole --split train", "predict whole --text fine", "report whole"] {
        place.gradus(command).well();
    }
    // The damaged weights of the teacher are seen.
    place.write("cut/layers.safetensors", b"");
    place
        .gradus("train classify --out cut --resume --set train.epochs=4")
        .refused(1, &["layers.safetensors"]);
}

/// The rates of the layers of a student that imitates others are its own.
#[test]
fn a_student_that_imitates_layers_learns_by_layer() {
    let place = Place::new();
    let tiny = Tiny::all().remove(0).with(&["model.name=bert", "train.epochs=1"]);
    place.gradus(&tiny.train("teacher")).well();
    let folder = crate::pretrained::folder().display();
    let weights = ["1", "0.5"].map(|decay| {
        let distil = format!(
            "distil teacher --student bert --set model.pretrained={folder} --set loss.objective=hidden --set \
             model.layer_decay={decay} --set train.epochs=1 --out of-{decay}"
        );
        place.gradus(&distil).well();
        place.read(&format!("of-{decay}/best.safetensors"))
    });
    assert_ne!(weights[0], weights[1]);
}

#[test]
fn a_student_that_imitates_layers_must_fit() {
    let place = Place::new();
    let distil = bert_teacher(&place);
    for (sets, parts) in [
        ("model.num_hidden_layers=3", &["at most 2 layers", "found 3"][..]),
        ("model.num_attention_heads=4 --set loss.attention_scores=yes", &["2 attention heads", "found 4"]),
        ("model.num_attention_heads=3", &["model.num_attention_heads", "divisor of hidden_size"]),
        ("loss.attention_scores=maybe", &["auto, yes, no"]),
        ("loss.hidden_weight=0", &["loss.hidden_weight", "above 0"]),
        ("loss.adversarial=fgm", &["loss.adversarial", "hidden states"]),
        ("model.frozen_layers=1", &["model.frozen_layers", "has no effect"]),
    ] {
        place.gradus(&format!("{distil} --out student --set {sets}")).refused(1, parts);
        assert!(!place.path("student").exists(), "{sets}");
    }
    let other = Place::new();
    let texts = "b a d c f e h g j i l k n m p o r q t s v u x w z y 0 1 2 3 4 5 6 7 8 9\n".repeat(40);
    other.write("text.txt", texts.as_bytes());
    let small = "--set model.hidden_size=8 --set model.num_hidden_layers=1 --set model.num_attention_heads=2 --set \
                 model.intermediate_size=8 --set model.vocab_size=90 --set train.epochs=1";
    other.gradus(&format!("train masked --train text.txt --out a {small}")).well();
    let folder = other.path("a/pretrained");
    let from =
        format!("distil teacher --student bert --out student --set model.pretrained={}", folder.display());
    place
        .gradus(&format!("{from} --set loss.objective=hidden"))
        .refused(1, &["expected a student that reads the word pieces of its teacher"]);
    place.gradus("distil teacher --student bilstm --out words --set loss.objective=hidden").refused(
        1,
        &["`loss.objective` must be soft or logits, since only a student with model.name = bert has the layers"],
    );
    place.gradus("compress teacher --int8 --out small").well();
    place
        .gradus("distil small --student bert --out student --set loss.objective=hidden --set model.num_hidden_layers=1")
        .refused(1, &["found the compressed run", "small; distil from the run that it was made from"]);
    place.gradus("distil teacher --student textcnn --out words --set train.epochs=1").well();
    place.gradus("distil words --student bert --out student").refused(
        1,
        &["expected a run of a BERT, whose word pieces the student reads, found model.name = textcnn"],
    );
}

#[test]
fn words_are_replaced_by_others_of_their_part_of_speech() {
    let place = Place::new();
    place.write("speech.conll", "the DET\ncat NOUN\nsat VERB\n\na DET\nfilm NOUN\n\n".repeat(30).as_bytes());
    place
        .gradus("train tag --train speech.conll --out speech --set train.epochs=1 --set data.tags=plain")
        .well();
    let tiny = Tiny::all().remove(0);
    place.gradus(&tiny.train("teacher")).well();
    let distil = |out: &str, sets: &str| {
        format!("distil teacher --student textcnn --out {out} --set train.epochs=1 {sets}")
    };
    place.gradus(&distil("masked", "--set loss.copies=2")).well();
    place.gradus(&distil("replaced", "--set loss.copies=2 --set loss.tagger=speech")).well();
    let [masked, replaced] = ["masked", "replaced"].map(|run| place.text(&format!("{run}/transfer.jsonl")));
    assert_eq!(masked.lines().count(), replaced.lines().count());
    assert!(masked != replaced);
    place.gradus(&distil("no", "--set loss.tagger=speech")).refused(1, &["loss.tagger", "loss.copies"]);
    place
        .gradus(&distil("no", "--set loss.copies=1 --set loss.tagger=teacher"))
        .refused(1, &["loss.tagger", "expected a run of gradus train tag"]);
    let names = Tiny::all().remove(1);
    assert_eq!(names.name(), "tag");
    place.gradus(&names.train("names")).well();
    place
        .gradus(&distil("no", "--set loss.copies=1 --set loss.tagger=names"))
        .refused(1, &["loss.tagger", "expected a tagger of parts of speech, found one of entities"]);
    place
        .gradus(&distil("no", "--set loss.unlabelled_column=text"))
        .refused(1, &["loss.unlabelled_column", "loss.unlabelled names no file"]);
}
