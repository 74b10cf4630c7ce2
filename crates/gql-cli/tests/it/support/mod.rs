mod canned;
mod cli;
mod control_plane;
mod folder;
pub(crate) mod handler;
mod local;
mod scripted;
pub(crate) mod socket;
pub(crate) mod tls;

pub(crate) use canned::{Canned, closed_port};
pub(crate) use cli::{Cli, Run, Running, ignores_hangup};
pub(crate) use control_plane::{ControlPlane, KEY_ID, SECRET};
pub(crate) use folder::Folder;
pub(crate) use local::Local;
pub(crate) use scripted::Scripted;
