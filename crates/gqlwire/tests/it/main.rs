//! The client seen from outside.

#![allow(clippy::unwrap_used)]

mod examples;
