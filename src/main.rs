//! The command line: parse, call, exit code.

/// What an epoch allocates is freed after its commit, by the thread that wrote it: glibc's allocator spends a fifth of the engine's time on that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    waybill::allocator::keep_freed_memory();
    waybill::cli::main()
}
