//! Files that are written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Who may read a new file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Readers {
    /// Whoever the system's settings admit.
    Anybody,
    /// Its owner alone.
    Owner,
}

/// Replaces what a file holds. Whoever reads it sees the old or the new content, never a part; when this fails, the old
/// one stays. What is no regular file (a pipe, a terminal) is written to.
pub(crate) fn replace(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    // A link stays one, to the file with the new content.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let before = fs::metadata(&path).ok();
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        return OpenOptions::new().write(true).open(&path)?.write_all(content);
    }
    let temporary = beside(&path)?;
    let written = (|| {
        let mut file = create(&temporary, readers)?;
        if let Some(before) = before.filter(|_| readers == Readers::Anybody) {
            file.set_permissions(before.permissions())?;
        }
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)
    })();
    if written.is_err() {
        // What failed is told; a leftover is not worth more words.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// A name in the same folder, because only there a rename is one step.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(temporary))
}

fn create(path: &Path, readers: Readers) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = readers;
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = std::env::temp_dir().join(format!("gql-cli-file-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("schema.graphql");
        for content in ["old", "new"] {
            replace(&path, content.as_bytes(), Readers::Owner).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert!(replace(&folder.join("absent/x"), b"x", Readers::Anybody).is_err());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
