//! What a fetch finds in archives and in the data folder: nothing wrong is put in place, and nothing there is replaced.

use crate::fetch::{FILES, Try, entries, set, tiny_zip, zip, zipped};
use crate::server::{Reply, Server, good, whole};
use gradus::data::fetch::fetch;
use gradus::data::known::{AnySet, NONE, State};

#[test]
fn archives_that_climb_out_or_lack_something() {
    let [train, dev, test] = FILES.map(|(_, text)| text);
    let (a, b, c) = ("tiny/train.txt", "tiny/dev.txt", "tiny/test.txt");
    for (files, parts) in [
        (
            &[(a, train), ("../x", "climbed"), (b, dev), (c, test)][..],
            &["the entry \"../x\", which leads out of its folder"][..],
        ),
        (&[(a, train), ("/tmp/../x", "climbed")], &["leads out of its folder"]),
        (&[(a, train), (c, test)], &["an archive of 'tiny', found one without dev.txt"]),
        (&[(a, train), (b, "0 five\n1 sixth\n"), (c, test)], &["another version of dev.txt"]),
        (&[(a, train), (b, dev), (c, "1 seven")], &["cannot be read", "test.txt"]),
    ] {
        let body = zip(files);
        let server = Server::new(move |_, asked| good(&body, asked));
        let here = Try::new();
        let inner = here.path("data");
        std::fs::create_dir(&inner).unwrap();
        let error = fetch(zipped("", 0), &inner, Some(&server.url("t.zip")), &here.patience, &mut |_| ());
        let error = error.unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "expected {part:?} in: {error}");
        }
        assert_eq!(entries(&inner), [""; 0], "{error}");
        assert_eq!(entries(here.folder.path()), ["data"], "{error}");
    }
    let server = Server::new(|_, _| Reply::Send(whole(b"<html>Sign in</html>", "v1")));
    Try::new().refused(
        zipped("", 0),
        &server.url("t.zip"),
        &["an archive of 'tiny', found a broken one"],
        &[],
    );
}

#[test]
fn what_stands_there_is_never_replaced() {
    let body = tiny_zip();
    let server = Server::new(move |_, asked| good(&body, asked));
    let mut here = Try::new();
    std::fs::create_dir(here.path("tiny")).unwrap();
    std::fs::write(here.path("tiny/dev.txt"), "0 mine\n1 too\n").unwrap();
    let parts = ["tiny/dev.txt: expected no file, or that of 'tiny'", "of another version", "move it away"];
    here.refused(zipped("", 0), &server.url("tiny.zip"), &parts, &["tiny"]);
    assert_eq!(std::fs::read(here.path("tiny/dev.txt")).unwrap(), b"0 mine\n1 too\n");
    assert!(server.asked().is_empty());
    std::fs::remove_file(here.path("tiny/dev.txt")).unwrap();
    std::fs::write(here.path("tiny/README"), "mine").unwrap();
    here.well(zipped("", 0), &server.url("tiny.zip"));
    assert_eq!(std::fs::read(here.path("tiny/README")).unwrap(), b"mine");
}

#[test]
fn a_set_without_public_address_says_where_to_get_it() {
    let parts = ["'tiny' cannot be fetched", "for tests", "https://example.org/tiny", "--data DIR"];
    Try::new().refused(set(NONE), "http://127.0.0.1:1/x", &parts, &[]);
}

#[test]
fn every_state_of_a_file_is_told() {
    let here = Try::new();
    let set = set(NONE);
    let base = here.path("tiny");
    std::fs::create_dir(&base).unwrap();
    let states = || set.check(0, &base).map(|file| file.state).collect::<Vec<_>>();
    let write = |i: usize, text: &str| std::fs::write(base.join(FILES[i].0), text).unwrap();
    assert!(matches!(states()[..], [State::Missing, State::Missing, State::Missing]));
    FILES.iter().enumerate().for_each(|(i, (_, text))| write(i, text));
    assert!(matches!(states()[..], [State::Verified, State::Verified, State::Counted]));
    write(0, "0 one\n1 two\n0 three\n1 five\n");
    write(1, "0 five\n");
    write(2, "7 seven\n");
    assert!(
        matches!(states()[..], [State::OtherVersion, State::Wrong(_), State::Wrong(_)]),
        "{:?}",
        states()
    );
    assert!(states().iter().all(|state| !state.is_right()));
}
