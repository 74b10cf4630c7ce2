//! One client over HTTP in Rust, doing one job: see `peer_bench::requests`.

fn main() -> std::process::ExitCode {
    peer_bench::requests::client_main()
}
