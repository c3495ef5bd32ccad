//! What a server's response means for the bytes that have already arrived.

use ureq::http::{Response, StatusCode, header};

/// What to do with a response.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The body is the whole file: start again.
    Whole { total: Option<u64> },
    /// The body continues where the received bytes end.
    Rest { total: Option<u64> },
    /// The received bytes are the whole file.
    Nothing,
    /// It does not fit the received bytes: discard them and ask again.
    Confused(String),
    /// The server cannot send the file now.
    Later(String),
    /// The server will not send the file.
    Never(String),
}

/// Interprets the status and headers of a response to a request for everything after the first `have` bytes.
pub(super) fn answer<B>(response: &Response<B>, have: u64) -> Answer {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let said = || format!("the server answered {}", response.status());
    match response.status() {
        StatusCode::OK => {
            Answer::Whole { total: text(header::CONTENT_LENGTH).and_then(|n| n.trim().parse().ok()) }
        }
        StatusCode::PARTIAL_CONTENT if have > 0 => {
            match text(header::CONTENT_RANGE).and_then(content_range) {
                Some((Some(start), total)) if start == have => Answer::Rest { total },
                _ => Answer::Confused("the server sent another part than requested".into()),
            }
        }
        StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => {
            match text(header::CONTENT_RANGE).and_then(content_range) {
                Some((None, Some(total))) if total == have => Answer::Nothing,
                _ => Answer::Confused("the file there is shorter than what has arrived".into()),
            }
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Answer::Later(said()),
        status if status.is_server_error() => Answer::Later(said()),
        _ => Answer::Never(said()),
    }
}

/// `bytes START-END/TOTAL` or `bytes */TOTAL`; TOTAL may be `*`.
fn content_range(text: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let start = match range {
        "*" => None,
        range => Some(range.split_once('-')?.0.parse().ok()?),
    };
    Some((start, total.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, headers: &[(&str, &str)], have: u64) -> Answer {
        let mut response = Response::builder().status(status);
        for &(name, value) in headers {
            response = response.header(name, value);
        }
        answer(&response.body(()).unwrap(), have)
    }

    #[test]
    fn a_rest_counts_only_if_it_begins_where_we_are() {
        let range = |text, have| answered(206, &[("Content-Range", text)], have);
        assert_eq!(range("bytes 5-9/10", 5), Answer::Rest { total: Some(10) });
        assert_eq!(range("bytes 5-9/*", 5), Answer::Rest { total: None });
        for (text, have) in [("bytes 0-9/10", 5), ("bytes */10", 5), ("5-9/10", 5)] {
            assert!(matches!(range(text, have), Answer::Confused(_)), "{text}");
        }
        assert!(matches!(range("bytes 0-9/10", 0), Answer::Never(_)), "nobody asked for a part");
        assert_eq!(answered(200, &[("Content-Length", "10")], 5), Answer::Whole { total: Some(10) });
        assert_eq!(answered(200, &[], 5), Answer::Whole { total: None });
    }

    #[test]
    fn past_the_end_is_whole_only_at_the_same_length() {
        let range = |text| answered(416, &[("Content-Range", text)], 5);
        assert_eq!(range("bytes */5"), Answer::Nothing);
        assert!(matches!(range("bytes */4"), Answer::Confused(_)));
        assert!(matches!(range("bytes */*"), Answer::Confused(_)));
    }

    #[test]
    fn servers_in_trouble_are_asked_again_and_the_others_are_not() {
        for status in [408, 429, 500, 503] {
            assert!(matches!(answered(status, &[], 0), Answer::Later(_)), "{status}");
        }
        for status in [204, 401, 403, 404, 410] {
            assert!(matches!(answered(status, &[], 0), Answer::Never(_)), "{status}");
        }
    }
}
