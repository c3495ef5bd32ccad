//! A server on this machine that behaves as a test wants it to.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a client asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub path: String,
    /// The first byte wanted.
    pub from: Option<usize>,
    /// The version of which a part is wanted.
    pub if_range: Option<String>,
}

/// What the server does then; the connection ends after it.
pub enum Reply {
    Send(Vec<u8>),
    /// Sends, then says nothing more and keeps the connection.
    Stall(Vec<u8>),
    /// Sends byte by byte, with a pause before each.
    Trickle(Vec<u8>, Duration),
    /// Sends the first part, then the second one again and again.
    Endless(Vec<u8>, &'static [u8]),
}

pub struct Server {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Replies to the n-th request, from 0, as `reply(n, request)` says.
    pub fn new(reply: impl Fn(usize, &Asked) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(vec![]));
        let noted = asked.clone();
        std::thread::spawn(move || {
            let mut stalled = vec![];
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let Some(request) = read(&stream) else { continue };
                let n = {
                    let mut noted = noted.lock().unwrap();
                    noted.push(request.clone());
                    noted.len() - 1
                };
                // A client that has gone is no fault of the server.
                match reply(n, &request) {
                    Reply::Send(bytes) => drop(stream.write_all(&bytes)),
                    Reply::Stall(bytes) => {
                        let _ = stream.write_all(&bytes);
                        stalled.push(stream);
                    }
                    Reply::Trickle(bytes, pause) => {
                        let mut sent = bytes.chunks(1).map(|byte| {
                            std::thread::sleep(pause);
                            stream.write_all(byte)
                        });
                        let _ = sent.find(|sent| sent.is_err());
                    }
                    Reply::Endless(bytes, more) => {
                        let _ = stream.write_all(&bytes);
                        while stream.write_all(more).is_ok() {}
                    }
                }
            }
        });
        Server { address, asked }
    }

    /// `http://127.0.0.1:PORT/NAME`.
    pub fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let mut asked = Asked { path: first.split(' ').nth(1)?.to_owned(), from: None, if_range: None };
    for line in lines {
        let line = line.ok()?;
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("range") => {
                asked.from = value.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok();
            }
            Some((name, value)) if name.eq_ignore_ascii_case("if-range") => {
                asked.if_range = Some(value.to_owned())
            }
            _ if line.is_empty() => break,
            _ => {}
        }
    }
    Some(asked)
}

fn head(status: &str, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n").into_bytes()
}

/// All of a file in the version `tag`.
pub fn whole(body: &[u8], tag: &str) -> Vec<u8> {
    let headers = format!("Content-Length: {}\r\nETag: \"{tag}\"\r\n", body.len());
    [head("200 OK", &headers), body.to_vec()].concat()
}

/// What follows the first `from` bytes.
pub fn rest(body: &[u8], from: usize) -> Vec<u8> {
    let (rest, n) = (&body[from..], body.len());
    let headers = format!("Content-Length: {}\r\nContent-Range: bytes {from}-{}/{n}\r\n", rest.len(), n - 1);
    [head("206 Partial Content", &headers), rest.to_vec()].concat()
}

/// An answer that loses its last `n` bytes.
pub fn cut(mut answer: Vec<u8>, n: usize) -> Reply {
    answer.truncate(answer.len() - n);
    Reply::Send(answer)
}

pub fn status(status: &str) -> Reply {
    Reply::Send(head(status, "Content-Length: 0\r\n"))
}

pub fn redirect(to: &str) -> Reply {
    Reply::Send(head("302 Found", &format!("Location: {to}\r\nContent-Length: 0\r\n")))
}

/// A server as it should be: ranges of the same version, else all.
pub fn good(body: &[u8], asked: &Asked) -> Reply {
    match (asked.from, asked.if_range.as_deref()) {
        (Some(from), None | Some("\"v1\"")) => Reply::Send(rest(body, from)),
        _ => Reply::Send(whole(body, "v1")),
    }
}
