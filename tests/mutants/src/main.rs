//! How many of the faults that a seed puts into the code do the tests catch?
//!
//! A *mutant* is the code with one small fault: `<` for `<=`, a condition that always holds, a call left out. Those that the tests do not catch
//! (*survivors*) are behaviour that no test holds, or faults that change nothing. Compiling once for each would take hours, so all drawn mutants
//! stand in one copy of the tree, each behind a switch, and the copy is compiled once (mutant schemata):
//!
//! ```text
//! if crate::mutant::on(17) { a < b } else { a <= b }
//! ```
//!
//! | file | what it does |
//! | --- | --- |
//! | `scope` | which files and items are mutated |
//! | `operators` | the faults: which there are at an expression, a statement, a function |
//! | `draw` | which of them, by a seed |
//! | `rewrite` | a file's text with drawn mutants behind their switches |
//! | `copy` | the copy of the tree |
//! | `build` | compiles it, and drops mutants that do not compile |
//! | `trial` | runs the tests on each mutant, the quick ones first |
//! | `report` | the share, and the survivors |
//!
//! ```text
//! cargo run --manifest-path tests/mutants/Cargo.toml -- --seed 1 --mutants 150
//! ```
//!
//! | option | |
//! | --- | --- |
//! | `--seed N` | the draw, 1 unless given. A draw stays what it is where the code does not change: a mutant's place in it is a digest of what it changes |
//! | `--of PART` | `orders` unless given: orders, goods, stages and stock; or `money`: money, books, refunds, payments, and how adapters read them; or `records`: every envelope and adapter |
//! | `--mutants N` | how many, 150 unless given |
//! | `--jobs N` | how many are tried at a time, 2 unless given |
//! | `--only N,N` | try these of the draw alone |
//! | `--list` | show the draw, build nothing (it has not been found then which of them compile) |
//!
//! The working tree is not touched: copy, build and logs are under `waybill-mutants` in the folder for temporary files, which is used again by the next
//! run. It ends with 0 if at least 95 % are caught, 1 if fewer, 2 if it could not find out.

mod build;
mod copy;
mod draw;
mod operators;
mod report;
mod rewrite;
mod scope;
mod trial;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Below: behaviour that no test holds.
const SHARE_MIN: f64 = 0.95;

struct Options {
    seed: u64,
    part: scope::Part,
    mutants: usize,
    jobs: usize,
    only: Vec<u32>,
    list: bool,
}

fn options() -> Result<Options, String> {
    let mut options = Options { seed: 1, part: scope::Part::Orders, mutants: 150, jobs: 2, only: Vec::new(), list: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        if word == "--list" {
            options.list = true;
            continue;
        }
        let value = words.next().ok_or_else(|| format!("{word}: a value is missing"))?;
        let wrong = |_| format!("{word}: \"{value}\" is no number");
        match word.as_str() {
            "--seed" => options.seed = value.parse().map_err(wrong)?,
            "--of" => {
                options.part = scope::Part::named(&value).ok_or_else(|| format!("--of: \"{value}\" is none of orders, money, records"))?
            }
            "--mutants" => options.mutants = value.parse().map_err(wrong)?,
            "--jobs" => options.jobs = value.parse::<usize>().map_err(wrong)?.max(1),
            "--only" => options.only = value.split(',').map(|number| number.trim().parse().map_err(wrong)).collect::<Result<_, _>>()?,
            _ => return Err(format!("{word}: no such option (--seed, --of, --mutants, --jobs, --only, --list)")),
        }
    }
    Ok(options)
}

fn root() -> PathBuf {
    // tests/mutants is two folders below it.
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the tool stands in the tree").to_path_buf()
}

fn run(options: &Options) -> Result<bool, String> {
    let root = root();
    let sites = scope::sites(&root, options.part)?;
    let order = draw::order(options.seed, &sites);
    println!("{} faults are possible in {} places", sites.len(), order.len());
    if options.list {
        order.iter().take(options.mutants).for_each(|site| println!("{}", report::line(site)));
        return Ok(true);
    }
    let copy = copy::Copy::new(&root, &std::env::temp_dir().join("waybill-mutants"))?;
    let built = build::build(&copy, &order, options.mutants)?;
    let chosen: Vec<_> = built.mutants.iter().filter(|(number, _)| options.only.is_empty() || options.only.contains(number)).collect();
    let verdicts = trial::all(&copy, &built.binaries, &chosen, options.jobs, options.part)?;
    let share = report::show(&chosen, &verdicts);
    Ok(share >= SHARE_MIN)
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
