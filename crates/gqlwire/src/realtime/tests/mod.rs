mod double;

mod auth;
mod ending;
mod lagging;
mod reconnecting;
mod starting;
mod tokens;
