//! `waybill run` beside the cluster, as an operator has it: a configuration, a process, its answers; and a Magento as Debezium tells it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::{Value, json};
use waybill::kafka::client::{TailReader, TailRecord};

use crate::app::WAIT;
use crate::cluster::cluster;

const BINARY: &str = env!("CARGO_BIN_EXE_waybill");
/// The largest record that a source's topic takes here.
const SOURCE_BYTES_MAX: usize = 20 << 20;
/// How long a process that was asked to end may take.
pub const END: Duration = Duration::from_secs(35);

pub struct Daemon {
    pub prefix: String,
    pub folder: tempfile::TempDir,
    port: u16,
    process: Option<Child>,
    producer: BaseProducer,
    /// The shop's place in its binlog.
    position: u64,
}

/// One record of a source.
#[derive(Default)]
pub struct Sent<'a> {
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
    pub headers: Option<OwnedHeaders>,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(arguments).env("WAYBILL_EMAIL_SECRET", "the people of the tests are made up");
    command
}

pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn admin() -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", &cluster().bootstrap).create().unwrap()
}

impl Daemon {
    /// The retailer's configuration under a prefix of its own, with texts replaced; its source topics are made.
    pub async fn new(name: &str, edits: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let prefix = format!("{name}.");
        let http = format!("127.0.0.1:{port}");
        let printed =
            command(&["retailer", "config", "--brokers", &cluster().bootstrap, "--prefix", &prefix, "--http", &http]).output().unwrap();
        let mut config = String::from_utf8(printed.stdout).unwrap();
        for (old, new) in edits {
            assert!(config.contains(old), "{old} in {config}");
            config = config.replace(old, new);
        }
        let folder = tempfile::tempdir().unwrap();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", &cluster().bootstrap)
            .set("message.max.bytes", SOURCE_BYTES_MAX.to_string())
            .set("linger.ms", "2")
            .create()
            .unwrap();
        let daemon = Self { prefix, folder, port, process: None, producer, position: 1_000 };
        daemon.configure(&config);
        let checked = daemon.check();
        let text = String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
        let missing: Vec<&str> = text.split("source topic \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(!missing.is_empty(), "{text}");
        daemon.make(&missing).await;
        daemon
    }

    /// Another process of the same application and slot, with an address and a log of its own.
    pub fn twin(&self) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let producer = ClientConfig::new().set("bootstrap.servers", &cluster().bootstrap).create().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let twin = Self { prefix: self.prefix.clone(), folder, port, process: None, producer, position: self.position };
        twin.configure(&self.config().replace(&format!("127.0.0.1:{}", self.port), &format!("127.0.0.1:{port}")));
        twin
    }

    /// Makes topics of sources.
    pub async fn make(&self, names: &[&str]) {
        let bytes = SOURCE_BYTES_MAX.to_string();
        let topics: Vec<NewTopic<'_>> =
            names.iter().map(|topic| NewTopic::new(topic, 1, TopicReplication::Fixed(1)).set("max.message.bytes", &bytes)).collect();
        for made in admin().create_topics(&topics, &AdminOptions::new()).await.unwrap() {
            made.unwrap();
        }
    }

