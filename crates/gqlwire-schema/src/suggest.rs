//! Names that somebody may have meant.

/// More would be a list, not a hint.
const MOST: usize = 3;

/// Longer names are not typing errors, and distance costs the product of both lengths.
const LONGEST: usize = 80;

/// The candidates that `wrong` may be a misspelling of, best first, at most three.
///
/// Names that differ only in case and underscores (`createdAt` for `created_at`) are the only ones then; otherwise it
/// is those that few keystrokes turn into one another, nearest first.
///
/// ```
/// assert_eq!(gqlwire_schema::did_you_mean("creatd_at", ["createdAt", "id"]), ["createdAt"]);
/// assert!(gqlwire_schema::did_you_mean("x", ["createdAt"]).is_empty());
/// ```
pub fn did_you_mean<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    if wrong.is_empty() || wrong.len() > LONGEST {
        return Vec::new();
    }
    let folded = fold(wrong);
    // Two fifths of the name, as graphql-js has it, so that short names match little.
    let limit = folded.len() * 2 / 5 + 1;
    let mut near: Vec<(usize, &str)> = Vec::new();
    for candidate in candidates {
        if candidate.len() > LONGEST || candidate == wrong {
            continue;
        }
        let other = fold(candidate);
        if other.len().abs_diff(folded.len()) > limit {
            continue;
        }
        let distance = distance(&folded, &other);
        if distance <= limit && distance < folded.len().max(other.len()) {
            near.push((distance, candidate));
        }
    }
    near.sort();
    near.dedup();
    // Beside the same name in another case, others are noise.
    if near.first().is_some_and(|(distance, _)| *distance == 0) {
        near.retain(|(distance, _)| *distance == 0);
    }
    near.into_iter().take(MOST).map(|(_, candidate)| candidate).collect()
}

/// `"a"`, `"a" or "b"`, `"a", "b" or "c"`.
pub(crate) fn alternatives<T: AsRef<str>>(names: &[T]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{}\"", name.as_ref())).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

fn fold(name: &str) -> Vec<u8> {
    let bytes = name.bytes().filter(|byte| !matches!(byte, b'_' | b'-'));
    bytes.map(|byte| byte.to_ascii_lowercase()).collect()
}

/// How many insertions, deletions, replacements and swaps of neighbours turn one text into the other.
fn distance(from: &[u8], to: &[u8]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, a) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in to.iter().enumerate() {
            let mut best = (last[column] + usize::from(a != b))
                .min(last[column + 1] + 1)
                .min(current[column] + 1);
            if row > 0 && column > 0 && *a == to[column - 1] && from[row - 1] == *b {
                best = best.min(before_last[column - 1] + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::{alternatives, did_you_mean, distance};

    #[test]
    fn distance_counts_keystrokes() {
        for (from, to, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("mesage", "message", 1),
            ("messaeg", "message", 1),
            ("abc", "abc", 0),
        ] {
            assert_eq!(distance(from.as_bytes(), to.as_bytes()), expected, "{from} {to}");
        }
    }

    #[test]
    fn near_names_are_suggested_best_first() {
        let candidates = ["createdAt", "created_by", "updatedAt", "id", "message", "messages"];
        for (wrong, expected) in [
            ("created_at", &["createdAt"][..]),
            ("CREATEDAT", &["createdAt"]),
            ("creatdAt", &["createdAt", "created_by", "updatedAt"]),
            ("mesage", &["message", "messages"]),
            ("ID", &["id"]),
            ("dI", &["id"]),
            ("unrelated", &[]),
            ("", &[]),
        ] {
            assert_eq!(did_you_mean(wrong, candidates), expected, "{wrong}");
        }
    }

    #[test]
    fn alternatives_read_as_a_sentence() {
        assert_eq!(alternatives(&["a"]), r#""a""#);
        assert_eq!(alternatives(&["a", "b"]), r#""a" or "b""#);
        assert_eq!(alternatives(&["a", "b", "c"]), r#""a", "b" or "c""#);
    }
}
