//! Downloads from a server that misbehaves: in the end a set is whole and where it belongs, or nothing of it is.

use crate::server::{Asked, Reply, Server, cut, good, redirect, rest, status, whole};
use gradus::data::fetch::{Event, FetchError, Fetched, LEAST, Patience, fetch};
use gradus::data::files::{self, Encoding};
use gradus::data::known::{
    AnySet, Download, KnownFile, KnownSet, Layout, Source, SplitRule, State, TokensGiven, Unpack,
};
use gradus::data::{DataError, Example};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

pub const FILES: [(&str, &str); 3] = [
    ("train.txt", "0 one\n1 two\n0 three\n1 four\n"),
    ("dev.txt", "0 five\n1 six\n"),
    ("test.txt", "1 seven\n"),
];

pub fn digest(bytes: &[u8]) -> &'static str {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    std::fs::write(&path, bytes).unwrap();
    files::digest(&path).unwrap().leak()
}

/// `LABEL text`, where a label is `0` or `1`.
fn labelled(source: &mut Source, into: &mut Vec<Example>) -> Result<(), DataError> {
    let file = source.lines()?;
    for (i, line) in file.text.lines().enumerate() {
        let (label, text) = line.split_once(' ').unwrap_or((line, ""));
        let label = ["0", "1"].iter().position(|known| *known == label).ok_or_else(|| DataError::Line {
            path: source.path.into(),
            line: i + 1,
            expected: "a label, 0 or 1".into(),
            found: label.into(),
            advice: "correct it",
        })?;
        into.push(Example { text: text.into(), labels: vec![label] });
    }
    Ok(())
}

