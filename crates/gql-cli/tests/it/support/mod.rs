mod canned;
mod cli;
mod local;
mod scripted;

pub(crate) use canned::{Canned, closed_port};
pub(crate) use cli::{Cli, Run, Running, ignores_hangup};
pub(crate) use local::Local;
pub(crate) use scripted::Scripted;
