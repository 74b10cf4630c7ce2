//! Diagnostics for people and for machines.

use gqlwire_schema::{
    Diagnostic, SarifTool, SourceFile, TextOptions, render_github, render_json, render_sarif, render_text,
};
use serde_json::json;

use crate::support::messages;

fn diagnostics() -> Vec<Diagnostic> {
    let text = "query Q {\n  stats\n}\nfragment A,B on Message { id }";
    let text = text.replace("A,B", "Lost");
    let file = SourceFile {
        name: "src/a b:c.graphql",
        text: &text,
    };
    messages().check(&[file]).diagnostics
}

#[test]
fn text_shows_the_line_a_caret_and_what_was_meant() {
    let expected = "\
error[UndefinedField]: Cannot query field \"stats\" on type \"Query\".
 --> src/a b:c.graphql:2:3
  |
2 |   stats
  |   ^^^^^
  = help: did you mean \"status\"?

warning[UnusedFragment]: Fragment \"Lost\" is never used.
 --> src/a b:c.graphql:4:10
  |
4 | fragment Lost on Message { id }
  |          ^^^^
";
    assert_eq!(render_text(&diagnostics(), &TextOptions::default()), expected);
    let colored = render_text(&diagnostics(), &TextOptions::colored());
    assert!(colored.contains("\u{1b}[1;31merror[UndefinedField]\u{1b}[0m: "));
    let mut plain = String::new();
    for (index, part) in colored.split('\u{1b}').enumerate() {
        plain.push_str(if index == 0 {
            part
        } else {
            part.split_once('m').unwrap().1
        });
    }
    assert_eq!(plain, expected);
    assert_eq!(render_text(&[], &TextOptions::default()), "");
}

#[test]
fn control_characters_of_a_document_do_not_reach_the_terminal() {
    let errors = messages().parse("{ now(zone: \"\u{1b}[2J\") no }").unwrap_err();
    let text = render_text(errors.as_slice(), &TextOptions::default());
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn json_has_everything() {
    assert_eq!(
        render_json(&diagnostics()),
        json!({
            "diagnostics": [
                {
                    "file": "src/a b:c.graphql",
                    "line": 2, "column": 3, "endLine": 2, "endColumn": 8,
                    "severity": "error",
                    "rule": "UndefinedField",
                    "message": "Cannot query field \"stats\" on type \"Query\".",
                    "coordinate": "Query.stats",
                    "suggestions": ["status"],
                    "help": "did you mean \"status\"?",
                },
                {
                    "file": "src/a b:c.graphql",
                    "line": 4, "column": 10, "endLine": 4, "endColumn": 14,
                    "severity": "warning",
                    "rule": "UnusedFragment",
                    "message": "Fragment \"Lost\" is never used.",
                },
            ],
            "errors": 1,
            "warnings": 1,
        })
    );
}

#[test]
fn sarif_names_tool_rules_and_places() {
    let tool = SarifTool {
        name: "gql-cli",
        version: "1.2.3",
    };
    let log = render_sarif(&diagnostics(), tool);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "gql-cli");
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "UndefinedField");
    assert_eq!(
        run["results"][0],
        json!({
            "ruleId": "UndefinedField",
            "ruleIndex": 0,
            "level": "error",
            "message": { "text": "Cannot query field \"stats\" on type \"Query\". (did you mean \"status\"?)" },
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": { "uri": "src/a%20b%3Ac.graphql" },
                    "region": { "startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 8 },
                },
                "logicalLocations": [{ "fullyQualifiedName": "Query.stats" }],
            }],
        })
    );
    assert_eq!(run["results"][1]["level"], "warning");
    assert_eq!(render_sarif(&[], tool)["runs"][0]["results"], json!([]));
}

#[test]
fn github_annotations_are_escaped_workflow_commands() {
    assert_eq!(
        render_github(&diagnostics()),
        "::error file=src/a b%3Ac.graphql,line=2,endLine=2,col=3,endColumn=8,title=UndefinedField::Cannot query field \
         \"stats\" on type \"Query\". (did you mean \"status\"?)\n\
         ::warning file=src/a b%3Ac.graphql,line=4,endLine=4,col=10,endColumn=14,title=UnusedFragment::Fragment \
         \"Lost\" is never used.\n"
    );
}
