//! Questions to a running Waybill over HTTP, answered for people: `trace ORDER`, `explain SKU`, `decide`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::error::Error;
use crate::facts::{Amount, Moment, Quantity};
use crate::sources::decisions::{DecidedLine, DecisionRecord};

/// Where the running Waybill listens, for all commands that ask it.
#[derive(Debug, clap::Args)]
pub struct ServerArgs {
    /// The running Waybill
    #[arg(long, env = "WAYBILL_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// The answer as it came, as JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// `waybill trace ORDER`
#[derive(Debug, clap::Args)]
pub struct TraceArgs {
    /// The order under any of its names: the shop's number, the ERP's, the warehouse's, a tracking number
    order: String,
    /// Only the order of this store, where several of one shop's stores give the same number: the shop's id of the store
    #[arg(long)]
    store: Option<String>,
    /// List every row that the view is made from, with the record that it came from
    #[arg(long)]
    rows: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// `waybill explain SKU`
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// The SKU, in any case
    sku: String,
    #[command(flatten)]
    server: ServerArgs,
}

/// `waybill decide KIND CHOICE`
#[derive(Debug, clap::Args)]
pub struct DecideArgs {
    /// The exception's kind, as in `over-despatched`
    pub(super) kind: String,
    /// One of the kind's choices; `withdraw` takes an earlier decision back
    pub(super) choice: String,
    /// The order it is about: its key (`SOURCE|id`), or the shop's number
    #[arg(long, conflicts_with_all = ["sku", "customer"])]
    order: Option<String>,
    /// The alias that is to lead to the order, as the exception writes it (with the choice `link`)
    #[arg(long, requires = "order")]
    alias: Option<String>,
    /// The SKU it is about
    #[arg(long, conflicts_with = "customer")]
    sku: Option<String>,
    /// The customer it is about, by its key (`account|SOURCE|id`)
    #[arg(long)]
    customer: Option<String>,
    /// The exception's number, where one order or SKU can have several of the kind
    #[arg(long, default_value = "")]
    number: String,
    /// How much money it is about; without it, what is at risk now
    #[arg(long, value_parser = amount)]
    amount: Option<Amount>,
    /// A line that it is about, with pieces: the shop's line id = pieces; several where it is about several
    #[arg(long, value_name = "LINE=PIECES", value_parser = line)]
    line: Vec<DecidedLine>,
    #[command(flatten)]
    pub(super) decider: DeciderArgs,
}

fn amount(text: &str) -> Result<Amount, String> {
    Amount::parse(text).filter(|amount| !amount.is_negative()).ok_or_else(|| "an amount of money, as in 5.00".into())
}

fn line(text: &str) -> Result<DecidedLine, String> {
    let read = text.rsplit_once('=').and_then(|(line, pieces)| Some((line, Quantity::parse(pieces)?)));
    let (line, quantity) = read.filter(|(_, pieces)| pieces.is_positive()).ok_or("a line and its pieces, as in 1021=2")?;
    Ok(DecidedLine { line: line.into(), quantity })
}

/// Who decides, why, and where the decision goes.
#[derive(Debug, clap::Args)]
pub(super) struct DeciderArgs {
    #[command(flatten)]
    pub(super) person: PersonArgs,
    /// Why, for those who read it later
    #[arg(long, default_value = "")]
    pub(super) why: String,
    #[command(flatten)]
    pub(super) server: ServerArgs,
}

/// Who does something.
#[derive(Debug, clap::Args)]
pub(super) struct PersonArgs {
    /// Who does it: a login, by default this machine's user
    #[arg(long = "as", visible_alias = "who", env = "USER", default_value = "unknown", hide_default_value = true, value_name = "LOGIN")]
    pub(super) who: String,
}

/// Prints how an order stands.
pub fn trace(args: &TraceArgs) -> Result<(), Error> {
    let of_store = args.store.as_ref().map_or(String::new(), |store| format!("&store={}", percent(store)));
    let answer = get(&args.server, "orders", &args.order, &of_store)?;
    if args.server.json {
        println!("{answer:#}");
        return Ok(());
    }
    let several = answer["several"].as_array().cloned();
    for order in several.unwrap_or_else(|| vec![answer]) {
        print!("{}", super::answer::order(&order, args.rows));
    }
    Ok(())
}

/// Prints what a SKU's figures are made of.
pub fn explain(args: &ExplainArgs) -> Result<(), Error> {
    let answer = get(&args.server, "stock", &args.sku, "")?;
    if args.server.json {
        println!("{answer:#}");
    } else {
        print!("{}", super::answer::stock(&answer));
    }
    Ok(())
}

/// Sends a decision.
pub fn decide(args: &DecideArgs) -> Result<(), Error> {
    if args.order.is_none() && args.sku.is_none() {
        return Err(Error::Usage(
            "name what the decision is about: --order, with --alias where an alias is to lead to it, or --sku".to_owned(),
        ));
    }
    let decision = DecisionRecord {
        kind: args.kind.clone(),
        order: args.order.clone(),
        alias: args.alias.clone(),
        sku: args.sku.clone(),
        customer: args.customer.clone(),
        number: args.number.clone(),
        choice: args.choice.clone(),
        amount: args.amount,
        lines: args.line.clone(),
        ..DecisionRecord::default()
    };
    args.decider.send(decision)
}

impl DeciderArgs {
    /// Sends a decision to the running Waybill, as made now.
    pub(super) fn send(&self, decision: DecisionRecord) -> Result<(), Error> {
        let decided_at = Moment(jiff::Timestamp::now().as_millisecond());
        let decision = DecisionRecord { who: self.person.who.clone(), why: self.why.clone(), decided_at, ..decision };
        let answer = post(&self.server, "decisions", &json!(decision))?;
        let covers = answer["covers"].as_str().map_or_else(String::new, |amount| format!(", and covers {amount}"));
        println!("the decision is written{covers}: it takes effect with the next epoch");
        Ok(())
    }
}

/// What the running Waybill answers to this.
pub(super) fn post(server: &ServerArgs, path: &str, body: &Value) -> Result<Value, Error> {
    let url = format!("{}/{path}", server.url.trim_end_matches('/'));
    let sent = agent().post(&url).content_type("application/json").send(body.to_string());
    let mut response = sent.map_err(|error| unreachable(server, &error))?;
    if !response.status().is_success() {
        return Err(error_in(&mut response));
    }
    read(server, &mut response)
}

/// The largest answer: a record of 8 MiB, twice, with its text laid out.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

fn read(server: &ServerArgs, response: &mut ureq::http::Response<ureq::Body>) -> Result<Value, Error> {
    let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string().map_err(|error| unreachable(server, &error))?;
    serde_json::from_str(&text).map_err(|error| Error::Found(format!("{} does not answer as Waybill does: {error}", server.url)))
}

/// How long an answer may take: of a thousand dead letters each record is fetched.
const PATIENCE: Duration = Duration::from_secs(90);

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).build();
    config.into()
}

