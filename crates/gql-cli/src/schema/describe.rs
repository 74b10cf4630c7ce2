use gqlwire_schema::Coordinate;

use crate::args::{DescribeArgs, PlainOutput};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Stdout;
use crate::report;
use crate::schema::of_source;

/// `schema describe`: one after the other, all or none.
pub(super) fn describe(args: DescribeArgs) -> Result<Exit, Failure> {
    if args.coordinates.is_empty() {
        return Err(Failure::usage("there is nothing to describe")
            .hint("give a coordinate: gql-cli schema describe 'Query.message(id:)'"));
    }
    let coordinates = args.coordinates.iter().map(|text| coordinate(text));
    let coordinates: Vec<Coordinate> = coordinates.collect::<Result<_, _>>()?;
    let Some(loaded) = of_source(args.source)? else {
        return Ok(Exit::Interrupted);
    };
    let mut text = String::new();
    for (index, coordinate) in coordinates.iter().enumerate() {
        let found = loaded.schema.describe(coordinate);
        let found = found.map_err(|unknown| Failure::new(Exit::Invalid, format!("{}: {unknown}", loaded.name)))?;
        if args.output == PlainOutput::Json {
            text.push_str(&serde_json::json!(found).to_string());
        } else {
            if index > 0 {
                text.push('\n');
            }
            text.push_str(&report::printable(&found.to_string()));
        }
        text.push('\n');
    }
    Stdout::new().text(text)
}

fn coordinate(text: &str) -> Result<Coordinate, Failure> {
    text.parse().map_err(|error: gqlwire_schema::InvalidCoordinate| {
        Failure::usage(error.to_string()).hint(
            "coordinates are Type, Type.field, 'Type.field(argument:)', @directive and '@directive(argument:)'; words are \
             for gql-cli schema search",
        )
    })
}
