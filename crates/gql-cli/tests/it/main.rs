//! `gql-cli` as a process, against servers on this machine.

#![allow(clippy::unwrap_used)]

mod appsync;
mod batch;
mod catch_up;
mod check;
mod commands;
mod connecting;
mod curl;
mod failures;
mod fetch;
mod meta;
mod output;
mod pages;
mod requests;
mod schemas;
mod several;
mod subscription;
mod support;
mod transports;
mod usage;
