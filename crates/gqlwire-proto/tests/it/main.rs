//! Integration tests of `gqlwire-proto`.

mod scan;
