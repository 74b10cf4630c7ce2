//! Envelopes against a plain reading of the same frame with `serde_json`.

use std::fmt;

use gqlwire_proto::appsync::{Envelope, payload_of};
use proptest::prelude::*;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// What a frame says when every byte of it is looked at; `None` when it is no message.
#[derive(Debug, PartialEq)]
struct Plain {
    kind: String,
    id: Option<String>,
    foreign_id: Option<String>,
    payload: Option<String>,
}

fn plainly(frame: &str) -> Option<Plain> {
    let Members(members) = serde_json::from_str(frame).ok()?;
    let only = |name: &str| {
        let mut values = members
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.get());
        match (values.next(), values.next()) {
            (_, Some(_)) => None,
            (first, None) => Some(first.filter(|text| *text != "null")),
        }
    };
    let kind = serde_json::from_str(only("type")??).ok()?;
    let (id, foreign_id) = match only("id")?.map(|text| (text, serde_json::from_str::<String>(text))) {
        None => (None, None),
        Some((_, Ok(id))) => (Some(id).filter(|id| !id.is_empty()), None),
        Some((text, Err(_))) => (None, Some(text.to_owned())),
    };
    let payload = only("payload")?.map(str::to_owned);
    Some(Plain {
        kind,
        id,
        foreign_id,
        payload,
    })
}

/// The same through [`Envelope`] and [`payload_of`].
fn quickly(frame: &str) -> Option<Plain> {
    let envelope = Envelope::parse(frame).ok()?;
    let payload = match envelope.payload {
        Some(rest) => Some(payload_of(rest)?.to_owned()),
        None => None,
    };
    Some(Plain {
        kind: envelope.kind.into_owned(),
        id: envelope.id.map(Into::into),
        foreign_id: envelope.foreign_id.map(str::to_owned),
        payload,
    })
}

struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(All)
    }
}

const FRAMES: [&str; 19] = [
    r#"{"id":"1","type":"data","payload":{"data":{"a":[1,"}",{"b":null}]}}}"#,
    r#"{"id":"1","type":"data","payload":{"data":1},"more":{"x":"}"}}"#,
    r#"{"id":"1","type":"data","payload":{"data":1} , "more" : 1 }"#,
    r#"{"id":"1","type":"data","payload":{"data":1},"id":"2"}"#,
    r#"{"id":"1","type":"data","payload":{"data":1},"\u0069d":"2"}"#,
    r#"{"id":"1","type":"data","payload":{"data":1},"type":"ka"}"#,
    r#"{"id":"1","type":"data","payload":{"data":1},"payload":{"data":2}}"#,
    r#"{"id":"1","type":"data","payload":null}"#,
    r#"{"id":"1","type":"data","payload":"text}"}"#,
    r#"{"id":"é\n\"","type":"data","payload":{"data":"\ud83d\ude00 ü"}}"#,
    r#"{"type":"data","id":"1","payload":{"data":1}}"#,
    r#"{ "payload" : {"data":1} , "type":"data" }"#,
    r#"{"id":"\ud800","type":"data","payload":{"data":"\ud800"}}"#,
    r#"{"id":"","type":"data","payload":{}}"#,
    r#"{"id":"1","type":"next","payload":{"data":1},"more":{"x":"}"}}"#,
    r#"{"type":"next","id":"1","payload":{"data":[1,"}"]}}"#,
    r#"{"type":"data","id":"1","payload":{"data":1},"type":"ka"}"#,
    r#"{"type":"next","id":"1","payload":{"data":1},"id":"2"}"#,
    r#"{"type":"nextdata","id":"1","payload":{}}"#,
];

#[test]
fn a_frame_cut_at_any_byte_is_found_out() {
    for frame in FRAMES {
        for (end, _) in frame.char_indices() {
            let cut = &frame[..end];
            assert_eq!(quickly(cut), None, "{cut}");
        }
    }
}

#[test]
fn whole_frames_read_as_they_do_plainly() {
    for frame in FRAMES {
        assert_eq!(quickly(frame), plainly(frame), "{frame}");
    }
}

#[test]
fn anything_after_the_frame_is_found_out() {
    for frame in FRAMES {
        for garbage in [
            "}",
            "]",
            ",",
            "{}",
            "x",
            "\"",
            "\0",
            "\u{c}",
            "\u{a0}",
            "\u{feff}",
            "{\"a\":1}",
        ] {
            let longer = format!("{frame}{garbage}");
            assert_eq!(quickly(&longer), None, "{longer}");
            // So that the frame still ends with the brace that the quick way looks for.
            let inside = format!("{}{garbage}}}", &frame[..frame.len() - 1]);
            assert_eq!(quickly(&inside), plainly(&inside), "{inside}");
        }
        let spaced = format!(" \t{frame}\r\n");
        assert_eq!(quickly(&spaced), plainly(&spaced), "{spaced}");
    }
}

