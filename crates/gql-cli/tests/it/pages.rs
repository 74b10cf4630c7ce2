//! The `console` blocks of the documentation, run by a shell as a reader would.
//!
//! A line that begins with `$ ` is a command; what stands under it is what it prints on stdout, and `? N` the exit code
//! that it ends with, 0 where none stands.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::Local;

#[test]
fn the_commands_of_the_pages_print_what_the_pages_say() {
    for page in ["appsync.md", "cli.md"] {
        run(&Local::start(), page);
    }
}

fn run(local: &Local, page: &str) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let page = std::fs::read_to_string(page).unwrap();
    let steps = steps(&page);
    assert!(steps.len() >= 3, "the page has lost its commands: {steps:?}");
    for step in steps {
        let program = Path::new(env!("CARGO_BIN_EXE_gql-cli")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
        let shell = Command::new("sh")
            .args(["-c", &step.command])
            .env_clear()
            .env("PATH", path)
            .env("HOME", "/nonexistent")
            .env("AWS_GRAPHQL_API_ENDPOINT", local.url())
            .env("AWS_GRAPHQL_API_KEY", local.key())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&shell.stderr);
        assert_eq!(shell.status.code(), Some(step.code), "{}\n{stderr}", step.command);
        assert_eq!(
            String::from_utf8_lossy(&shell.stdout),
            step.stdout,
            "{}\n{stderr}",
            step.command
        );
    }
}

#[derive(Debug)]
struct Step {
    command: String,
    stdout: String,
    code: i32,
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if !inside => {}
            _ if line.starts_with("$ ") => steps.push(Step {
                command: line[2..].to_owned(),
                stdout: String::new(),
                code: 0,
            }),
            _ => {
                let step = steps.last_mut().expect("a block begins with a command");
                match line.strip_prefix("? ") {
                    Some(code) => step.code = code.parse().expect("`?` is followed by an exit code"),
                    None => step.stdout.push_str(&format!("{line}\n")),
                }
            }
        }
    }
    steps
}
