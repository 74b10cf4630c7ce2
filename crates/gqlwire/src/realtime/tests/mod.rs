mod double;

mod auth;
mod catching_up;
mod ending;
mod lagging;
mod reconnecting;
mod starting;