#[test]
fn depth_is_no_danger() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let frame = format!(r#"{{"id":"1","type":"data","payload":{{"data":{deep}}}}}"#);
    assert!(quickly(&frame).is_some());
    let odd_order = format!(r#"{{"type":"data","more":{deep},"id":"1","payload":{{}}}}"#);
    assert!(quickly(&odd_order).is_some());
}

#[test]
fn the_error_names_the_reason_and_quotes_a_bounded_part() {
    for frame in [
        format!("\"{}\"", "ü".repeat(10_000)),
        format!("{{\"type\":{{\"{}\":1}}}}", "ü".repeat(10_000)),
        "<html>\u{1b}[2J\r\n".repeat(1_000),
    ] {
        let text = Envelope::parse(&frame).unwrap_err().to_string();
        assert!(text.len() < 600, "{} bytes", text.len());
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    let text = Envelope::parse("[1]").unwrap_err().to_string();
    assert!(text.contains("[1]"), "{text}");
    let text = Envelope::parse(r#"{"id":"1"}"#).unwrap_err().to_string();
    assert!(text.contains("it has no type"), "{text}");
}

#[test]
fn a_payload_of_any_kind_is_one_payload() {
    for (rest, payload) in [
        ("{}", Some("{}")),
        (" {} \n", Some("{}")),
        ("null", Some("null")),
        ("1,\"a\":2", Some("1")),
        ("\"x\",\"a\":2", Some("\"x\"")),
        ("", None),
        (" ", None),
        ("{} {}", None),
        ("{},", None),
        ("{},\"a\"", None),
        ("{},\"a\":1}", None),
        ("{},\"a\":1},{\"b\":2", None),
        ("{}\u{c}", None),
        ("nul", None),
    ] {
        assert_eq!(payload_of(rest), payload, "{rest}");
    }
}

/// JSON text, also such as a `Value` cannot hold.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("1e999".to_owned()),
        Just(r#""\ud800""#.to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        text(),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((text(), inner), 0..3).prop_map(|members| {
                let members: Vec<_> = members.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// A JSON string, often with something that ends a naive scan.
fn text() -> impl Strategy<Value = String> {
    r#"[a-z}"\\{,:é\n]{0,6}"#.prop_map(|text| serde_json::to_string(&text).unwrap())
}

fn member() -> impl Strategy<Value = (String, String)> {
    let id = prop_oneof![
        4 => Just(r#""1""#.to_owned()),
        1 => Just(r#""\u0031""#.to_owned()),
        1 => Just(r#""""#.to_owned()),
        1 => text(),
        1 => json(),
    ];
    let kind = prop_oneof![
        4 => Just(r#""data""#.to_owned()),
        2 => Just(r#""next""#.to_owned()),
        1 => Just(r#""d\u0061ta""#.to_owned()),
        1 => text(),
        1 => json(),
    ];
    let named = |name: &'static str, escaped: &'static str| prop_oneof![9 => Just(name.to_owned()), 1 => Just(escaped.to_owned())];
    prop_oneof![
        (named(r#""id""#, r#""\u0069d""#), id),
        (named(r#""type""#, r#""t\u0079pe""#), kind),
        (named(r#""payload""#, r#""\u0070ayload""#), json()),
        (text(), json()),
    ]
}

/// A frame with its members in any number and order.
fn frame() -> impl Strategy<Value = String> {
    let space = || prop_oneof![6 => Just(""), 1 => Just(" "), 1 => Just("\r\n\t")];
    prop::collection::vec((member(), space(), space()), 0..6).prop_map(|members| {
        let members: Vec<_> = members
            .iter()
            .map(|((key, value), before, after)| format!("{before}{key}{after}:{before}{value}{after}"))
            .collect();
        format!("{{{}}}", members.join(","))
    })
}

/// A frame in an order that servers have, whatever follows the payload.
fn frame_in_order() -> impl Strategy<Value = String> {
    let payload = prop_oneof![
        3 => prop::collection::vec((text(), json()), 0..3).prop_map(|members| {
            let members: Vec<_> = members.iter().map(|(key, value)| format!("{key}:{value}")).collect();
            format!("{{{}}}", members.join(","))
        }),
        1 => json(),
    ];
    let rest = prop_oneof![
        3 => Just(String::new()),
        2 => prop::collection::vec(member(), 1..3)
            .prop_map(|members| members.iter().map(|(key, value)| format!(",{key}:{value}")).collect()),
        1 => r#"[\]}{,:"a1 ]{0,4}"#,
    ];
    let kind = prop::sample::select(vec!["data", "next", "datax"]);
    ("[a-z0-9é ]{1,3}", kind, any::<bool>(), payload, rest).prop_map(|(id, kind, id_first, payload, rest)| {
        let (id, kind) = (format!(r#""id":"{id}""#), format!(r#""type":"{kind}""#));
        let (first, second) = if id_first { (id, kind) } else { (kind, id) };
        format!(r#"{{{first},{second},"payload":{payload}{rest}}}"#)
    })
}

/// The same with one character removed, replaced or put in.
fn spoilt(frames: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let spoil = prop::sample::select(vec![
        "", "\"", "\\", "{", "}", "[", "]", ",", ":", " ", "\0", "\u{c}", "x", "ü",
    ]);
    (frames, any::<prop::sample::Index>(), spoil, 0_usize..2).prop_map(|(frame, at, put, cut)| {
        let at = frame.floor_char_boundary(at.index(frame.len() + 1));
        let rest = frame.floor_char_boundary((at + cut).min(frame.len()));
        format!("{}{put}{}", &frame[..at], &frame[rest.max(at)..])
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn members_in_any_order_read_as_they_do_plainly(frame in frame()) {
        prop_assert_eq!(quickly(&frame), plainly(&frame));
    }

    #[test]
    fn members_in_appsyncs_order_read_as_they_do_plainly(frame in frame_in_order()) {
        prop_assert_eq!(quickly(&frame), plainly(&frame));
    }

    #[test]
    fn a_spoilt_frame_reads_as_it_does_plainly(frame in spoilt(prop_oneof![frame(), frame_in_order()])) {
        prop_assert_eq!(quickly(&frame), plainly(&frame));
    }

    #[test]
    fn arbitrary_text_reads_as_it_does_plainly(frame in ".{0,60}") {
        prop_assert_eq!(quickly(&frame), plainly(&frame));
        let _ = payload_of(&frame);
    }
}
