//! What the lines on stdout look like.
//!
//! | form | a line is |
//! |---|---|
//! | [`Form::Data`] | the data alone |
//! | [`Form::Named`] | `{"operation":…,"data":…}`: several subscriptions share the output |
//! | [`Form::Meta`] | `{"event":…,"operation":…,…}`: errors, gaps and endings are lines as well |
//!
//! The server's data stand in each of them as the server wrote them.

use std::time::SystemTime;

use gqlwire::{Dropped, Gap, Response};
use jiff::Timestamp;

use crate::output::compact;
use crate::run::Raw;

/// How much a line says besides the data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    Data,
    Named,
    Meta,
}

/// The line of an answer or of an event; none where there are no data to print, except with `--meta`.
pub(crate) fn answer(form: Form, operation: &str, response: &Response<Raw>) -> Option<Vec<u8>> {
    let data = response.data.as_ref().map(|data| data.get());
    match form {
        Form::Data => {
            let mut line = Vec::new();
            compact(data?, &mut line);
            line.push(b'\n');
            Some(line)
        }
        Form::Named => Some(Line::new().text("operation", operation).json("data", data?).end()),
        Form::Meta => Some(with_response(
            event("next", operation).time("received_at", now()),
            response,
        )),
    }
}

/// An answer as it is so far, of which more is to come.
pub(crate) fn increment(operation: &str, response: &Response<Raw>) -> Vec<u8> {
    let line = event("increment", operation).time("received_at", now());
    with_response(line, response)
}

/// The answer to the operation of one line of a file with variables. Each such line has one, data or none.
pub(crate) fn row(form: Form, operation: &str, line: u64, response: &Response<Raw>) -> Vec<u8> {
    let number = line.to_string();
    match form {
        Form::Meta => {
            let line = event("next", operation)
                .json("line", &number)
                .time("received_at", now());
            with_response(line, response)
        }
        Form::Data | Form::Named => {
            let data = response.data.as_ref().map_or("null", |data| data.get());
            Line::new().json("line", &number).json("data", data).end()
        }
    }
}

/// The same for a line whose operation has no answer.
pub(crate) fn failed_row(form: Form, operation: &str, line: u64, message: &str) -> Vec<u8> {
    let number = line.to_string();
    match form {
        Form::Meta => event("error", operation)
            .json("line", &number)
            .time("received_at", now())
            .text("message", message)
            .end(),
        Form::Data | Form::Named => Line::new().json("line", &number).json("data", "null").end(),
    }
}

/// The answer to a catch-up. Only the event of a field that is called `snapshot` looks like it, except with `--meta`.
pub(crate) fn snapshot(form: Form, operation: &str, response: &Response<Raw>) -> Option<Vec<u8>> {
    let data = response.data.as_ref().map(|data| data.get());
    match form {
        Form::Data => Some(Line::new().json("snapshot", data?).end()),
        Form::Named => Some(Line::new().text("operation", operation).json("snapshot", data?).end()),
        Form::Meta => {
            let line = event("snapshot", operation).time("received_at", now());
            Some(with_response(line, response))
        }
    }
}

/// Events found no room.
pub(crate) fn dropped(operation: &str, dropped: &Dropped) -> Vec<u8> {
    event("dropped", operation)
        .json("count", &dropped.count.to_string())
        .time("since", dropped.since)
        .time("until", dropped.until)
        .end()
}

/// Events may be missing.
pub(crate) fn gap(operation: &str, gap: &Gap) -> Vec<u8> {
    event("gap", operation)
        .time("since", gap.since)
        .time("until", gap.until)
        .text("cause", &gap.cause.to_string())
        .end()
}

/// An event that cannot be read, and that ends nothing.
pub(crate) fn unreadable(operation: &str, message: &str) -> Vec<u8> {
    event("error", operation)
        .time("received_at", now())
        .text("message", message)
        .end()
}

/// The end of a subscription, by the server unless there is a cause.
pub(crate) fn over(operation: &str, cause: Option<&str>) -> Vec<u8> {
    let line = event("end", operation).time("received_at", now());
    match cause {
        Some(cause) => line.text("cause", cause).end(),
        None => line.end(),
    }
}

fn event(event: &str, operation: &str) -> Line {
    Line::new().text("event", event).text("operation", operation)
}

fn with_response(line: Line, response: &Response<Raw>) -> Vec<u8> {
    let mut line = line.json("data", response.data.as_ref().map_or("null", |data| data.get()));
    if !response.errors.is_empty() {
        line = line.serialized("errors", &response.errors);
    }
    if !response.extensions.is_empty() {
        line = line.serialized("extensions", &response.extensions);
    }
    line.end()
}

fn now() -> SystemTime {
    SystemTime::now()
}

/// An object in the making, on one line.
struct Line(Vec<u8>);

impl Line {
    fn new() -> Self {
        Self(b"{".to_vec())
    }

    fn text(self, name: &str, text: &str) -> Self {
        self.serialized(name, text)
    }

    /// RFC 3339, in UTC, to the microsecond.
    fn time(self, name: &str, time: SystemTime) -> Self {
        match Timestamp::try_from(time) {
            Ok(time) => self.text(name, &format!("{time:.6}")),
            // Beyond the year 9999.
            Err(_) => self.json(name, "null"),
        }
    }

