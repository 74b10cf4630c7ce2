//! A description as text.

use std::fmt;

use super::{ElementDescription, ElementKind, Member};
use crate::coordinate::Coordinate;

/// More uses than this are counted, not listed; the data has all.
const MOST_USES: usize = 20;

impl fmt::Display for ElementDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.coordinate, self.kind.as_str())?;
        if let Some(ty) = &self.ty {
            write!(f, ": {ty}")?;
        }
        if let Some(default) = &self.default {
            write!(f, " = {default}")?;
        }
        if let Some(reason) = &self.deprecated {
            write!(f, "\n  deprecated: {}", one_line(reason))?;
        }
        let mut facts = String::new();
        for (title, names) in [
            ("directives", &self.directives),
            ("implements", &self.interfaces),
            ("possible types", &self.possible_types),
            ("member of", &self.unions),
            ("may stand on", &self.locations),
        ] {
            if !names.is_empty() {
                facts.push_str(&format!("\n  {title}: {}", names.join(", ")));
            }
        }
        if self.repeatable {
            facts.push_str("\n  repeatable");
        }
        if let Some(text) = &self.description {
            f.write_str("\n")?;
            for line in text.trim().lines() {
                write!(f, "\n  {line}")?;
            }
            if !facts.is_empty() {
                f.write_str("\n")?;
            }
        }
        f.write_str(&facts)?;
        members(f, self.kind, &self.members)?;
        uses(f, "returned by", &self.returned_by)?;
        uses(f, "taken by", &self.taken_by)?;
        uses(f, "applied to", &self.applied_to)
    }
}

fn members(f: &mut fmt::Formatter<'_>, kind: ElementKind, members: &[Member]) -> fmt::Result {
    if members.is_empty() {
        return Ok(());
    }
    let title = match kind {
        ElementKind::Field | ElementKind::Directive => "arguments",
        ElementKind::Enum => "values",
        _ => "fields",
    };
    write!(f, "\n\n{title}")?;
    for member in members {
        write!(f, "\n  {}", member.signature)?;
        if let Some(reason) = &member.deprecated {
            write!(f, "  (deprecated: {})", one_line(reason))?;
        }
        if let Some(text) = member
            .description
            .as_deref()
            .and_then(|text| text.trim().lines().next())
        {
            write!(f, "\n      {text}")?;
        }
    }
    Ok(())
}

fn uses(f: &mut fmt::Formatter<'_>, title: &str, coordinates: &[Coordinate]) -> fmt::Result {
    if coordinates.is_empty() {
        return Ok(());
    }
    write!(f, "\n\n{title}")?;
    for coordinate in coordinates.iter().take(MOST_USES) {
        write!(f, "\n  {coordinate}")?;
    }
    match coordinates.len().checked_sub(MOST_USES) {
        None | Some(0) => Ok(()),
        Some(more) => write!(f, "\n  and {more} more"),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