fn get(server: &ServerArgs, what: &str, id: &str, query: &str) -> Result<Value, Error> {
    get_path(server, &format!("{what}/{}?why{query}", percent(id)))
}

/// What the running Waybill answers on a path.
pub(super) fn get_path(server: &ServerArgs, path: &str) -> Result<Value, Error> {
    let url = format!("{}/{path}", server.url.trim_end_matches('/'));
    let mut response = agent().get(&url).call().map_err(|error| unreachable(server, &error))?;
    if response.status().as_u16() != 200 {
        return Err(error_in(&mut response));
    }
    read(server, &mut response)
}

/// The error that the answer holds.
fn error_in(response: &mut ureq::http::Response<ureq::Body>) -> Error {
    let text = response.body_mut().read_to_string().unwrap_or_default();
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    let looked_in: Vec<&str> = answer["looked_in"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let sentence = answer["detail"].as_str().unwrap_or("the answer has no error message: it may not be Waybill's").to_owned();
    Error::Found(if looked_in.is_empty() { sentence } else { format!("{sentence} (looked in: {})", looked_in.join(", ")) })
}

fn unreachable(server: &ServerArgs, error: &ureq::Error) -> Error {
    Error::Unavailable(format!("no Waybill answers at {} ({error}): is it running, and is http.listen this address?", server.url))
}

/// An id as one part of a path.
pub(super) fn percent(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    id.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn any_id_is_one_part_of_a_path() {
        assert_eq!(super::percent("magento|5021"), "magento%7C5021");
        assert_eq!(super::percent("TEE/M ü"), "TEE%2FM%20%C3%BC");
    }
}
