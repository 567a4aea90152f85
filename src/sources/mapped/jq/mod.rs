//! jq: the language in which mapped sources say where their fields stand. The interpreter is `jaq-core`; the values are our own, since its numbers
//! become floats once they are calculated with.
//!
//! An expression is compiled once, when the configuration is read, and shared by all threads. One that only names a member (`.a.b`, `$record.a`) is looked
//! up without the interpreter.

mod budget;
mod functions;
mod interpreted;
mod number;
mod operations;
mod read;
mod value;

use std::cell::OnceCell;
use std::sync::OnceLock;

use jaq_core::data::HasLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, DataT, Filter, Lut, Vars, compile, load};

pub(super) use budget::{bounded, steps};
pub(super) use number::Number;
pub(super) use read::json;
pub(super) use value::{Value, ValueMembers};

use crate::facts::Text;

/// What the expressions of a record can name beside the element that they are given.
pub(super) const VARIABLES: [&str; 5] = ["$record", "$key", "$headers", "$topic", "$timestamp"];

/// Names that stand for a value of their own.
const LITERALS: [&str; 4] = ["true", "false", "null", "empty"];

/// The longest expression, in bytes, and how deep its brackets may nest: the parser calls itself for each.
const TEXT_MAX: usize = 8_000;
const BRACKETS_MAX: usize = 64;

/// The variables' values, for one record. All but the record itself are made when an expression asks the interpreter.
pub(super) struct Scope<'s> {
    record: Value,
    /// Key, headers, topic, timestamp.
    others: &'s dyn Fn() -> [Value; 4],
    vars: OnceCell<Vars<Value>>,
}

impl<'s> Scope<'s> {
    pub(super) fn new(record: Value, others: &'s dyn Fn() -> [Value; 4]) -> Self {
        Self { record, others, vars: OnceCell::new() }
    }

    pub(super) fn record(&self) -> &Value {
        &self.record
    }

    fn vars(&self) -> Vars<Value> {
        let vars = self.vars.get_or_init(|| Vars::new(std::iter::once(self.record.clone()).chain((self.others)())));
        vars.clone()
    }
}

/// The interpreter's view of our values.
struct Interpreter;

impl DataT for Interpreter {
    type V<'a> = Value;
    type Data<'a> = Terms<'a>;
}

/// The table of an expression's terms; whoever looks one up pays a step.
#[derive(Clone, Copy)]
struct Terms<'a>(&'a Lut<Interpreter>);

impl<'a> HasLut<'a, Interpreter> for Terms<'a> {
    fn lut(&self) -> &'a Lut<Interpreter> {
        budget::step();
        self.0
    }
}

/// A compiled expression.
pub(super) struct Expression {
    text: String,
    code: Code,
    /// The same expression, giving the paths of what it gives; made when an error asks for them.
    paths: OnceLock<Option<Filter<Interpreter>>>,
}

enum Code {
    /// ValueMembers of members, of the element or of the record.
    Members {
        of_record: bool,
        names: Vec<Text>,
    },
    Filter(Filter<Interpreter>),
}

