//! The faults. Each is a piece of code around or instead of what stands there; whether it compiles is left to the compiler (`build`).
//!
//! | at | instead |
//! | --- | --- |
//! | `<` `<=` `>` `>=` | with or without the bound; the other way round |
//! | `==` `!=`, `!x`, `is_some`, `is_empty`, `contains`, `matches!` and the like | the opposite |
//! | `&&` `\|\|`, `+` `-` `*` `/`, `+=` `-=` | the other operator |
//! | `any` `all`, `min` `max`, `first` `last` ... | the other one |
//! | `or`, `or_else`, `abs` | without it |
//! | a condition of `if`, `while`, a guard, a predicate's closure, what `then` is asked of | always; never |
//! | `if let` | never |
//! | an arm of a `match` that has a `_` | left out |
//! | a call, an assignment, `continue`, `break`, an early `return` | left out |
//! | `Some(x)`, `true`, a whole number | `None`, `false`, one more |
//! | a function's body | returns at once: `true`, `false`, nothing, the default |
//!
//! Left alone: tests, constants, patterns, types, the arguments of macros, capacities, and impls that only show or encode.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, BinOp, Block, Expr, Lit, ReturnType, Signature, Stmt, Type, UnOp};

use crate::scope::{ON, Site};

/// Impls of these only show or encode.
const TRIVIA: [&str; 8] = ["Serialize", "Deserialize", "Display", "Debug", "Default", "Hash", "Visitor", "Error"];
/// Calls that are about memory alone.
const CAPACITY: [&str; 4] = ["with_capacity", "reserve", "shrink_to_fit", "shrink_to"];
/// Methods that ask for a predicate.
const PREDICATES: [&str; 14] = [
    "filter",
    "any",
    "all",
    "find",
    "position",
    "retain",
    "is_some_and",
    "is_none_or",
    "take_while",
    "skip_while",
    "partition",
    "is_ok_and",
    "partition_point",
    "rposition",
];
/// Questions whose answer is turned round.
const QUESTIONS: [&str; 14] = [
    "is_some",
    "is_none",
    "is_ok",
    "is_err",
    "is_empty",
    "is_positive",
    "is_negative",
    "is_zero",
    "contains",
    "contains_key",
    "starts_with",
    "ends_with",
    "is_some_and",
    "is_none_or",
];
/// Methods that stand for each other.
const PAIRS: [(&str, &str); 12] = [
    ("any", "all"),
    ("min", "max"),
    ("min_by_key", "max_by_key"),
    ("first", "last"),
    ("first_key_value", "last_key_value"),
    ("get_min", "get_max"),
    ("saturating_add", "saturating_sub"),
    ("is_some_and", "is_none_or"),
    ("floor", "ceil"),
    ("checked_add", "checked_sub"),
    ("next", "last"),
    ("find", "rfind"),
];
/// Methods that can be left out.
const EXTRAS: [&str; 4] = ["or", "or_else", "abs", "saturating_sub"];

/// Every fault that can be put into a file.
pub fn sites(file: &str, text: &str) -> Result<Vec<Site>, String> {
    let tree = syn::parse_file(text).map_err(|error| format!("{file}: {error}"))?;
    let mut finder = Finder { file, text, within: Vec::new(), sites: Vec::new() };
    finder.visit_file(&tree);
    Ok(finder.sites)
}

struct Finder<'a> {
    file: &'a str,
    text: &'a str,
    /// Modules, impls and functions around.
    within: Vec<String>,
    sites: Vec<Site>,
}

fn range(of: &impl Spanned) -> Range<usize> {
    of.span().byte_range()
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        meta => meta.path().is_ident("test"),
    })
}

/// A condition with a `let` in it can't be put in brackets.
fn has_let(condition: &Expr) -> bool {
    match condition {
        Expr::Let(_) => true,
        Expr::Binary(binary) => matches!(binary.op, BinOp::And(_)) && (has_let(&binary.left) || has_let(&binary.right)),
        _ => false,
    }
}

