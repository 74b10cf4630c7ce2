//! "Did you mean": the name that was most likely meant, at the end of an error.

/// `; did you mean "name"?`, or nothing where no known name is near.
pub(crate) fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let nearest = crate::suggest::did_you_mean(written, known).into_iter().next();
    nearest.map_or_else(String::new, |name| format!("; did you mean \"{name}\"?"))
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let known = ["hero", "human", "droid"];
        assert_eq!(did_you_mean("hreo", known), "; did you mean \"hero\"?");
        assert_eq!(did_you_mean("Human", known), "; did you mean \"human\"?");
        assert_eq!(did_you_mean("starship", known), "");
        assert_eq!(did_you_mean("", known), "");
    }
}
