//! "Did you mean": the name that was most likely meant.

/// Longer names than this are compared by their beginnings only; the cost is their product.
const MAX_COMPARED: usize = 100;

/// `; did you mean "name"?`, or nothing where no known name is near.
pub(crate) fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(written, known).map_or_else(String::new, |name| format!("; did you mean \"{name}\"?"))
}

/// The known name that is nearest to what was written, if one is near.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lowered = written.to_lowercase();
    // As graphql-js has it: two fifths of the name may be wrong, and one letter in any case.
    let length = written.chars().count();
    let limit = length * 2 / 5 + 1;
    let nearest = known
        .into_iter()
        // A distance is at least the difference of the lengths, which costs nothing to know.
        .filter(|name| name.chars().count().abs_diff(length) <= limit)
        .map(|name| (distance(&lowered, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance);
    nearest.map(|(_, name)| name)
}

/// How many letters to add, drop, change, or swap with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(MAX_COMPARED).collect();
    let b: Vec<char> = b.chars().take(MAX_COMPARED).collect();
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            let change = above[j] + usize::from(x != y);
            row[j + 1] = change.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, distance};

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let known = ["hero", "human", "droid"];
        assert_eq!(did_you_mean("hreo", known), "; did you mean \"hero\"?");
        assert_eq!(did_you_mean("Human", known), "; did you mean \"human\"?");
        assert_eq!(did_you_mean("starship", known), "");
        assert_eq!(did_you_mean("", known), "");
    }

    #[test]
    fn distance_counts_letters() {
        for (a, b, expected) in [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
