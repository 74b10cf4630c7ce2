use clap::ArgMatches;

/// The values of an option that takes many, without the endpoint that it may have swallowed: the last values of each
/// occurrence that look like one.
///
/// `-V a:1 https://…` reads naturally, but to the parser the URL is one more variable.
pub(super) fn take_endpoints(matches: &ArgMatches, option: &str, endpoints: &mut Vec<String>) -> Vec<String> {
    let mut kept = Vec::new();
    for occurrence in matches.get_occurrences::<String>(option).into_iter().flatten() {
        let mut values: Vec<String> = occurrence.cloned().collect();
        let end = values
            .iter()
            .rposition(|value| !is_endpoint(value))
            .map_or(0, |last| last + 1);
        endpoints.extend(values.drain(end..));
        kept.append(&mut values);
    }
    kept
}

/// Whether a text begins like the URL of an endpoint.
pub(crate) fn is_endpoint(text: &str) -> bool {
    ["http://", "https://", "ws://", "wss://"].iter().any(|scheme| {
        let start = text.as_bytes().get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
    })
}
