//! The server that all clients over HTTP are measured against: see `peer_bench::requests`.

fn main() -> std::process::ExitCode {
    peer_bench::requests::server_main()
}
