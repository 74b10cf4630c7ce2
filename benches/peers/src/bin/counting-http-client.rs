//! As `http-client`, and counts heap allocations, which costs it some of its speed.

use peer_bench::allocations::Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn main() -> std::process::ExitCode {
    peer_bench::requests::client_main()
}