fn others(op: &BinOp) -> &'static [&'static str] {
    match op {
        BinOp::Lt(_) => &["<=", ">="],
        BinOp::Le(_) => &["<", ">"],
        BinOp::Gt(_) => &[">=", "<="],
        BinOp::Ge(_) => &[">", "<"],
        BinOp::And(_) => &["||"],
        BinOp::Or(_) => &["&&"],
        BinOp::Add(_) => &["-"],
        BinOp::Sub(_) => &["+"],
        BinOp::Mul(_) => &["/"],
        BinOp::Div(_) => &["*"],
        BinOp::Rem(_) => &["/"],
        BinOp::AddAssign(_) => &["-="],
        BinOp::SubAssign(_) => &["+="],
        BinOp::MulAssign(_) => &["/="],
        _ => &[],
    }
}

impl Finder<'_> {
    fn text_of(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn add(&mut self, range: Range<usize>, open: String, close: &str, what: String) {
        let line = self.text[..range.start].matches('\n').count();
        let source = self.text.lines().nth(line).unwrap_or_default().trim().to_owned();
        let function = self.within.join("::");
        let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
        self.sites.push(Site { file: self.file.to_owned(), function, line: line + 1, source, range, open, close: close.to_owned(), what });
    }

    fn instead(&mut self, expr: &Expr, other: String) {
        let range = range(expr);
        let what = format!("{} -> {other}", self.text_of(&range));
        self.add(range, format!("(if {ON} {{ {other} }} else {{ "), " })", what);
    }

    fn opposite(&mut self, expr: &Expr) {
        let range = range(expr);
        let what = format!("{} -> the opposite", self.text_of(&range));
        self.add(range, format!("({ON} != ("), "))", what);
    }

    fn always_and_never(&mut self, condition: &Expr) {
        if let Expr::Binary(binary) = condition
            && has_let(condition)
        {
            self.always_and_never(&binary.left);
            self.always_and_never(&binary.right);
        } else if !has_let(condition) {
            let range = range(condition);
            let text = self.text_of(&range).to_owned();
            self.add(range.clone(), format!("({ON} || ("), "))", format!("{text} -> true"));
            self.add(range, format!("(!{ON} && ("), "))", format!("{text} -> false"));
        }
    }

    fn condition(&mut self, condition: &Expr, can_loop: bool) {
        if has_let(condition) {
            let range = range(condition);
            let what = format!("if {} -> never", self.text_of(&range));
            self.add(range.start..range.start, format!("!{ON} && "), "", what);
        }
        if !can_loop {
            self.always_and_never(condition);
        } else if !has_let(condition) {
            let range = range(condition);
            let what = format!("while {} -> never", self.text_of(&range));
            self.add(range, format!("(!{ON} && ("), "))", what);
        }
    }

    fn left_out(&mut self, statement: &Stmt) {
        let range = range(statement);
        let what = format!("{} -> left out", self.text_of(&range));
        self.add(range, format!("if !{ON} {{ "), " }", what);
    }

    fn body(&mut self, signature: &Signature, block: &Block) {
        if signature.constness.is_some() || block.stmts.is_empty() {
            return;
        }
        let values: &[&str] = match &signature.output {
            ReturnType::Default => &[""],
            ReturnType::Type(_, kind) => match kind.as_ref() {
                Type::Path(path) => match path.path.segments.last().map(|last| last.ident.to_string()).as_deref() {
                    Some("bool") => &["true", "false"],
                    Some("Option") => &["None"],
                    Some("Result") => &["Ok(Default::default())"],
                    Some("Self") | None => &[],
                    Some(_) => &["Default::default()"],
                },
                _ => &[],
            },
        };
        let at = range(&block.brace_token.span.open()).end;
        for value in values {
            self.add(at..at, format!(" if {ON} {{ return {value}; }}"), "", format!("the body of {} -> return {value}", signature.ident));
        }
    }

    fn method(&mut self, expr: &Expr, call: &syn::ExprMethodCall) {
        let name = call.method.to_string();
        let whole = range(expr);
        if QUESTIONS.contains(&name.as_str()) {
            self.opposite(expr);
        }
        for (one, other) in PAIRS {
            let renamed = if name == one {
                other
            } else if name == other && one != "next" {
                one
            } else {
                continue;
            };
            let method = range(&call.method);
            let text = format!("{}{renamed}{}", self.text_of(&(whole.start..method.start)), self.text_of(&(method.end..whole.end)));
            self.instead(expr, text);
        }
        if EXTRAS.contains(&name.as_str()) {
            let receiver = self.text_of(&range(&call.receiver)).to_owned();
            self.instead(expr, receiver);
        }
        if matches!(name.as_str(), "then" | "then_some") {
            self.always_and_never(&call.receiver);
        }
        if PREDICATES.contains(&name.as_str())
            && let Some(Expr::Closure(closure)) = call.args.first()
        {
            self.always_and_never(&closure.body);
        }
    }

    fn expression(&mut self, expr: &Expr) {
        match expr {
            Expr::Binary(binary) if !has_let(expr) => {
                if matches!(binary.op, BinOp::Eq(_) | BinOp::Ne(_)) {
                    self.opposite(expr);
                }
                let (left, right) = (self.text_of(&range(&binary.left)).to_owned(), self.text_of(&range(&binary.right)).to_owned());
                for other in others(&binary.op) {
                    let assigns = other.ends_with('=') && !matches!(*other, "<=" | ">=");
                    let text = if assigns { format!("{left} {other} {right}") } else { format!("({left}) {other} ({right})") };
                    self.instead(expr, text);
                }
            }
            Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => self.opposite(expr),
            Expr::MethodCall(call) => self.method(expr, call),
            Expr::If(branch) => self.condition(&branch.cond, false),
            Expr::While(repeated) => self.condition(&repeated.cond, true),
            Expr::Match(choice) => {
                let is_rest = |arm: &syn::Arm| arm.guard.is_none() && matches!(arm.pat, syn::Pat::Wild(_));
                let has_rest = choice.arms.iter().any(is_rest);
                for arm in &choice.arms {
                    if let Some((_, guard)) = &arm.guard {
                        self.always_and_never(guard);
                    } else if has_rest && !is_rest(arm) {
                        let pattern = range(&arm.pat);
                        let what = format!("the arm {} -> left out", self.text_of(&pattern));
                        self.add(pattern.end..pattern.end, format!(" if !{ON}"), "", what);
                    }
                }
            }
            Expr::Call(call) => {
                if let Expr::Path(path) = call.func.as_ref()
                    && path.path.is_ident("Some")
                {
                    self.instead(expr, "None".to_owned());
                }
            }
            Expr::Macro(call) if call.mac.path.is_ident("matches") => self.opposite(expr),
            Expr::Lit(literal) => match &literal.lit {
                Lit::Bool(_) => self.opposite(expr),
                Lit::Int(number) => {
                    if let Ok(value) = number.base10_parse::<u64>() {
                        self.instead(expr, format!("{}{}", value + 1, number.suffix()));
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        let shows = block.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
        if is_test(&block.attrs) || shows.is_some_and(|name| TRIVIA.contains(&name.ident.to_string().as_str())) {
            return;
        }
        let name = self.text_of(&range(block.self_ty.as_ref())).to_owned();
        self.within.push(name);
        visit::visit_item_impl(self, block);
        self.within.pop();
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !is_test(&function.attrs) && function.sig.constness.is_none() {
            self.within.push(function.sig.ident.to_string());
            self.body(&function.sig, &function.block);
            visit::visit_block(self, &function.block);
            self.within.pop();
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_test(&function.attrs) && function.sig.constness.is_none() {
            self.within.push(function.sig.ident.to_string());
            self.body(&function.sig, &function.block);
            visit::visit_block(self, &function.block);
            self.within.pop();
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if let Stmt::Expr(expr, Some(_)) = statement {
            let drops = match expr {
                Expr::MethodCall(call) => !CAPACITY.contains(&call.method.to_string().as_str()),
                Expr::Binary(binary) => !others(&binary.op).is_empty(),
                Expr::Call(_) | Expr::Assign(_) | Expr::Continue(_) | Expr::Break(_) | Expr::Return(_) => true,
                _ => false,
            };
            if drops {
                self.left_out(statement);
            }
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        let is_capacity = match expr {
            Expr::MethodCall(call) => CAPACITY.contains(&call.method.to_string().as_str()),
            Expr::Call(call) => self.text_of(&range(call.func.as_ref())).ends_with("with_capacity"),
            Expr::Const(_) => true,
            _ => false,
        };
        if !is_capacity {
            self.expression(expr);
            visit::visit_expr(self, expr);
        }
    }

    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_item_enum(&mut self, _: &'ast syn::ItemEnum) {}
    fn visit_item_trait(&mut self, _: &'ast syn::ItemTrait) {}
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
    fn visit_pat(&mut self, _: &'ast syn::Pat) {}
    fn visit_type(&mut self, _: &'ast Type) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rewrite::rewrite;

    const SAMPLE: &str = r#"
const BOUND: u32 = 7;
fn due(wanted: &[u32], told: Option<u32>, at: u32) -> bool {
    let mut sum = 0;
    for pieces in wanted {
        if *pieces == 0 {
            continue;
        }
        sum += pieces;
    }
    if let Some(told) = told && told > sum {
        return false;
    }
    match at {
        1 => true,
        2 if sum < BOUND => !wanted.is_empty(),
        _ => wanted.iter().any(|pieces| *pieces <= at && sum > 1),
    }
}
#[cfg(test)]
mod tests { fn not_this(a: u32, b: u32) -> bool { a < b } }
"#;

    fn sample() -> Vec<Site> {
        sites("sample.rs", SAMPLE).expect("it is Rust")
    }

    #[test]
    fn each_fault_stands_behind_its_switch_in_code_that_parses() {
        let sites = sample();
        assert!(sites.len() > 30, "{}", sites.len());
        for (at, site) in sites.iter().enumerate() {
            let number = u32::try_from(at).expect("few");
            let (text, _) = rewrite(SAMPLE, &[(number, site)]);
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", site.what));
            assert!(text.contains(&format!("crate::mutant::on({number})")), "{}", site.what);
        }
    }

    #[test]
    fn faults_within_faults_are_all_there() {
        let sites = crate::draw::order(1, &sample());
        let numbered: Vec<_> = (1u32..).zip(&sites).collect();
        let (text, places) = rewrite(SAMPLE, &numbered);
        syn::parse_file(&text).expect("it parses");
        assert!(numbered.iter().all(|(number, _)| text.matches(&format!("on({number})")).count() == 1), "{text}");
        assert!(places.iter().all(|(number, place)| text[place.clone()].contains(&format!("on({number})"))));
    }

    #[test]
    fn what_changes_nothing_at_run_time_or_is_a_test_is_left_alone() {
        assert!(sample().iter().all(|site| !site.what.contains("a < b") && !site.what.starts_with('7')));
    }

    #[test]
    fn a_let_is_never_put_in_brackets() {
        let whats: Vec<String> = sample().into_iter().map(|site| site.what).collect();
        assert!(whats.contains(&"if let Some(told) = told && told > sum -> never".to_owned()), "{whats:?}");
        assert!(whats.contains(&"told > sum -> true".to_owned()) && !whats.iter().any(|what| what.contains("told || told")), "{whats:?}");
    }
}
