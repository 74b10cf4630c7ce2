//! Schemas in hand from a command line, speaking JSON: what the checks against graphql-js drive.
//!
//! ```text
//! schema_tool validate SCHEMA < documents.json   ["{ a }", …]        → [[{"rule": …, "message": …}, …], …]
//! schema_tool diff < pairs.json                  [["old", "new"], …] → [[{"class": …, "code": …}, …], …]
//! schema_tool diff-files < pairs.json            [["old.graphql", "new.json"], …] → as diff
//! schema_tool round-trip < files.json            ["a.graphql", …]    → [{"file": …, "types": …, "same": true}, …]
//! schema_tool introspect SCHEMA                                      → {"__schema": …}
//! schema_tool bench SDL JSON < query.graphql                         → {"load": CPU ns, "validate": CPU ns, …}
//! ```

use std::error::Error;
use std::fs;
use std::io::{self, Read as _};
use std::thread;
use std::time::{Duration, Instant};

use gqlwire_schema::{Diagnostic, Diagnostics, IntrospectionOptions, Schema};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = match arguments[..] {
        ["validate", schema] => validate(&load(schema)?.0, &stdin()?),
        ["diff"] => diff(&stdin()?, |sdl| Ok(Schema::from_sdl(sdl)?)),
        ["diff-files"] => diff(&stdin()?, |file| Ok(load(file)?.0)),
        ["round-trip"] => round_trips(&stdin()?),
        ["introspect", schema] => Ok(load(schema)?.0.to_introspection(&IntrospectionOptions::all())),
        ["bench", sdl, json] => bench(sdl, json, &io::read_to_string(io::stdin())?),
        _ => {
            let verbs = "validate SCHEMA | diff | diff-files | round-trip | introspect SCHEMA | bench SDL JSON";
            Err(format!("usage: schema_tool {verbs}").into())
        }
    }?;
    println!("{answer}");
    Ok(())
}

fn stdin() -> Result<Value, Box<dyn Error>> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}

fn validate(schema: &Schema, documents: &Value) -> Result<Value, Box<dyn Error>> {
    let documents = documents.as_array().ok_or("not a list of documents")?;
    let verdicts = documents.iter().map(|document| {
        let parsed = schema.parse(document.as_str().unwrap_or_default());
        let errors = match parsed {
            // What is valid stays so when it is printed, and is printed the same again.
            Ok(document) => match schema.parse(&document.to_string()) {
                Ok(again) if again.to_string() == document.to_string() => None,
                Ok(_) => return json!([{ "rule": "Printed", "message": "printed otherwise the second time" }]),
                Err(errors) => Some(errors),
            },
            Err(errors) => Some(errors),
        };
        let errors = errors.iter().flat_map(Diagnostics::iter);
        let told = errors.map(|error| json!({ "rule": error.rule(), "message": error.message() }));
        told.collect::<Value>()
    });
    Ok(verdicts.collect())
}

fn diff(pairs: &Value, read: impl Fn(&str) -> Result<Schema, Box<dyn Error>>) -> Result<Value, Box<dyn Error>> {
    let mut answers = Vec::new();
    for pair in pairs.as_array().ok_or("not a list of pairs")? {
        let schema = |index: usize| read(pair[index].as_str().unwrap_or_default());
        answers.push(serde_json::to_value(schema(0)?.diff(&schema(1)?))?);
    }
    Ok(Value::Array(answers))
}

fn round_trips(files: &Value) -> Result<Value, Box<dyn Error>> {
    let files = files.as_array().ok_or("not a list of files")?;
    let files = files.iter().filter_map(Value::as_str);
    Ok(files
        .map(|file| round_trip(file).unwrap_or_else(|error| json!({ "file": file, "error": error.to_string() })))
        .collect())
}

/// SDL → JSON → SDL → JSON: both JSONs are the same, and so is the text of both schemas but for applied directives.
fn round_trip(file: &str) -> Result<Value, Box<dyn Error>> {
    let (loaded, load) = timed(|| load(file));
    let (schema, forgiven) = loaded?;
    let (first, print) = timed(|| schema.to_introspection(&IntrospectionOptions::all()));
    let (back, reload) = timed(|| Schema::from_introspection(&first));
    let (back, strict) = match back {
        Ok(back) => (back, true),
        Err(_) => (Schema::from_introspection_lenient(&first)?.0, false),
    };
    let second = back.to_introspection(&IntrospectionOptions::all());
    // Applied directives cannot be told in an introspection result.
    let mut lost = schema.diff(&back);
    lost.retain(|change| !change.code().as_str().starts_with("APPLIED_"));
    let lost: Vec<_> = lost.iter().map(|change| change.message()).take(5).collect();
    let (known, examples) = (forgiven.len(), forgiven.iter().map(Diagnostic::message).take(3));
    Ok(json!({
        "file": file,
        "types": schema.types().count(),
        "same": first == second,
        "sameSdl": schema.to_sdl() == back.to_sdl(),
        "strict": strict && forgiven.is_empty(),
        "forgiven": known,
        "examples": examples.collect::<Vec<_>>(),
        "lost": lost,
        "loadMs": millis(load),
        "printMs": millis(print),
        "reloadMs": millis(reload),
    }))
}

/// CPU times in nanoseconds, as the scripts for other programs give them.
fn bench(sdl: &str, json: &str, query: &str) -> Result<Value, Box<dyn Error>> {
    const TIMES: u64 = 200;
    let (sdl, json) = (fs::read_to_string(sdl)?, fs::read_to_string(json)?);
    let start = cpu_time()?;
    Schema::from_introspection(&serde_json::from_str(&json)?)?;
    let load_json = cpu_time()? - start;
    let start = cpu_time()?;
    let schema = Schema::from_sdl(&sdl)?;
    let load = cpu_time()? - start;
    let start = cpu_time()?;
    schema.parse(query)?;
    let first = cpu_time()? - start;
    let start = cpu_time()?;
    for _ in 0..TIMES {
        schema.parse(query)?;
    }
    let often = cpu_time()? - start;
    Ok(json!({ "load": load, "loadJson": load_json, "first": first, "validate": often / TIMES }))
}

/// Of this thread, the only one, in nanoseconds. Linux only: the standard library has no such clock.
fn cpu_time() -> Result<u64, Box<dyn Error>> {
    // The kernel brings the number up to date when it schedules, or else with every tick of 4 ms.
    thread::yield_now();
    let told = fs::read_to_string("/proc/thread-self/schedstat")?;
    let on_cpu = told.split_whitespace().next().ok_or("no schedstat")?;
    Ok(on_cpu.parse()?)
}

/// The schema of a file, SDL or an introspection result, and what had to be forgiven.
fn load(file: &str) -> Result<(Schema, Vec<Diagnostic>), Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    match file.ends_with(".json") {
        true => Ok(Schema::from_introspection_lenient(&serde_json::from_str(&text)?)?),
        false => Ok(Schema::from_sdl_lenient(&text)?),
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