    pub async fn delete(&self, topic: &str) {
        admin().delete_topics(&[topic], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
    }

    /// Everything that is set of a topic and not left to the broker, and its number of partitions.
    pub async fn described(&self, topic: &str) -> Vec<String> {
        let found = admin().describe_configs(&[ResourceSpecifier::Topic(topic)], &AdminOptions::new()).await.unwrap().remove(0).unwrap();
        let set = found.entries.into_iter().filter(|entry| !entry.is_default);
        let mut all: Vec<String> = set.map(|entry| format!("{}={:?}", entry.name, entry.value)).collect();
        all.sort_unstable();
        let metadata = self.producer.client().fetch_metadata(Some(topic), WAIT).unwrap();
        all.push(format!("partitions={}", metadata.topics()[0].partitions().len()));
        all
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("waybill.toml")
    }

    pub fn config(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    /// From its next start on.
    pub fn configure(&self, config: &str) {
        std::fs::write(self.file(), config).unwrap();
    }

    /// `waybill check`
    pub fn check(&self) -> Output {
        command(&["check", "--config", self.file().to_str().unwrap()]).output().unwrap()
    }

    /// A command that asks the running Waybill, of somebody called kim: its exit code and what it prints.
    pub fn ask(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = command(arguments).env("WAYBILL_URL", format!("http://127.0.0.1:{}", self.port)).env("USER", "kim").output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    }

    /// `waybill run`
    pub fn start(&mut self, environment: &[(&str, &str)]) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let mut run = command(&["run", "--config", self.file().to_str().unwrap()]);
        run.envs(environment.iter().copied()).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(run.spawn().unwrap());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub fn signal(&self, name: &str) {
        let pid = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Its exit code; `None`: it runs on.
    pub fn ended(&mut self, limit: Duration) -> Option<i32> {
        let (process, begun) = (self.process.as_mut().unwrap(), Instant::now());
        loop {
            if let Some(status) = process.try_wait().unwrap() {
                return Some(status.code().unwrap_or(-1));
            }
            if begun.elapsed() > limit {
                return None;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it as an operator does.
    pub fn end(&mut self) -> Option<i32> {
        self.signal("-TERM");
        self.ended(END)
    }

    /// Status and body; 0 while nobody answers.
    pub fn get(&self, path: &str) -> (u16, String) {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        let answer = ask().unwrap_or_default();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, body.to_owned())
    }

    /// Waits until `/readyz` has this status and its body holds the text.
    pub fn until_ready_is(&mut self, status: u16, text: &str) {
        let begun = Instant::now();
        loop {
            let (found, body) = self.get("/readyz");
            if found == status && body.contains(text) {
                return;
            }
            if let Some(code) = self.ended(Duration::ZERO) {
                panic!("it ended with {code}: {}", self.log());
            }
            assert!(begun.elapsed() < Duration::from_secs(90), "not {status} with {text:?}, but {found}: {body}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Killed, as a machine that loses its power; and started again.
    pub fn kill_and_start(&mut self) {
        self.signal("-KILL");
        self.ended(END);
        self.start(&[]);
        self.ready();
    }

    pub fn ready(&mut self) {
        self.until_ready_is(200, "");
    }

    pub fn topic(&self, table: &str) -> String {
        format!("{}magento.shop.{table}", self.prefix)
    }

    pub fn send(&self, topic: &str, sent: Sent<'_>) {
        let mut record = BaseRecord::<[u8], [u8]>::to(topic);
        (record.key, record.payload, record.headers) = (sent.key, sent.value, sent.headers);
        self.producer.send(record).map_err(|(error, _)| error).unwrap();
    }

    pub fn flush(&self) {
        self.producer.flush(WAIT).unwrap();
    }

    /// A row of the shop, as Debezium's connector for MySQL tells it.
    pub fn row(&mut self, table: &str, id: u64, row: Value) {
        self.position += 300;
        let at = now_ms();
        let source = json!({
            "connector": "mysql", "name": "shop", "ts_ms": at, "snapshot": "false", "db": "shop", "table": table, "server_id": 1, "gtid": null,
            "file": "mysql-bin.000012", "pos": self.position, "row": 0
        });
        let value = json!({"before": null, "after": row, "source": source, "op": "c", "ts_ms": at}).to_string();
        let column = if table == "sales_order_item" { "item_id" } else { "entity_id" };
        let key = json!({column: id}).to_string();
        self.send(&self.topic(table), Sent { key: Some(key.as_bytes()), value: Some(value.as_bytes()), headers: None });
    }

    /// An order that is whole and paid: the ERP is asked to record it. Decimals as texts.
    pub fn place(&mut self, number: u64) {
        self.place_with(number, &|amount| Value::from(format!("{amount}.0000")));
        self.flush();
    }

    /// ... its decimals written by `decimal`, and not flushed.
    pub fn place_with(&mut self, number: u64, decimal: &dyn Fn(i64) -> Value) {
        let at = "2026-03-02T10:15:00Z";
        let (zero, twenty, one) = (decimal(0), decimal(20), decimal(1));
        self.row(
            "sales_order",
            number,
            json!({
                "entity_id": number, "state": "new", "status": "pending", "increment_id": format!("{number:09}"), "store_id": 1, "customer_id": null,
                "customer_is_guest": 1, "customer_email": format!("p{number}@example.com"), "order_currency_code": "GBP", "base_currency_code": "GBP",
                "subtotal": twenty, "discount_amount": zero, "shipping_amount": zero, "shipping_tax_amount": zero,
                "shipping_discount_amount": zero, "shipping_discount_tax_compensation_amount": zero, "tax_amount": zero, "grand_total": twenty,
                "total_paid": null, "total_qty_ordered": one, "total_item_count": 1, "is_virtual": 0, "shipping_method": "flatrate_flatrate",
                "relation_parent_id": null, "relation_child_id": null, "created_at": at, "updated_at": at
            }),
        );
        self.row(
            "sales_order_item",
            number * 10,
            json!({
                "item_id": number * 10, "order_id": number, "parent_item_id": null, "product_id": 9, "product_type": "simple", "sku": "TEE-1",
                "name": "Tee", "product_options": "{}", "is_virtual": 0, "qty_ordered": one, "qty_invoiced": zero, "qty_shipped": zero,
                "qty_refunded": zero, "qty_canceled": zero, "price": twenty, "original_price": twenty, "price_incl_tax": twenty, "row_total": twenty,
                "discount_amount": zero, "tax_amount": zero, "discount_tax_compensation_amount": zero, "weee_tax_applied_row_amount": null,
                "created_at": at, "updated_at": at
            }),
        );
        self.row(
            "sales_order_address",
            number * 10 + 1,
            json!({
                "entity_id": number * 10 + 1, "parent_id": number, "address_type": "shipping", "firstname": "A", "middlename": null, "lastname": "B",
                "company": null, "street": "1 Road", "city": "Town", "region": null, "postcode": "AB1 2CD", "country_id": "GB", "telephone": "0",
                "email": "p@example.com"
            }),
        );
        self.row(
            "sales_order_payment",
            number * 10 + 3,
            json!({
                "entity_id": number * 10 + 3, "parent_id": number, "method": "stripe", "amount_ordered": twenty, "amount_authorized": null,
                "amount_paid": twenty, "amount_canceled": null, "amount_refunded": null, "cc_trans_id": null, "last_trans_id": format!("ch_{number}")
            }),
        );
    }

    /// All that a reader of committed records finds in a topic of the application's, once there are `count` (or the time is over), and a moment on.
    pub fn said(&self, topic: &str, count: usize) -> Vec<TailRecord> {
        let name = format!("{}waybill.{topic}", self.prefix);
        let reader = TailReader::new(&cluster().bootstrap, &std::collections::BTreeMap::new(), &[&name]).unwrap();
        let (mut all, begun) = (Vec::new(), Instant::now());
        while all.len() < count && begun.elapsed() < WAIT {
            all.extend(reader.poll(Duration::from_millis(200)).unwrap());
        }
        all.extend(reader.poll(Duration::from_millis(700)).unwrap());
        all
    }

    /// The orders that the ERP was asked to record are these, each once.
    pub fn assert_asked(&self, orders: &[u64]) {
        let of = |record: TailRecord| -> u64 {
            let body: Value = serde_json::from_slice(&record.value.unwrap()).unwrap();
            body["order"].as_str().unwrap().rsplit('|').next().unwrap().parse().unwrap()
        };
        let mut asked: Vec<u64> = self.said("sales-orders", orders.len()).into_iter().map(of).collect();
        asked.sort_unstable();
        assert_eq!(asked, orders, "lost or asked twice\n{}", self.log());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // One that is stopped handles no other signal.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Headers of these names and values.
pub fn headers<'a>(all: impl Iterator<Item = (&'a str, Option<&'a [u8]>)>) -> OwnedHeaders {
    all.fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value }))
}
