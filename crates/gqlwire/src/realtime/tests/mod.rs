mod double;

mod auth;
mod catching_up;
mod ending;
mod lagging;
mod reconnecting;
mod rotating;
mod starting;
mod tokens;
