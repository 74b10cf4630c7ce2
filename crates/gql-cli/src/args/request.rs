//! In which form an operation is sent, and how many of them.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

const REQUESTS: &str = "Requests";

#[derive(Args, Clone, Debug)]
pub(crate) struct RequestArgs {
    /// Send the operation once for each line of this file, which holds its variables; `-` is standard input
    ///
    /// A line is an object of JSON (.jsonl), or a record of CSV (.csv) whose header names the variables; its values get
    /// the declared types, and an empty one leaves its variable out. Each line of the file gives one of the output, in the
    /// same order: {"line":…,"data":…}; errors are on stderr with the number of the line, or with --meta on the line. No
    /// mutation is sent twice. Ctrl-C lets the running ones end; a second one does not.
    #[arg(long, value_name = "FILE", help_heading = REQUESTS, conflicts_with_all = ["print_schema", "count", "duration", "catch_up"])]
    pub(crate) batch: Option<PathBuf>,

    /// How many operations of --batch run at once
    #[arg(long, value_name = "N", default_value = "4", requires = "batch", help_heading = REQUESTS, hide_short_help = true)]
    pub(crate) concurrency: NonZeroUsize,

    /// Print a curl command that sends the same request, and send nothing
    ///
    /// Credentials stand in it as variables of the environment.
    #[arg(long, help_heading = REQUESTS, conflicts_with_all = ["batch", "print_schema"])]
    pub(crate) curl: bool,

    /// Write credentials into what --curl prints
    #[arg(long, requires = "curl", help_heading = REQUESTS, hide_short_help = true)]
    pub(crate) show_secrets: bool,
}
