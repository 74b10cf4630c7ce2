//! One client in Rust, doing one job: see `peer_bench::client`.

fn main() -> std::process::ExitCode {
    peer_bench::client::main()
}
