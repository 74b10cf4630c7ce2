use crate::args::{PlainOutput, SearchArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Stdout;
use crate::report;
use crate::schema::of_source;

/// `schema search`: the best hits first.
pub(super) fn search(args: SearchArgs) -> Result<Exit, Failure> {
    let words = args.words.join(" ");
    if words.trim().is_empty() {
        return Err(Failure::usage("there is nothing to search for").hint("give words: gql-cli schema search message"));
    }
    let Some(loaded) = of_source(args.source)? else {
        return Ok(Exit::Interrupted);
    };
    let hits = loaded.schema.search(&words, args.limit);
    if hits.is_empty() {
        report::say(format_args!("{} has nothing like {words:?}", loaded.name));
        return Ok(Exit::Success);
    }
    let mut text = String::new();
    if args.output == PlainOutput::Json {
        for hit in &hits {
            text.push_str(&serde_json::json!(hit).to_string());
            text.push('\n');
        }
        return Stdout::new().text(text);
    }
    for hit in &hits {
        let kind = hit.kind.as_str();
        let deprecated = if hit.deprecated { ", deprecated" } else { "" };
        text.push_str(&format!("{} ({kind}{deprecated})", hit.coordinate));
        // Of types and values it only repeats the name.
        if hit.signature.contains(['(', ':']) {
            text.push_str(&format!("\n    {}", hit.signature));
        }
        if let Some(line) = hit.description.as_deref().and_then(|text| text.trim().lines().next()) {
            text.push_str(&format!("\n    {line}"));
        }
        text.push('\n');
    }
    Stdout::new().text(report::printable(&text).as_bytes())
}