impl Expression {
    /// Compiles it. A name alone is short for the member of that name.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        let is_name = is_name(text) && !LITERALS.contains(&text);
        let text = if is_name { format!(".{text}") } else { text.trim().to_owned() };
        let code = match members(&text) {
            Some((of_record, names)) => Code::Members { of_record, names },
            None => Code::Filter(filter(&text)?),
        };
        Ok(Self { text, code, paths: OnceLock::new() })
    }

    /// As it is written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What it gives for the element, one after the other, until `take` says no.
    ///
    /// # Errors
    /// Why it fails; what it gave before was taken.
    pub(super) fn each(&self, element: &Value, scope: &Scope<'_>, mut take: impl FnMut(Value) -> bool) -> Result<(), String> {
        match &self.code {
            Code::Members { of_record, names } => {
                let mut at = if *of_record { &scope.record } else { element };
                for name in names {
                    at = match at {
                        Value::Object(_) => at.member(name).unwrap_or(&Value::Null),
                        Value::Null => at,
                        other => return Err(format!("cannot index {other} with \"{name}\"")),
                    };
                }
                take(at.clone());
            }
            Code::Filter(filter) => {
                for given in outputs(filter, element, scope) {
                    if !take(given?) {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// What it gives; `null` where it gives nothing.
    ///
    /// # Errors
    /// It fails, or gives several values.
    pub(super) fn one(&self, element: &Value, scope: &Scope<'_>) -> Result<Value, String> {
        let mut given: Option<Value> = None;
        let mut several = false;
        self.each(element, scope, |value| {
            several |= given.is_some();
            given.get_or_insert(value);
            !several
        })?;
        if several {
            return Err("it gives more than one value (one row takes one: say what the rows are under each)".to_owned());
        }
        Ok(given.unwrap_or_default())
    }

    /// Where the value stands that it gives as the `nth`, as in `lines[2].sku`; whether from the record, or else from the element. `None` where it is
    /// calculated.
    pub(super) fn place(&self, nth: usize, element: &Value, scope: &Scope<'_>) -> Option<(bool, String)> {
        match &self.code {
            Code::Members { of_record, names } => {
                let path = names.iter().fold(String::new(), |path, name| joined(&path, name));
                Some((*of_record, path))
            }
            Code::Filter(_) => {
                let paths = self.paths.get_or_init(|| filter(&format!("path({})", self.text)).ok()).as_ref()?;
                let path = outputs(paths, element, scope).nth(nth)?.ok()?;
                let Value::List(path) = path else { return None };
                let path = path.items.iter().try_fold(String::new(), |path, step| match step {
                    Value::Text(name) => Some(joined(&path, name)),
                    Value::Number(at) => Some(format!("{path}[{at}]")),
                    _ => None,
                });
                Some((false, path?))
            }
        }
    }
}

/// `a.b`, without a dot before the first.
pub(super) fn joined(path: &str, name: &str) -> String {
    let dot = if path.is_empty() || name.is_empty() || name.starts_with('[') { "" } else { "." };
    format!("{path}{dot}{name}")
}

fn outputs<'f>(
    filter: &'f Filter<Interpreter>,
    element: &Value,
    scope: &Scope<'_>,
) -> impl Iterator<Item = Result<Value, String>> + use<'f> {
    let context = Ctx::<Interpreter>::new(Terms(&filter.lut), scope.vars());
    filter.id.run((context, element.clone())).map(|given| {
        // What is no error cannot come out of a whole expression, but for a `break` out of nowhere.
        given.map_err(|exception| exception.get_err().map_or_else(|_| "it breaks off".to_owned(), |error| error.to_string()))
    })
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The names in `.a.b` and `$record.a.b`; `None` for all other expressions.
fn members(text: &str) -> Option<(bool, Vec<Text>)> {
    let (of_record, path) = match text.strip_prefix("$record") {
        Some(path) => (true, path),
        None => (false, text),
    };
    if path.is_empty() || path == "." {
        return (of_record == path.is_empty()).then(|| (of_record, Vec::new()));
    }
    let names: Vec<&str> = path.strip_prefix('.')?.split('.').collect();
    names.iter().all(|name| is_name(name)).then(|| (of_record, names.into_iter().map(Text::from).collect()))
}

fn filter(text: &str) -> Result<Filter<Interpreter>, String> {
    let depth = |(depth, most): (usize, usize), c| match c {
        '(' | '[' | '{' => (depth + 1, most.max(depth + 1)),
        ')' | ']' | '}' => (depth.saturating_sub(1), most),
        _ => (depth, most),
    };
    if text.len() > TEXT_MAX || text.chars().fold((0, 0), depth).1 > BRACKETS_MAX {
        return Err(format!("is longer than {TEXT_MAX} bytes, or nests brackets deeper than {BRACKETS_MAX}"));
    }
    if text.is_empty() {
        return Err("is blank".to_owned());
    }
    let arena = Arena::default();
    let loaded = Loader::new(functions::definitions()).load(&arena, File { code: text, path: () });
    let modules = loaded.map_err(|errors| errors.iter().map(|(file, error)| syntax(file.code, error)).collect::<Vec<_>>().join("; "))?;
    let compiler = Compiler::default().with_funs(functions::natives()).with_global_vars(VARIABLES);
    compiler.compile(modules).map_err(|errors| {
        let undefined = errors.iter().flat_map(|(file, undefined)| undefined.iter().map(|one| missing(file.code, one)));
        undefined.collect::<Vec<_>>().join("; ")
    })
}

/// Which character of the text a part of it begins at, from 1.
fn character(text: &str, part: &str) -> usize {
    let byte = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize).min(text.len());
    text.get(..byte).map_or(1, |before| before.chars().count() + 1)
}

fn syntax(text: &str, error: &load::Error<&str>) -> String {
    let say = |expected: &str, found: &str| {
        let found = found.split_whitespace().next().map_or("the end".to_owned(), |found| format!("\"{found}\""));
        (expected.to_owned(), found)
    };
    let (at, (expected, found)) = match error {
        load::Error::Lex(errors) => match errors.first() {
            Some((expected, found)) => (character(text, found), say(expected.as_str(), found)),
            None => return "is no jq".to_owned(),
        },
        load::Error::Parse(errors) => match errors.first() {
            Some((expected, found)) => (character(text, found), say(expected.as_str(), found)),
            None => return "is no jq".to_owned(),
        },
        load::Error::Io(_) => return "cannot include or import other files".to_owned(),
    };
    format!("is no jq: expected {expected} at character {at}, found {found}")
}

fn missing(text: &str, (name, undefined): &compile::Error<&str>) -> String {
    let at = character(text, name);
    match undefined {
        compile::Undefined::Filter(arguments) => {
            // The slip of those who forget the dot.
            let looks_like_a_member = *arguments == 0 && !name.starts_with('@');
            let hint = if looks_like_a_member { format!("; the member of that name is \".{name}\"") } else { String::new() };
            format!("at character {at}: there is no function \"{name}\" of {arguments} arguments{hint}")
        }
        compile::Undefined::Var => format!("at character {at}: there is no variable \"{name}\"; there are {}", VARIABLES.join(", ")),
        other => format!("at character {at}: there is no {} \"{name}\"", other.as_str()),
    }
}

/// All that an expression gives for a record, as JSON: for filters that stand in no configuration (docs/write-back/).
///
/// # Errors
/// Why it is no jq, or fails.
#[cfg(test)]
pub(crate) fn evaluated(expression: &str, record: &str) -> Result<Vec<String>, String> {
    let expression = Expression::compile(expression)?;
    let others = || [(); 4].map(|()| Value::Null);
    let scope = Scope::new(json(record)?, &others);
    let mut given = Vec::new();
    bounded(steps(record.len()), || {
        expression.each(scope.record(), &scope, |value| {
            given.push(value.to_string());
            true
        })
    })??;
    Ok(given)
}

#[cfg(test)]
mod tests;
