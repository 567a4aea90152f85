//! `waybill init`: a commented configuration to begin with, and the secret that it refers to.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::systems::{DEMO_SYSTEMS, system_parser};
use crate::config::template;
use crate::error::Error;

/// `waybill init [--systems NAME,...] [FILE]`
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// The systems to connect
    #[arg(long, value_delimiter = ',', value_parser = system_parser(), default_values = DEMO_SYSTEMS)]
    pub systems: Vec<String>,
    /// Where to write it; `-` is standard output
    #[arg(default_value = "waybill.toml")]
    pub file: PathBuf,
}

/// The secret's file, beside the configuration. Named in the template too.
const SECRET_FILE: &str = "waybill-email.secret";

/// Writes both files; neither is overwritten.
pub fn run(args: &InitArgs) -> Result<(), Error> {
    let text = template(&args.systems);
    if args.file.as_os_str() == "-" {
        return std::io::stdout().write_all(text.as_bytes()).map_err(Error::system("writing to standard output"));
    }
    if args.file.exists() {
        let file = args.file.display();
        return Err(Error::Usage(format!("{file} is there already, and is not overwritten: name another file, or move it away")));
    }
    create(&args.file, &text, 0o644)?;
    let secret = args.file.parent().unwrap_or(Path::new("")).join(SECRET_FILE);
    // A secret that is there belongs to state that exists: another would give every guest another key.
    if !secret.exists() {
        create(&secret, &new_secret(), 0o600)?;
    }
    let file = args.file.display();
    println!("{file} and {} are written. Next: read {file}, then `waybill check --config {file}`.", secret.display());
    Ok(())
}

/// Writes a file that is not there yet: nobody's configuration is overwritten.
fn create(path: &Path, text: &str, mode: u32) -> Result<(), Error> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let tried = || format!("writing {}", path.display());
    let mut file = options.open(path).map_err(Error::system(tried()))?;
    file.write_all(text.as_bytes()).map_err(Error::system(tried()))
}

/// 32 bytes from the system, in hexadecimal digits.
fn new_secret() -> String {
    let bytes: [u8; 32] = rand::random();
    let mut text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use clap::Parser;

    #[test]
    fn a_file_that_is_there_is_kept_and_says_what_to_do() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = init(directory.path(), "magento");
        std::fs::write(&file, "mine").expect("writes");
        let again = run(&InitArgs { systems: vec!["magento".into()], file: file.clone() }).expect_err("it is there");
        assert!(again.to_string().contains("is not overwritten: name another file"), "{again}");
        assert_eq!(std::fs::read_to_string(&file).expect("reads"), "mine");
    }

    fn init(directory: &Path, systems: &str) -> PathBuf {
        let file = directory.join("waybill.toml");
        let cli = super::super::Cli::try_parse_from(["waybill", "init", "--systems", systems, &file.display().to_string()]);
        let super::super::Command::Init(args) = cli.expect("parses").command else { panic!("init was parsed") };
        run(&args).expect("writes");
        file
    }

    #[test]
    fn what_init_writes_is_accepted_for_any_choice_of_systems() {
        for systems in [
            "magento,shopify,nav,peoplevox,carrier,finance,crm",
            "magento,nav,peoplevox,carrier,finance,crm",
            "magento,nav,peoplevox",
            "magento,netsuite,peoplevox",
            "shopify,netsuite",
            "shopify,peoplevox",
            "magento,nav,seko",
            "shopify,seko,emarsys",
            "magento",
            "shopify",
        ] {
            let directory = tempfile::tempdir().expect("a directory");
            let config = Config::load(&init(directory.path(), systems)).unwrap_or_else(|problems| panic!("{systems}:\n{problems}"));
            let names: Vec<&str> = config.sources.iter().map(|source| source.common.name.as_str()).collect();
            let mut asked: Vec<&str> = systems.split(',').chain(["waybill"]).collect();
            asked.sort_unstable();
            assert_eq!(names, asked);
        }
    }

    #[test]
    fn what_is_there_is_not_overwritten() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = init(directory.path(), "magento");
        let before = std::fs::read_to_string(directory.path().join(SECRET_FILE)).expect("the secret");
        let again = InitArgs { systems: vec!["magento".to_owned()], file: file.clone() };
        assert!(run(&again).expect_err("refuses").to_string().contains("waybill.toml"));
        std::fs::remove_file(file).expect("removes");
        run(&again).expect("writes");
        assert_eq!(std::fs::read_to_string(directory.path().join(SECRET_FILE)).expect("the secret"), before);
    }
}