    fn serialized(self, name: &str, value: &(impl serde::Serialize + ?Sized)) -> Self {
        // What came as JSON can be written as JSON.
        let json = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
        self.json(name, &json)
    }

    fn json(mut self, name: &str, json: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.0.extend_from_slice(format!("\"{name}\":").as_bytes());
        compact(json, &mut self.0);
        self
    }

    fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"}\n");
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use gqlwire::{Error, ErrorKind};

    use super::*;

    fn response(json: &str) -> Response<Raw> {
        Response::from_json(json).unwrap()
    }

    fn shown(line: Vec<u8>) -> String {
        String::from_utf8(line).unwrap()
    }

    /// With the time in it, which is never the same, cut out.
    fn timeless(line: Vec<u8>) -> String {
        let line = shown(line);
        let (before, rest) = line.split_once("\"received_at\":\"").unwrap();
        let (time, after) = rest.split_once('"').unwrap();
        assert!(time.len() == 27 && time.ends_with('Z'), "{time}");
        match after.strip_prefix(',') {
            Some(after) => format!("{before}{after}"),
            None => format!("{}{after}", before.trim_end_matches(',')),
        }
    }

    #[test]
    fn data_stand_in_each_form_as_the_server_wrote_them() {
        let response = response("{\"data\": {\"z\": 1e3, \"a\": 12345678901234567890.10, \"\\u00e9\": \" \"}}");
        let data = r#"{"z":1e3,"a":12345678901234567890.10,"\u00e9":" "}"#;
        assert_eq!(shown(answer(Form::Data, "A", &response).unwrap()), format!("{data}\n"));
        assert_eq!(
            shown(answer(Form::Named, "A", &response).unwrap()),
            format!("{{\"operation\":\"A\",\"data\":{data}}}\n")
        );
        assert_eq!(
            timeless(answer(Form::Meta, "A", &response).unwrap()),
            format!("{{\"event\":\"next\",\"operation\":\"A\",\"data\":{data}}}\n")
        );
    }

    #[test]
    fn errors_are_on_the_line_with_meta_alone() {
        let response = response(r#"{"data":null,"errors":[{"message":"no","errorType":"X"}],"extensions":{"a":1}}"#);
        assert_eq!(answer(Form::Data, "A", &response), None);
        assert_eq!(answer(Form::Named, "A", &response), None);
        assert_eq!(
            timeless(answer(Form::Meta, "A", &response).unwrap()),
            "{\"event\":\"next\",\"operation\":\"A\",\"data\":null,\"errors\":[{\"message\":\"no\",\"errorType\":\"X\"}],\
             \"extensions\":{\"a\":1}}\n"
        );
    }

    #[test]
    fn a_gap_has_its_times_and_its_cause() {
        let since = UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_001);
        let cause = Error::new(ErrorKind::Disconnected, "said \"bye\"\n");
        let ours = Gap::new(since, since + Duration::from_millis(1500), cause);
        assert_eq!(
            shown(gap("A", &ours)),
            "{\"event\":\"gap\",\"operation\":\"A\",\"since\":\"2023-11-14T22:13:20.000001Z\",\
             \"until\":\"2023-11-14T22:13:21.500001Z\",\"cause\":\"said \\\"bye\\\"\\n\"}\n"
        );
    }

    #[test]
    fn a_snapshot_is_no_event_in_any_form() {
        let response = response(r#"{"data": {"list": [1.0]}, "errors": [{"message": "no"}]}"#);
        let data = r#"{"list":[1.0]}"#;
        assert_eq!(
            shown(snapshot(Form::Data, "A", &response).unwrap()),
            format!("{{\"snapshot\":{data}}}\n")
        );
        assert_eq!(
            shown(snapshot(Form::Named, "A", &response).unwrap()),
            format!("{{\"operation\":\"A\",\"snapshot\":{data}}}\n")
        );
        assert_eq!(
            timeless(snapshot(Form::Meta, "A", &response).unwrap()),
            format!(
                "{{\"event\":\"snapshot\",\"operation\":\"A\",\"data\":{data},\"errors\":[{{\"message\":\"no\"}}]}}\n"
            )
        );
    }

    #[test]
    fn dropped_events_are_counted() {
        let since = UNIX_EPOCH + Duration::from_millis(1_700_000_000_000);
        assert_eq!(
            shown(dropped("A", &Dropped::new(3, since, since + Duration::from_millis(1)))),
            "{\"event\":\"dropped\",\"operation\":\"A\",\"count\":3,\"since\":\"2023-11-14T22:13:20.000000Z\",\
             \"until\":\"2023-11-14T22:13:20.001000Z\"}\n"
        );
    }

    #[test]
    fn an_end_has_a_cause_unless_the_server_completed_it() {
        assert_eq!(timeless(over("A", None)), "{\"event\":\"end\",\"operation\":\"A\"}\n");
        assert_eq!(
            timeless(over("A", Some("gone"))),
            "{\"event\":\"end\",\"operation\":\"A\",\"cause\":\"gone\"}\n"
        );
        assert_eq!(
            timeless(unreadable("A", "odd")),
            "{\"event\":\"error\",\"operation\":\"A\",\"message\":\"odd\"}\n"
        );
    }
}
