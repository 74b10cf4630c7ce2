//! The machines of the protocols that are not AppSync's, walked along the diagrams above them.

mod close_codes;
mod legacy_ws;
mod phoenix;
mod properties;
mod story;
mod transport_ws;
