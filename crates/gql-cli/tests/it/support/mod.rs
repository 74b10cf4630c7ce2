mod canned;
mod cli;
mod local;

pub(crate) use canned::{Canned, closed_port};
pub(crate) use cli::{Cli, Running};
pub(crate) use local::Local;
