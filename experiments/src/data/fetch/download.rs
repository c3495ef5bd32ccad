//! One file from one address: tried again where that can help, resumed where the server can.

use super::answer::{Answer, answer};
use super::part::Part;
use super::{Event, FetchError, Patience};
use crate::data::DataError;
use std::io::{self, ErrorKind, Read};
use ureq::http::Uri;
use ureq::{Agent, Timeout};

/// What is asked for.
pub(super) struct Wanted<'a> {
    pub url: &'a str,
    /// Empty if it is not known.
    pub sha256: &'a str,
    /// 0 if it is not known.
    pub bytes: u64,
}

/// Why a try ended.
pub(super) enum Failure {
    /// Another try may do.
    Passing(String),
    /// No other will.
    Lasting(FetchError),
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Failure::Lasting(error.into())
    }
}

/// Fetches into `part`, which then is whole as far as the server says. Tries are counted since more bytes had arrived
/// than ever before, so a bad line comes to an end and a server that always cuts at the same place, too.
pub(super) fn download(
    wanted: &Wanted<'_>,
    part: &Part,
    patience: &Patience,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<(), FetchError> {
    let agent = agent(wanted.url, patience);
    let (mut tries, mut most) = (0, part.len());
    loop {
        let why = match once(&agent, wanted, part, watch) {
            Ok(()) => return Ok(()),
            Err(Failure::Lasting(error)) => return Err(error),
            Err(Failure::Passing(why)) => why,
        };
        let have = part.len();
        tries = if have > most { 1 } else { tries + 1 };
        most = most.max(have);
        if tries >= patience.tries {
            return Err(FetchError::GaveUp { url: wanted.url.into(), tries, why });
        }
        let pause = patience.pause * (1 << (tries - 1).min(5));
        watch(Event::Again { why: &why, pause });
        std::thread::sleep(pause);
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
        .user_agent(concat!("gradus/", env!("CARGO_PKG_VERSION")));
    // A proxy knows another machine by this name.
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
    let mut file = if from == 0 { part.begin(wanted, &response)? } else { part.go_on()? };
    let mut body = response.into_body().into_reader();
    let mut buffer = vec![0; 1 << 16];
    let mut have = from;
    loop {
        watch(Event::At { have, total });
        match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                part.append(&mut file, &buffer[..n])?;
                have += n as u64;
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
    let expected = format!("the {} bytes that the catalogue knows", wanted.bytes);
    FetchError::OtherFile { url: wanted.url.into(), expected, found: found.into() }
}

const SILENCE: &str = "nothing came for too long (--timeout)";

fn failure(wanted: &Wanted<'_>, error: ureq::Error) -> Failure {
    use ureq::Error as E;
    match error {
        E::Timeout(Timeout::Resolve | Timeout::Connect) => Failure::Passing("it cannot be reached".into()),
        E::Timeout(_) => Failure::Passing(SILENCE.into()),
        E::Io(_) | E::HostNotFound | E::ConnectionFailed | E::Protocol(_) | E::BodyStalled => {
            Failure::Passing(error.to_string())
        }
        error => Failure::Lasting(FetchError::Refused { url: wanted.url.into(), found: error.to_string() }),
    }
}

fn cut(error: &io::Error, have: u64, total: Option<u64>) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    if error.kind() == ErrorKind::TimedOut || matches!(inner, Some(ureq::Error::Timeout(_))) {
        return SILENCE.into();
    }
    let of = total.map_or(String::new(), |total| format!(" of {total}"));
    format!("the connection ended after {have}{of} bytes")
}
