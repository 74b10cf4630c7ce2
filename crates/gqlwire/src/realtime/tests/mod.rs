mod double;

mod auth;
mod ending;
mod lagging;
mod starting;
