//! The command line: parse, call, exit code.

fn main() -> std::process::ExitCode {
    waybill::cli::main()
}