/// A set of those three files, whose test file has no known digest.
pub fn set(downloads: &'static [Download]) -> &'static KnownSet<Vec<Example>> {
    let file = |i: usize, examples| {
        let (path, text) = FILES[i];
        let sha256 = if path == "test.txt" { "" } else { digest(text.as_bytes()) };
        &*vec![KnownFile { path, sha256, examples }].leak()
    };
    let layout = Layout {
        folder: "tiny",
        read: labelled,
        note: "",
        train: file(0, 4),
        dev: file(1, 2),
        test: file(2, 1),
    };
    Box::leak(Box::new(KnownSet {
        name: "tiny",
        description: "a few lines",
        address: "https://example.org/tiny",
        licence: "for tests",
        labels: &["no", "yes"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: vec![layout].leak(),
        splits: SplitRule::Official,
        downloads,
        caution: "",
        twin: "",
    }))
}

pub fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    for (name, text) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn tiny_zip() -> Vec<u8> {
    let names = FILES.map(|(name, text)| (format!("tiny/{name}"), text));
    zip(&names.each_ref().map(|(name, text)| (name.as_str(), *text)))
}

/// The set as one zip at an address that `--from` replaces.
pub fn zipped(sha256: &'static str, bytes: u64) -> &'static dyn AnySet {
    let url = "https://example.org/tiny.zip";
    set(vec![Download { url, sha256, bytes, unpack: Unpack::Zip, to: "" }].leak())
}

pub struct Try {
    pub folder: tempfile::TempDir,
    pub patience: Patience,
    again: usize,
}

impl Try {
    pub fn new() -> Self {
        let [silence, pause] = [20_000, 1].map(Duration::from_millis);
        Try {
            folder: tempfile::tempdir().unwrap(),
            patience: Patience { tries: 3, silence, pause, least: LEAST },
            again: 0,
        }
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn fetch(&mut self, set: &'static dyn AnySet, from: &str) -> Result<Fetched, FetchError> {
        let (folder, again) = (self.folder.path(), &mut self.again);
        let mut watch = |event: Event<'_>| *again += usize::from(matches!(event, Event::Again { .. }));
        fetch(set, folder, Some(from), &self.patience, &mut watch)
    }

    #[track_caller]
    pub fn well(&mut self, set: &'static dyn AnySet, from: &str) -> Fetched {
        let fetched = self.fetch(set, from).unwrap_or_else(|error| panic!("{error}"));
        for (name, text) in FILES {
            assert_eq!(std::fs::read_to_string(self.path("tiny").join(name)).unwrap(), text);
        }
        assert_eq!(entries(self.folder.path()), ["tiny"], "nothing else is left");
        fetched
    }

    /// One sentence with all parts; the folder then holds what `left` says.
    #[track_caller]
    pub fn refused(&mut self, set: &'static dyn AnySet, from: &str, parts: &[&str], left: &[&str]) {
        let error = self.fetch(set, from).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "expected {part:?} in: {error}");
        }
        assert!(!error.contains('\n'), "{error}");
        assert_eq!(entries(self.folder.path()), left, "{error}");
    }
}

pub fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn from_bytes(asked: &[Asked]) -> Vec<Option<usize>> {
    asked.iter().map(|asked| asked.from).collect()
}

#[test]
fn an_archive_is_unpacked_verified_and_not_fetched_twice() {
    let body = tiny_zip();
    let (sha256, bytes) = (digest(&body), body.len() as u64);
    let server = Server::new(move |_, asked| good(&body, asked));
    let mut here = Try::new();
    let fetched = here.well(zipped(sha256, bytes), &server.url("tiny.zip"));
    assert_eq!((fetched.urls.len(), fetched.unverified.len()), (1, 0));
    let states: Vec<&State> = fetched.files.iter().map(|file| &file.state).collect();
    assert!(matches!(states[..], [State::Verified, State::Verified, State::Counted]), "{states:?}");

    assert!(here.well(zipped(sha256, bytes), &server.url("tiny.zip")).urls.is_empty());
    assert_eq!(server.asked().len(), 1);

    let fetched = Try::new().well(zipped("", 0), &server.url("tiny.zip"));
    assert_eq!(fetched.unverified, [server.url("tiny.zip")], "it says that it could not verify the archive");
}

#[test]
fn plain_files_are_fetched_where_they_are_missing() {
    let downloads = FILES.map(|(name, text)| Download {
        url: format!("https://example.org/{name}").leak(),
        sha256: digest(text.as_bytes()),
        bytes: text.len() as u64,
        unpack: Unpack::Plain,
        to: format!("tiny/{name}").leak(),
    });
    let set = set(downloads.to_vec().leak());
    let server = Server::new(|_, asked| {
        let (_, text) = FILES.iter().find(|(name, _)| asked.path == format!("/d/{name}")).unwrap();
        good(text.as_bytes(), asked)
    });
    let mut here = Try::new();
    here.refused(set, &server.url("d/one.txt"), &["expected the address of a folder", "3 files"], &[]);
    here.well(set, &server.url("d/"));
    assert_eq!(server.asked().len(), 3);
    std::fs::remove_file(here.path("tiny/dev.txt")).unwrap();
    here.well(set, &server.url("d/"));
    assert_eq!(server.asked()[3..].iter().map(|a| a.path.as_str()).collect::<Vec<_>>(), ["/d/dev.txt"]);
}

#[test]
fn a_download_cut_in_the_middle_goes_on_where_it_was() {
    let body = tiny_zip();
    let half = body.len() / 2;
    for redirected in [false, true] {
        let body = body.clone();
        let server =
            Server::new(move |n, asked| match (redirected && asked.path == "/tiny.zip", asked.from) {
                (true, _) => redirect("/elsewhere.zip"),
                (_, None) => cut(whole(&body, "v1"), body.len() - half),
                // Cut a second time, three bytes later.
                (_, Some(from)) if n < 4 && from == half => cut(rest(&body, from), body.len() - half - 3),
                _ => good(&body, asked),
            });
        let mut here = Try::new();
        here.patience.tries = 2;
        here.well(zipped("", 0), &server.url("tiny.zip"));
        let asked: Vec<Asked> = server.asked().into_iter().filter(|a| a.from.is_some()).collect();
        let last = asked.last().unwrap();
        assert_eq!((last.from, last.if_range.as_deref()), (Some(half + 3), Some("\"v1\"")), "{redirected}");
        assert_eq!(here.again, 2, "two attempts in a row are enough, since each made progress");
    }
}

#[test]
fn a_later_run_goes_on_and_nothing_stands_there_before() {
    let body = tiny_zip();
    let half = body.len() / 2;
    let sent = body.clone();
    let server = Server::new(move |n, asked| match n {
        0 => cut(whole(&sent, "v1"), sent.len() - half),
        _ => good(&sent, asked),
    });
    let mut here = Try::new();
    here.patience.tries = 1;
    let parts = [
        "gave up: ",
        "(attempts without progress: 1)",
        "the connection ended after",
        "run the command again",
    ];
    here.refused(zipped("", 0), &server.url("tiny.zip"), &parts, &[".fetch-tiny"]);
    assert_eq!(std::fs::read(here.path(".fetch-tiny/tiny.zip.part")).unwrap(), body[..half]);
    here.well(zipped("", 0), &server.url("tiny.zip"));
    assert_eq!(from_bytes(&server.asked()), [None, Some(half)]);
}

#[test]
fn what_arrived_is_thrown_away_where_it_is_of_another_file() {
    let body = tiny_zip();
    let half = body.len() / 2;
    // A server that ignores ranges; one with a new version; one that sends another part; one whose file is shorter.
    for case in 0..4 {
        let body = body.clone();
        let server = Server::new(move |n, asked| match (n, case) {
            (0, 3) => cut(whole(&[&body[..], &[0; 99]].concat(), "old"), 1),
            (0, _) => cut(whole(&vec![7; body.len()], "old"), body.len() - half),
            (1, 2) => Reply::Send(rest(&body, half - 1)),
            (1, 3) => status("416 Range Not Satisfiable"),
            (_, 0) => Reply::Send(whole(&body, "old")),
            _ => good(&body, asked),
        });
        let mut here = Try::new();
        here.well(zipped("", 0), &server.url("tiny.zip"));
        let asked = server.asked();
        assert!(asked[1].from.is_some() && asked[1].if_range.as_deref() == Some("\"old\""), "{case}");
        let requests = if case < 2 { 2 } else { 3 };
        assert_eq!(asked.len(), requests, "{case}");
    }
}

#[test]
fn what_is_whole_already_is_not_asked_for_again() {
    let body = tiny_zip();
    let bytes = body.len();
    let set = zipped("", 0);
    let server = Server::new(move |_, asked| match asked.from {
        Some(from) if from == bytes => {
            let head =
                format!("HTTP/1.1 416 No\r\nContent-Range: bytes */{bytes}\r\nContent-Length: 0\r\n\r\n");
            Reply::Send(head.into_bytes())
        }
        _ => status("500 No"),
    });
    let mut here = Try::new();
    std::fs::create_dir(here.path(".fetch-tiny")).unwrap();
    std::fs::write(here.path(".fetch-tiny/tiny.zip.part"), &body).unwrap();
    let origin = format!("{}\n\"v1\"\n", server.url("tiny.zip"));
    std::fs::write(here.path(".fetch-tiny/tiny.zip.from"), origin).unwrap();
    here.well(set, &server.url("tiny.zip"));
    assert_eq!(from_bytes(&server.asked()), [Some(bytes)]);
}

#[test]
fn a_file_that_is_not_the_catalogues() {
    let body = tiny_zip();
    let (sha256, bytes) = (digest(&body), body.len() as u64);
    let mut other = body.clone();
    other[40] ^= 1;
    let sent = other.clone();
    let server = Server::new(move |_, asked| good(&sent, asked));
    let url = server.url("tiny.zip");
    let parts = ["expected SHA-256", sha256, digest(&other), "was deleted", "--from URL"];
    Try::new().refused(zipped(sha256, bytes), &url, &parts, &[]);
    Try::new().refused(zipped(sha256, bytes + 1), &url, &["bytes in the catalogue", &bytes.to_string()], &[]);
    assert_eq!(server.asked().len(), 2, "another try would bring the same");
}

#[test]
fn servers_that_fail_once_for_all_or_for_a_while() {
    let body = tiny_zip();
    let server = Server::new(move |n, asked| match n {
        0 => status("500 Internal Server Error"),
        1 => status("503 Service Unavailable"),
        _ => good(&body, asked),
    });
    let mut here = Try::new();
    here.well(zipped("", 0), &server.url("tiny.zip"));
    assert_eq!((server.asked().len(), here.again), (3, 2));

    let server = Server::new(|_, _| status("500 Internal Server Error"));
    let parts = ["gave up: ", "(attempts without progress: 3)", "500 Internal Server Error", "--from URL"];
    Try::new().refused(zipped("", 0), &server.url("tiny.zip"), &parts, &[]);
    assert_eq!(server.asked().len(), 3);

    let server = Server::new(|_, _| status("404 Not Found"));
    let parts = ["/tiny.zip: expected the file, found the server answered 404 Not Found", "--from URL"];
    Try::new().refused(zipped("", 0), &server.url("tiny.zip"), &parts, &[]);
    assert_eq!(server.asked().len(), 1);

    let server = Server::new(|_, _| redirect("/round"));
    Try::new().refused(zipped("", 0), &server.url("tiny.zip"), &["redirect"], &[]);
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/tiny.zip", listener.local_addr().unwrap())
    };
    Try::new().refused(
        zipped("", 0),
        &closed,
        &["gave up: ", "(attempts without progress: 3)", "refused"],
        &[],
    );
    Try::new().refused(zipped("", 0), "no address", &["no address: expected the file"], &[]);
}

#[test]
fn servers_that_fall_silent_or_always_cut_come_to_an_end() {
    let body = tiny_zip();
    let half = body.len() / 2;
    let sent = body.clone();
    let server = Server::new(move |n, _| match n {
        0 => Reply::Stall(whole(&sent, "v1")[..80].to_vec()),
        _ => Reply::Stall(vec![]),
    });
    let mut here = Try::new();
    here.patience = Patience { tries: 2, silence: Duration::from_millis(400), ..here.patience };
    let began = Instant::now();
    here.fetch(zipped("", 0), &server.url("tiny.zip"))
        .map(|_| ())
        .map_err(|error| assert!(error.to_string().contains("no data arrived for too long"), "{error}"))
        .unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(15) && !here.path("tiny").exists());

    // In the middle of the file, where the connection stays open.
    let sent = body.clone();
    let server = Server::new(move |n, asked| match n {
        0 => {
            let mut answer = whole(&sent, "v1");
            answer.truncate(answer.len() - half);
            Reply::Stall(answer)
        }
        _ => good(&sent, asked),
    });
    let mut here = Try::new();
    here.patience.silence = Duration::from_millis(400);
    here.well(zipped("", 0), &server.url("tiny.zip"));
    assert_eq!(from_bytes(&server.asked()), [None, Some(body.len() - half)]);

    // No ranges, and never more than half: the tries are counted all the same.
    let sent = body.clone();
    let server = Server::new(move |_, _| cut(whole(&sent, "v1"), half));
    let parts = ["gave up: ", "(attempts without progress: 3)", "the connection ended"];
    Try::new().refused(zipped("", 0), &server.url("tiny.zip"), &parts, &[".fetch-tiny"]);
    assert_eq!(server.asked().len(), 3);
}
