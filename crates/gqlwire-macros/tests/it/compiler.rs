//! Runs the compiler that cargo runs on the programs of `tests/ui`, with the macro that cargo has built.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs};

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

pub(crate) struct Compiler {
    library: PathBuf,
}

impl Default for Compiler {
    /// Cargo does not tell a test where the library lies that it was linked with: beside the test, and it is the newest.
    fn default() -> Self {
        let test = env::current_exe().unwrap();
        let beside = fs::read_dir(test.parent().unwrap())
            .unwrap()
            .map(|file| file.unwrap().path());
        let name = format!("{}gqlwire_macros-", env::consts::DLL_PREFIX);
        let libraries = beside.filter(|path| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            file.starts_with(&name) && file.ends_with(env::consts::DLL_SUFFIX)
        });
        let written = |path: &PathBuf| fs::metadata(path).and_then(|about| about.modified());
        let newest = libraries.max_by_key(|path| written(path).unwrap_or(SystemTime::UNIX_EPOCH));
        Self {
            library: newest.unwrap(),
        }
    }
}

impl Compiler {
    /// Compares what is told of `tests/ui/NAME.rs` with `NAME.stderr`; with `BLESS=1` that is written instead.
    pub(crate) fn expect(&self, name: &str) {
        let output = self.compile(Path::new(&format!("tests/ui/{name}.rs")), "metadata");
        let told = String::from_utf8(output.stderr).unwrap();
        let expected = Path::new(CRATE).join(format!("tests/ui/{name}.stderr"));
        if env::var_os("BLESS").is_some() {
            fs::write(&expected, &told).unwrap();
        }
        let expected = fs::read_to_string(expected).unwrap_or_default();
        assert!(told == expected, "BLESS=1 takes this for right:\n{told}");
    }

    /// What a build tool is told that a program of `tests/ui` depends on.
    pub(crate) fn dependencies(&self, name: &str) -> String {
        let output = self.compile(Path::new(&format!("tests/ui/{name}.rs")), "dep-info");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read_to_string(self.target("dep-info", name)).unwrap()
    }

    pub(crate) fn time(&self, program: &Path) -> Duration {
        let start = Instant::now();
        let output = self.compile(program, "metadata");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        start.elapsed()
    }

    fn compile(&self, program: &Path, emit: &str) -> Output {
        let mut library = std::ffi::OsString::from("gqlwire_macros=");
        library.push(&self.library);
        let name = program.file_stem().unwrap().to_string_lossy();
        Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .args(["--edition", "2024", "--crate-type", "lib", "--emit", emit, "--extern"])
            .arg(library)
            .arg("-o")
            .arg(self.target(emit, &name))
            .arg(program)
            .current_dir(CRATE)
            .env("CARGO_MANIFEST_DIR", CRATE)
            .output()
            .unwrap()
    }

    fn target(&self, emit: &str, name: &str) -> PathBuf {
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{emit}"))
    }
}
