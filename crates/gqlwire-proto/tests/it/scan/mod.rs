mod compile_time;
mod differential;
mod documents;
mod error;
mod generate;
mod outline;
