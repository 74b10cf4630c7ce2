//! `gql-cli` as a process, against servers on this machine.

#![allow(clippy::unwrap_used)]

mod appsync;
mod catch_up;
mod check;
mod commands;
mod failures;
mod fetch;
mod meta;
mod output;
mod pages;
mod schemas;
mod several;
mod subscription;
mod support;
mod usage;
