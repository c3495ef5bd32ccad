//! Downloads one file from one address: repeats attempts where that can help, and resumes if the server supports it.

use super::answer::{Answer, answer};
use super::part::Part;
use super::{Event, FetchError, Patience};
use crate::data::DataError;
use crate::data::error::shortened;
use std::io::{self, ErrorKind, Read};
use std::time::{Duration, Instant};
use ureq::http::Uri;
use ureq::{Agent, Timeout};

/// Maximum number of attempts: a server that sends a little at each attempt could otherwise keep a download going
/// forever.
const MOST_TRIES: u32 = 1000;
/// The maximum time for a body with its trailers.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The requested file.
pub(super) struct Wanted<'a> {
    pub url: &'a str,
    /// Empty if it is not known.
    pub sha256: &'a str,
    /// 0 if it is not known.
    pub bytes: u64,
}

/// Why an attempt ended.
pub(super) enum Failure {
    /// Another attempt may succeed.
    Passing(String),
    /// No other attempt can succeed.
    Lasting(FetchError),
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Failure::Lasting(error)
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Failure::Lasting(error.into())
    }
}

/// Downloads into `part` until it is complete as far as the server says. Attempts are counted since the last progress,
/// so that a bad connection or a server that always stops at the same place eventually ends the download.
pub(super) fn download(
    wanted: &Wanted<'_>,
    part: &Part,
    patience: &Patience,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<(), FetchError> {
    let agent = agent(wanted.url, patience);
    let (mut tries, mut most) = (0, part.len());
    let mut pace = Pace { least: patience.least, bytes: 0, spent: Duration::ZERO };
    let mut all = 0;
    loop {
        all += 1;
        let why = match once(&agent, wanted, part, &mut pace, watch) {
            Ok(()) => return Ok(()),
            Err(Failure::Lasting(error)) => return Err(error),
            Err(Failure::Passing(why)) => why,
        };
        let have = part.len();
        tries = if have > most { 1 } else { tries + 1 };
        most = most.max(have);
        if tries >= patience.tries || all >= MOST_TRIES {
            let tries = if all >= MOST_TRIES { all } else { tries };
            return Err(FetchError::GaveUp { url: wanted.url.into(), tries, why });
        }
        let pause = patience.pause * (1 << (tries - 1).min(5));
        watch(Event::Again { why: &why, pause });
        std::thread::sleep(pause);
    }
}

/// The rate at which a file arrives, over the time spent on receiving it.
struct Pace {
    least: (u64, Duration),
    bytes: u64,
    spent: Duration,
}

impl Pace {
    /// Counts bytes, and the time they took to arrive.
    fn arrived(&mut self, bytes: usize, took: Duration, wanted: &Wanted<'_>) -> Result<(), Failure> {
        self.bytes += bytes as u64;
        self.spent += took;
        let (least, within) = self.least;
        if self.spent < within {
            return Ok(());
        }
        let found = std::mem::take(&mut self.bytes);
        self.spent = Duration::ZERO;
        match found < least {
            true => Err(FetchError::TooSlow { url: wanted.url.into(), least, within, found }.into()),
            false => Ok(()),
        }
    }
}

fn agent(url: &str, patience: &Patience) -> Agent {
    let silence = Some(patience.silence);
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_resolve(silence)
        .timeout_connect(silence)
        .timeout_recv_response(silence)
        .timeout_per_read(silence)
        .timeout_recv_body(Some(LONGEST))
        .user_agent(concat!("gradus/", env!("CARGO_PKG_VERSION")));
    // For a proxy, this name means another machine.
    let host = url.parse().ok().and_then(|uri: Uri| uri.host().map(str::to_owned));
    if matches!(host.as_deref(), Some("127.0.0.1" | "[::1]" | "localhost")) {
        config = config.proxy(None);
    }
    config.build().into()
}

fn once(
    agent: &Agent,
    wanted: &Wanted<'_>,
    part: &Part,
    pace: &mut Pace,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<(), Failure> {
    let (have, validator) = part.resumable(wanted)?;
    if have > 0 && have == wanted.bytes {
        return Ok(());
    }
    let mut request = agent.get(wanted.url);
    if have > 0 {
        request = request.header("Range", format!("bytes={have}-"));
        if !validator.is_empty() {
            request = request.header("If-Range", validator);
        }
    }
    let response = request.call().map_err(|error| failure(wanted, error))?;
    let (from, total) = match answer(&response, have) {
        Answer::Whole { total } => (0, total),
        Answer::Rest { total } => (have, total),
        Answer::Nothing => return Ok(()),
        Answer::Confused(found) => {
            part.discard()?;
            return Err(Failure::Passing(found));
        }
        Answer::Later(found) => return Err(Failure::Passing(found)),
        Answer::Never(found) => {
            return Err(Failure::Lasting(FetchError::Refused { url: wanted.url.into(), found }));
        }
    };
    if let Some(total) = total.filter(|&total| wanted.bytes > 0 && total != wanted.bytes) {
        part.discard()?;
        return Err(Failure::Lasting(size(wanted, &total.to_string())));
    }
    let mut file = if from == 0 { part.begin(wanted, &response)? } else { part.resume()? };
    let mut body = response.into_body().into_reader();
    let mut buffer = vec![0; 1 << 16];
    let mut have = from;
    loop {
        watch(Event::At { have, total });
        if have > 0 && have == wanted.bytes && !wanted.sha256.is_empty() {
            // The digest decides whether these are the right bytes. What the server sends after them may have no end.
            break;
        }
        let began = Instant::now();
        match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                part.append(&mut file, &buffer[..n])?;
                have += n as u64;
                if let Err(slow) = pace.arrived(n, began.elapsed(), wanted) {
                    part.keep(&file)?;
                    return Err(slow);
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                part.keep(&file)?;
                return Err(Failure::Passing(cut(&error, have, total)));
            }
        }
        if wanted.bytes > 0 && have > wanted.bytes {
            part.discard()?;
            return Err(Failure::Lasting(size(wanted, &format!("more than {have}"))));
        }
    }
    part.keep(&file)?;
    match total {
        Some(total) if have < total => {
            Err(Failure::Passing(format!("the connection ended after {have} of {total} bytes")))
        }
        _ => Ok(()),
    }
}

fn size(wanted: &Wanted<'_>, found: &str) -> FetchError {
    let expected = format!("the {} bytes in the catalogue", wanted.bytes);
    FetchError::OtherFile { url: wanted.url.into(), expected, found: found.into() }
}

const SILENCE: &str = "no data arrived for too long (--timeout)";

fn failure(wanted: &Wanted<'_>, error: ureq::Error) -> Failure {
    use ureq::Error as E;
    match error {
        E::Timeout(Timeout::Resolve | Timeout::Connect) => Failure::Passing("it cannot be reached".into()),
        E::Timeout(_) => Failure::Passing(SILENCE.into()),
        E::Io(_) | E::HostNotFound | E::ConnectionFailed | E::Protocol(_) | E::BodyStalled => {
            Failure::Passing(shortened(&error.to_string()))
        }
        error => {
            let found = shortened(&error.to_string());
            Failure::Lasting(FetchError::Refused { url: wanted.url.into(), found })
        }
    }
}

fn cut(error: &io::Error, have: u64, total: Option<u64>) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    if matches!(inner, Some(ureq::Error::Timeout(Timeout::RecvBody))) {
        return "it took longer than a day".into();
    }
    if error.kind() == ErrorKind::TimedOut || matches!(inner, Some(ureq::Error::Timeout(_))) {
        return SILENCE.into();
    }
    let of = total.map_or(String::new(), |total| format!(" of {total}"));
    format!("the connection ended after {have}{of} bytes")
}
