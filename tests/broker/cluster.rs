//! One real Apache Kafka for all tests of this binary: started on free ports with a folder of its own, ended with the test process.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::proxy::Proxy;

pub struct Cluster {
    /// Straight to the broker.
    pub bootstrap: String,
    /// Through the proxy, which can lose what a test wants lost.
    pub proxied: String,
    pub proxy: Proxy,
    /// The broker's process.
    pub pid: u32,
    _guard: Child,
}

/// Sends the broker's process a signal.
pub fn signal(name: &str) {
    let done = Command::new("kill").args([name, &cluster().pid.to_string()]).status().unwrap();
    assert!(done.success());
}

/// The guard's end is the broker's end: it waits until its standard input closes, which happens when the test process goes, however it goes.
const GUARD: &str = r#"
dir=$1; shift
"$@" >"$dir/broker.log" 2>&1 </dev/null & broker=$!
echo $broker >"$dir/pid"
cat >/dev/null
kill -CONT $broker 2>/dev/null; kill $broker 2>/dev/null
for _ in $(seq 50); do kill -0 $broker 2>/dev/null || break; sleep 0.1; done
kill -9 $broker 2>/dev/null
rm -rf "$dir"
"#;

pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| start().expect("Kafka starts: Java 17 or newer, and Maven"))
}

fn start() -> std::io::Result<Cluster> {
    let dir = tempfile::Builder::new().prefix("waybill-broker-").tempdir()?.keep();
    let [plain, proxied, controller] = free_ports()?;
    let proxy = Proxy::start(proxied)?;
    let config = dir.join("server.properties");
    std::fs::File::create(&config)?.write_all(properties(&dir, plain, proxied, controller, proxy.port).as_bytes())?;
    let classes = format!("{}/*", jars()?.display());
    let format = Command::new("java")
        .args(["-cp", &classes, "kafka.tools.StorageTool", "format", "--standalone", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c"])
        .arg(&config)
        .output()?;
    assert!(format.status.success(), "{}{}", String::from_utf8_lossy(&format.stdout), String::from_utf8_lossy(&format.stderr));
    let guard = Command::new("sh")
        .args(["-c", GUARD, "guard"])
        .arg(&dir)
        .args(["java", "-Xmx512m", "-Xms256m", "-cp", &classes, "kafka.Kafka"])
        .arg(&config)
        .stdin(Stdio::piped())
        .spawn()?;
    wait_for(plain, &dir);
    let pid = std::fs::read_to_string(dir.join("pid"))?.trim().parse().expect("a process id");
    let proxied = format!("127.0.0.1:{}", proxy.port);
    Ok(Cluster { bootstrap: format!("127.0.0.1:{plain}"), proxied, proxy, pid, _guard: guard })
}

fn jars() -> std::io::Result<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/jars.sh");
    let output = Command::new(script).stderr(Stdio::inherit()).output()?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

fn free_ports<const N: usize>() -> std::io::Result<[u16; N]> {
    // Held together until all are chosen, so that they differ.
    let mut held = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

fn properties(dir: &Path, plain: u16, proxied: u16, controller: u16, proxy: u16) -> String {
    let dir = dir.display();
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAIN://127.0.0.1:{plain},PROXIED://127.0.0.1:{proxied},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAIN://127.0.0.1:{plain},PROXIED://127.0.0.1:{proxy},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=PLAIN:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAIN
log.dirs={dir}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
transactional.id.expiration.ms=12000
transaction.remove.expired.transaction.cleanup.interval.ms=1000
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
"
    )
}

fn wait_for(port: u16, dir: &Path) {
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "Kafka did not come up; see {}", dir.display());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Sets one setting of a topic, by Kafka's own tool.
pub fn alter(topic: &str, name: &str, value: &str) {
    let classes = format!("{}/*", jars().unwrap().display());
    let setting = format!("{name}={value}");
    let arguments = ["-cp", &classes, "kafka.admin.ConfigCommand", "--bootstrap-server", &cluster().bootstrap];
    let to = ["--alter", "--entity-type", "topics", "--entity-name", topic, "--add-config", &setting];
    let done = Command::new("java").args(arguments).args(to).output().unwrap();
    assert!(done.status.success(), "{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
}
