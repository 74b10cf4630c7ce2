use std::collections::HashMap;

/// One profile: what the shared credentials file and the shared config file say under its name.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Profile(HashMap<String, String>);

/// Which of the shared files a text is: they name their sections differently.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SharedFile {
    /// `[name]`
    Credentials,
    /// `[profile name]`, and `[default]`
    Config,
}

impl Profile {
    /// Adds what a file says of the profile; what is there already wins. Answers whether the file has it.
    pub(super) fn read(&mut self, text: &str, file: SharedFile, name: &str) -> bool {
        let mut inside = false;
        let mut found = false;
        for line in text.lines() {
            let indented = line.starts_with([' ', '\t']);
            let line = strip_comment(line.trim());
            if let Some(section) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
                inside = names(section.trim(), file) == Some(name);
                found |= inside;
                continue;
            }
            // An indented line belongs to a nested setting (`s3 =`), which says nothing of credentials.
            if !inside || indented {
                continue;
            }
            if let Some((key, value)) = line.split_once('=') {
                let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
                if !value.is_empty() {
                    self.0.entry(key).or_insert_with(|| value.to_owned());
                }
            }
        }
        found
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The first setting that says that credentials come from somewhere else.
    pub(super) fn needs_more(&self) -> Option<&'static str> {
        [
            "sso_session",
            "sso_start_url",
            "role_arn",
            "credential_process",
            "web_identity_token_file",
            "login_session",
        ]
        .into_iter()
        .find(|key| self.0.contains_key(*key))
    }
}

/// The profile that a section is about, if it is about one.
fn names(section: &str, file: SharedFile) -> Option<&str> {
    match (file, section.strip_prefix("profile")) {
        (SharedFile::Config, Some(rest)) if rest.starts_with([' ', '\t']) => Some(rest.trim().trim_matches('"')),
        (SharedFile::Config, _) => (section == "default").then_some("default"),
        (SharedFile::Credentials, _) => Some(section),
    }
}

fn strip_comment(line: &str) -> &str {
    if line.starts_with(['#', ';']) {
        return "";
    }
    // Within a line only ` #` and ` ;` begin a comment: secrets hold both characters.
    let cut = [" #", " ;", "\t#", "\t;"]
        .iter()
        .filter_map(|mark| line.find(mark))
        .min();
    cut.map_or(line, |cut| line[..cut].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "\
# the usual
[default]
region = eu-west-1
[profile work]
region=us-west-2   ; trailing
s3 =
  region = mars
output = json
[profile \"two words\"]
region = eu-north-1
[sso-session work]
region = nowhere
[work]
region = not-a-profile-here
";

    fn region_of(name: &str) -> Option<String> {
        let mut profile = Profile::default();
        profile.read(CONFIG, SharedFile::Config, name);
        profile.get("region").map(str::to_owned)
    }

    #[test]
    fn the_config_file_names_its_profiles_with_a_prefix_except_for_the_default_one() {
        assert_eq!(region_of("default").as_deref(), Some("eu-west-1"));
        assert_eq!(region_of("work").as_deref(), Some("us-west-2"));
        assert_eq!(region_of("two words").as_deref(), Some("eu-north-1"));
        assert_eq!(region_of("nobody"), None);
    }

    #[test]
    fn the_credentials_file_names_its_profiles_bare_and_wins() {
        let mut profile = Profile::default();
        let credentials = "[work]\r\nAWS_ACCESS_KEY_ID = AKID\r\naws_secret_access_key = se#cr;et=\r\n";
        assert!(profile.read(credentials, SharedFile::Credentials, "work"));
        assert!(profile.read(
            "[profile work]\naws_access_key_id = other\n",
            SharedFile::Config,
            "work"
        ));
        assert_eq!(profile.get("aws_access_key_id"), Some("AKID"));
        assert_eq!(profile.get("aws_secret_access_key"), Some("se#cr;et="));
    }

    #[test]
    fn a_profile_says_when_its_credentials_come_from_elsewhere() {
        let mut profile = Profile::default();
        profile.read(
            "[profile x]\nrole_arn = arn:aws:iam::1:role/r\n",
            SharedFile::Config,
            "x",
        );
        assert_eq!(profile.needs_more(), Some("role_arn"));
    }

    #[test]
    fn any_text_is_read_without_a_panic() {
        for text in [
            "[",
            "]",
            "[]",
            "[profile",
            "= =",
            "[default]\n=",
            "[default]\na",
            "\u{feff}[default]\nregion = x",
        ] {
            Profile::default().read(text, SharedFile::Config, "default");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic_and_settings_are_found_after_any_other_section(
            text in "[\\[\\]= \t\n#;a-c\"ü]{0,60}",
            value in "[a-zA-Z0-9/+=]{1,20}",
        ) {
            let mut profile = Profile::default();
            let text = format!("{text}\n[profile p]\nkey = {value}\n");
            proptest::prop_assert!(profile.read(&text, SharedFile::Config, "p"));
            proptest::prop_assert_eq!(profile.get("key"), Some(value.as_str()));
        }
    }
}
