//! The stages of an order's view: the table in the docs of `src/entities/order/mod.rs` says what the signatures say.

use std::fs;

use super::root;

/// All stages read the order's rows and the rules; what people have decided is no stage.
const NO_STAGE: [&str; 3] = ["input", "decisions", "since"];

/// (stage, what it reads), in their order, as the table tells it.
fn table(page: &str) -> Vec<(String, Vec<String>)> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("//! | `"));
    rows.filter_map(|row| {
        let mut cells = row.split('|');
        let stage = cells.next()?.trim().trim_end_matches('`').to_owned();
        let reads = cells.next()?.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Some((stage, reads))
    })
    .collect()
}

/// What the stage's function takes, by the names of its parameters.
fn signature(stage: &str) -> Vec<String> {
    let folder = root().join("src/entities/order");
    let file = [folder.join(format!("{stage}.rs")), folder.join(stage).join("mod.rs")].into_iter().find(|file| file.exists());
    let text = fs::read_to_string(file.unwrap_or_else(|| panic!("no file of the stage {stage}"))).expect("a source file is text");
    let (_, rest) = text.split_once("pub(super) fn stage").unwrap_or_else(|| panic!("{stage} has no `pub(super) fn stage`"));
    let parameters = rest.split_once('(').and_then(|(_, rest)| rest.split_once(") ->")).map(|(parameters, _)| parameters);
    let parameters = parameters.unwrap_or_else(|| panic!("the signature of {stage} cannot be read"));
    let names = parameters.split(": ").map(|part| part.rsplit([' ', ',', '\n', '(']).next().unwrap_or_default());
    let count = parameters.matches(": ").count();
    names.take(count).map(str::to_owned).filter(|name| !NO_STAGE.contains(&name.as_str())).collect()
}

#[test]
fn the_table_of_stages_says_what_the_signatures_say() {
    let page = fs::read_to_string(root().join("src/entities/order/mod.rs")).expect("the page of the orders");
    let view = fs::read_to_string(root().join("src/entities/order/view.rs")).expect("the view of an order");
    let table = table(&page);
    let made: Vec<&str> =
        view.lines().filter_map(|line| line.trim().strip_prefix("let ")?.split_once(" = Made::new(")).map(|(name, _)| name).collect();
    let made: Vec<&str> = made.into_iter().filter(|name| *name != "lines").collect();
    let told: Vec<&str> = table.iter().map(|(stage, _)| stage.as_str()).collect();
    assert_eq!(told, made, "the table in src/entities/order/mod.rs lists the stages in the order in which `view` makes them");
    for (stage, reads) in &table {
        assert_eq!(
            *reads,
            signature(stage),
            "the row of `{stage}` in src/entities/order/mod.rs names what its function takes, in that order"
        );
    }
}
