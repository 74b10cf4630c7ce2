//! The server that all clients are measured against: see `peer_bench::server`.

fn main() -> std::process::ExitCode {
    peer_bench::server::main()
}
