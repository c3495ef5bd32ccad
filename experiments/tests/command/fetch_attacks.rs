//! A data folder that someone prepared, servers without end, two fetches at once.

use crate::fetch::{Try, digest, entries, tiny_zip, zipped};
use crate::server::{Reply, Server, cut, good, rest, whole};
use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

/// The server resumes at the length of the file that a link points to. Nothing may be appended to that file.
#[test]
fn what_arrives_is_not_written_through_links() {
    let body = tiny_zip();
    let server = Server::new(move |_, asked| good(&body, asked));
    let url = server.url("tiny.zip");
    let victim = tempfile::NamedTempFile::new().unwrap();
    fs::write(victim.path(), "kept").unwrap();
    let kept = || assert_eq!(fs::read(victim.path()).unwrap(), b"kept");
    let origin = format!("{url}\n\"v1\"\n");
    for (name, link) in [("part", true), ("from", true), ("part", false)] {
        let mut here = Try::new();
        let work = here.path(".fetch-tiny");
        fs::create_dir(&work).unwrap();
        fs::write(work.join("tiny.zip.part"), "ke").unwrap();
        fs::write(work.join("tiny.zip.from"), &origin).unwrap();
        let path = work.join(format!("tiny.zip.{name}"));
        fs::remove_file(&path).unwrap();
        match link {
            true => symlink(victim.path(), &path).unwrap(),
            false => fs::hard_link(victim.path(), &path).unwrap(),
        }
        let name = format!("tiny.zip.{name}: expected a file that an earlier fetch left, found");
        here.refused(zipped("", 0), &url, &[&name, "delete it and run the command again"], &[".fetch-tiny"]);
        kept();
        fs::remove_file(&path).unwrap();
    }
    assert!(server.asked().is_empty());
}

#[test]
fn the_folder_of_a_fetch_is_no_link() {
    let body = tiny_zip();
    let server = Server::new(move |_, asked| good(&body, asked));
    let mut here = Try::new();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("tiny.zip.part"), "kept").unwrap();
    symlink(elsewhere.path(), here.path(".fetch-tiny")).unwrap();
    let parts = [".fetch-tiny: expected the folder of an earlier fetch, found a link; delete it"];
    here.refused(zipped("", 0), &server.url("tiny.zip"), &parts, &[".fetch-tiny"]);
    assert_eq!(entries(elsewhere.path()), ["tiny.zip.part"]);
}

/// A pipe or an endless file under the name of what an earlier fetch noted.
#[test]
fn what_an_earlier_fetch_noted_is_a_small_file() {
    let body = tiny_zip();
    let server = Server::new(move |_, asked| good(&body, asked));
    let url = server.url("tiny.zip");
    let mut here = Try::new();
    let work = here.path(".fetch-tiny");
    fs::create_dir(&work).unwrap();
    let origin = work.join("tiny.zip.from");
    assert!(std::process::Command::new("mkfifo").arg(&origin).status().unwrap().success());
    here.refused(zipped("", 0), &url, &["found a named pipe"], &[".fetch-tiny"]);
    fs::remove_file(&origin).unwrap();
    fs::File::create(&origin).unwrap().set_len(1 << 40).unwrap();
    here.refused(
        zipped("", 0),
        &url,
        &["a file of a few lines of at most 64 kB, found 1099511627776 bytes"],
        &[".fetch-tiny"],
    );
    fs::remove_file(&origin).unwrap();
    fs::write(&origin, b"\xff\xfe").unwrap();
    here.well(zipped("", 0), &url);
}

#[test]
fn of_two_fetches_the_second_is_told_of_the_first() {
    let body = tiny_zip();
    let half = body.len() / 2;
    let sent = body.clone();
    let server = Server::new(move |n, asked| match n {
        0 => Reply::Stall(whole(&sent, "v1")[..half].to_vec()),
        _ => good(&sent, asked),
    });
    let url = server.url("tiny.zip");
    let mut here = Try::new();
    here.patience.silence = Duration::from_secs(2);
    here.patience.pause = Duration::from_secs(1);
    std::thread::scope(|scope| {
        let (folder, patience, url) = (here.folder.path(), &here.patience, &url);
        let fetch = || gradus::data::fetch::fetch(zipped("", 0), folder, Some(url), patience, &mut |_| ());
        let first = scope.spawn(fetch);
        let began = Instant::now();
        while server.asked().is_empty() {
            assert!(began.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(2));
        }
        let error = fetch().unwrap_err().to_string();
        let process = std::process::id();
        let says = format!("another process is fetching 'tiny' (process {process}); wait for it to finish");
        assert!(error.contains(&says) && error.contains(".fetch-tiny: "), "{error}");
        first.join().unwrap().unwrap();
    });
    here.well(zipped("", 0), &url);
    assert_eq!(server.asked().len(), 2, "the second one asked for nothing");
}

#[test]
fn a_server_that_sends_next_to_nothing_is_given_up() {
    let body = tiny_zip();
    let sent = body.clone();
    let server = Server::new(move |_, asked| match asked.from {
        None => Reply::Trickle(whole(&sent, "v1"), Duration::from_millis(4)),
        Some(_) => good(&sent, asked),
    });
    let mut here = Try::new();
    here.patience.least = (100, Duration::from_millis(200));
    let parts = ["expected at least 100 bytes within", "found", "what has arrived is kept", "--from URL"];
    here.refused(zipped("", 0), &server.url("tiny.zip"), &parts, &[".fetch-tiny"]);
    assert_eq!(server.asked().len(), 1, "another try would bring no more");
    here.well(zipped("", 0), &server.url("tiny.zip"));
    let from = server.asked()[1].from.unwrap();
    assert!((1..body.len()).contains(&from), "what had arrived was kept: {from}");
}

/// Each try brings one byte more than the one before, which counts as progress.
#[test]
fn tries_have_an_end() {
    let body = vec![7; 100_000];
    let server = Server::new(move |_, asked| match asked.from {
        None => cut(whole(&body, "v1"), body.len() - 1),
        Some(from) => cut(rest(&body, from), body.len() - from - 1),
    });
    let mut here = Try::new();
    here.patience.pause = Duration::ZERO;
    let parts = ["gave up: the connection ended after 1000 of 100000 bytes", "1000)"];
    here.refused(zipped("", 0), &server.url("tiny.zip"), &parts, &[".fetch-tiny"]);
}

/// Behind the last chunk come headers without end.
#[test]
fn what_follows_the_file_is_not_waited_for() {
    let body = tiny_zip();
    let (sha256, bytes) = (digest(&body), body.len() as u64);
    let server = Server::new(move |_, _| {
        let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len());
        Reply::Endless([head.as_bytes(), &body, b"\r\n0\r\n"].concat(), b"X-More: and more\r\n")
    });
    Try::new().well(zipped(sha256, bytes), &server.url("tiny.zip"));
}
