"""Real servers on loopback, without containers: Apache Kafka (KRaft), MariaDB, PostgreSQL, Kafka Connect with Debezium, Apicurio Registry.

Each object starts one server in a folder of its own, on ports that were free a moment ago, and stops just what it started.
"""

import atexit
import base64
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
import uuid
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def free_ports(n):
    """Ports that nothing listens on now. They are held open together, so that they differ."""
    held = [socket.socket() for _ in range(n)]
    for s in held:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def jars(profile):
    """The folder with a profile's jars: fetched by Maven when it is not there."""
    return subprocess.check_output([str(HERE / "jars.sh"), profile], text=True).strip()


def wait_for(what, ready, seconds=240, process=None, log=None):
    """Asks `ready` until it is true. Fails at once when the process has ended, and shows the end of its log."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process is not None and process.poll() is not None:
            break
        try:
            if ready():
                return
        except Exception:  # not there yet: asked again until the time is over
            pass
        time.sleep(0.1)
    tail = pathlib.Path(log).read_text(errors="replace")[-3000:] if log else ""
    raise SystemExit(f"{what} did not come up\n{tail}")


def port_open(port):
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


def cluster_id():
    """A random one, as Kafka writes them."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


class Server:
    """A process with a log of its own."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / f"{name}.log"
        self.process = None
        # Whatever ends the run, no server stays behind.
        atexit.register(self.stop)

    def spawn(self, command, **options):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **options)

    def stop(self, seconds=20):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


@dataclass(frozen=True)
class Progress:
    """How far a group has come in a partition; `at` is None where it has committed nothing."""

    topic: str
    partition: int
    at: int | None
    end: int

    def __str__(self):
        return f"{self.topic}[{self.partition}] ({self.at} of {self.end})"


class Kafka(Server):
    """One node, broker and controller. Settings in `settings` go into its properties."""

    def __init__(self, folder, settings=None):
        super().__init__("kafka", folder)
        self.port, controller = free_ports(2)
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.classpath = f"{jars('kafka')}/*"
        properties = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": str(self.folder / "data"),
            "num.partitions": "1",
            # One node: internal topics can't be replicated, and groups needn't wait for company.
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.num.partitions": "4",
            "transaction.state.log.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            "auto.create.topics.enable": "true",
            # The loaded records are of days long past: retention would delete them at once.
            "log.retention.ms": "-1",
        }
        properties.update(settings or {})
        self.properties = self.folder / "server.properties"
        self.properties.write_text("".join(f"{k}={v}\n" for k, v in properties.items()))
        self.java("kafka.tools.StorageTool", "format", "--standalone", f"--cluster-id={cluster_id()}", "-c", str(self.properties))
        self.start()

    def start(self):
        # A small heap: the machine is shared with what is measured. Its log tells what it thought of a client, where a run fails.
        self.spawn(["java", "-Xmx1g", "-Xms512m", self._log4j("broker", "info"), "-cp", self.classpath, "kafka.Kafka", str(self.properties)])
        wait_for("Kafka", lambda: port_open(self.port), process=self.process, log=self.log)

    def java(self, tool, *arguments):
        """Runs one of Kafka's own tools and gives what it printed."""
        result = subprocess.run(self._tool(tool, *arguments), capture_output=True, text=True)
        if result.returncode != 0:
            raise SystemExit(f"{tool} {' '.join(arguments)} failed:\n{result.stdout}\n{result.stderr}")
        return result.stdout

    def _tool(self, tool, *arguments):
        return ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", self._log4j("tools", "error"), "-cp", self.classpath, tool, *arguments]

    def _log4j(self, name, level):
        """Java's option: what is logged from `level` on goes to standard error. Without a configuration log4j writes errors alone, to standard output,
        among the records."""
        log = self.folder / f"{name}-log4j2.properties"
        log.write_text(
            "appender.c.type=Console\nappender.c.name=c\nappender.c.target=SYSTEM_ERR\nappender.c.layout.type=PatternLayout\n"
            f"appender.c.layout.pattern=%d{{ISO8601}} %p %c{{1}}: %m%n\nrootLogger.level={level}\nrootLogger.appenderRef.c.ref=c\n"
        )
        return f"-Dlog4j2.configurationFile={log}"

    def log_tail(self, bytes=3000):
        """The end of the broker's log."""
        return self.log.read_text(errors="replace")[-bytes:]

    def members(self, group):
        """Whom the broker has as the group's members, in what state, with which partitions; or why it does not say."""
        tool = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
        said = []
        for what in (["--state"], ["--members", "--verbose"]):
            command = self._tool(tool, "--bootstrap-server", self.bootstrap, "--timeout", "10000", "--describe", "--group", group, *what)
            result = subprocess.run(command, capture_output=True, text=True)
            said.append(f"{result.stdout}{result.stderr[-1000:]}")
        return "".join(said)

    def create(self, *topics, partitions=1):
        """Creates topics: a process of Kafka's tool for each, as it takes one at a time."""
        for topic in topics:
            self.java(
                "org.apache.kafka.tools.TopicCommand", "--bootstrap-server", self.bootstrap, "--create", "--if-not-exists",
                "--topic", topic, "--partitions", str(partitions),
            )

    def ends(self, pattern):
        """The ends of all partitions whose topics match: (topic, partition) -> offset of the next record."""
        out = self.java("org.apache.kafka.tools.GetOffsetShell", "--bootstrap-server", self.bootstrap, "--topic-partitions", pattern)
        lines = (line.rsplit(":", 2) for line in out.split())
        return {(topic, int(partition)): int(end) for topic, partition, end in lines}

    def progress(self, group):
        """What a group has committed, partition by partition."""
        out = self.java(
            "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--bootstrap-server", self.bootstrap, "--describe", "--group", group
        )
        rows = (line.split()[1:5] for line in out.splitlines() if line.split()[:1] == [group])
        return [Progress(topic, int(partition), None if at == "-" else int(at), int(end)) for topic, partition, at, end in rows]

    def read(self, pattern, output, seconds=60):
        """Kafka's own console consumer on all topics that match, read-committed, from the beginning to the end, one line a record:
        partition, offset, headers, key, value, separated by tabs (the tool does not print the topic).

        It stops when nothing came for a while. That it did read to the end is asked of the broker: its group must stand at the end of each
        partition, else it goes on from there.
        """
        group = f"read-{pathlib.Path(output).stem}"
        until = time.monotonic() + seconds
        pathlib.Path(output).unlink(missing_ok=True)
        while True:
            with open(output, "ab") as out, open(self.folder / f"{group}.log", "ab") as log:
                subprocess.run(self._consumer(pattern, group, "--timeout-ms", "2500"), stdout=out, stderr=log, stdin=subprocess.DEVNULL, check=True)
            at = {(partition.topic, partition.partition): partition.at for partition in self.progress(group)}
            behind = [place for place, end in self.ends(pattern).items() if end and at.get(place) != end]
            if not behind:
                return output
            if time.monotonic() > until:
                raise SystemExit(f"the console consumer did not come to the end of {behind}")

    def listen(self, pattern, output):
        """The same, going on until it is stopped."""
        server = Server("listener", self.folder)
        with open(output, "wb") as out, open(server.log, "ab") as log:
            command = self._consumer(pattern, "listener", "--command-property", "metadata.max.age.ms=1000")
            server.process = subprocess.Popen(command, stdout=out, stderr=log, stdin=subprocess.DEVNULL)
        return server

    def _consumer(self, pattern, group, *more):
        shown = [f"print.{name}=true" for name in ("partition", "offset", "headers", "key")]
        shown += ["headers.separator=\x1f", "null.literal=\x1e"]
        return self._tool(
            "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", self.bootstrap, "--include", pattern, "--from-beginning",
            "--group", group, "--command-property", "isolation.level=read_committed", *more,
            *(word for name in shown for word in ("--formatter-property", name)),
        )


def daemon_path(name):
    """Debian keeps daemons where an ordinary user's path does not lead."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin") or name


class MariaDb(Server):
    """A server with row binlog and one database, loaded from a file."""

    def __init__(self, folder, database, schema):
        super().__init__("mariadb", folder)
        (self.port,) = free_ports(1)
        self.socket = self.folder / "mariadb.sock"
        self.database = database
        user = subprocess.check_output(["id", "-un"], text=True).strip()
        data = self.folder / "mariadb-data"
        with open(self.log, "ab") as log:
            subprocess.run(
                ["mariadb-install-db", "--no-defaults", f"--user={user}", "--auth-root-authentication-method=normal", f"--datadir={data}"],
                stdout=log, stderr=log, check=True,
            )
        self.spawn(
            [daemon_path("mariadbd"), "--no-defaults", f"--user={user}", f"--datadir={data}", f"--socket={self.socket}", f"--port={self.port}",
             "--bind-address=127.0.0.1", "--server-id=1", "--log-bin=bin", "--binlog-format=ROW", "--binlog-row-image=FULL",
             "--default-time-zone=+00:00"]
        )
        wait_for("MariaDB", lambda: self._client("SELECT 1") is not None, process=self.process, log=self.log)
        host = socket.gethostname()
        # Anonymous users would shadow a named one on loopback.
        self._client(
            f"DROP USER IF EXISTS ''@'localhost'; DROP USER IF EXISTS ''@'{host}'; CREATE DATABASE {database};"
            "CREATE USER live@'%' IDENTIFIED BY 'live'; GRANT ALL ON *.* TO live@'%'; FLUSH PRIVILEGES"
        )
        self.sql(pathlib.Path(schema).read_text())

    def _client(self, statements, *options):
        result = subprocess.run(
            ["mariadb", "--no-defaults", f"--socket={self.socket}", "-u", "root", "-N", "-B", *options], input=statements, capture_output=True, text=True
        )
        if result.returncode != 0:
            raise RuntimeError(result.stderr)
        return result.stdout

    def sql(self, statements):
        """Runs statements in the database and gives the rows, tab separated."""
        return self._client(statements, self.database)


def converters(registry, more=""):
    """The worker's properties of both converters: JSON without schemas, or Avro with those of the registry."""
    if registry is None:
        return "".join(
            f"{part}.converter=org.apache.kafka.connect.json.JsonConverter\n{part}.converter.schemas.enable=false\n" for part in ("key", "value")
        )
    lines = ("", ".apicurio.registry.url=" + registry.own_url, ".apicurio.registry.auto-register=true", *more.split())
    name = "io.apicurio.registry.utils.converter.AvroConverter"
    return "".join(f"{part}.converter{line or '=' + name}\n" for part in ("key", "value") for line in lines)


class Connect(Server):
    """Kafka Connect, standalone, with Debezium's MariaDB connector on one database. With a registry its records are in Avro."""

    def __init__(self, folder, kafka, mariadb, prefix, tables, registry=None):
        connector = (
            "name=magento\nconnector.class=io.debezium.connector.mariadb.MariaDbConnector\ntasks.max=1\n"
            f"topic.prefix={prefix}\ndatabase.hostname=127.0.0.1\ndatabase.port={mariadb.port}\ndatabase.user=live\ndatabase.password=live\n"
            f"database.ssl.mode=disable\ndatabase.server.id=5401\ndatabase.include.list={mariadb.database}\n"
            f"table.include.list={','.join(f'{mariadb.database}.{t}' for t in tables)}\n"
            f"decimal.handling.mode={'string' if registry is None else 'precise'}\nsnapshot.mode=initial\npoll.interval.ms=50\n"
            f"schema.history.internal.kafka.bootstrap.servers={kafka.bootstrap}\nschema.history.internal.kafka.topic={prefix}.schema-history\n"
            "include.schema.changes=false\n"
        )
        self.start("connect", folder, kafka, connector, converters(registry, ".apicurio.registry.as-confluent=true"), registry is not None)

    def start(self, name, folder, kafka, connector, worker, in_avro):
        super().__init__(name, folder)
        (self.port,) = free_ports(1)
        adjusted = "schema.name.adjustment.mode=avro\n" if in_avro else ""
        (self.folder / f"{name}.worker.properties").write_text(
            f"bootstrap.servers={kafka.bootstrap}\n{worker}"
            f"offset.storage.file.filename={self.folder / f'{name}.offsets'}\noffset.flush.interval.ms=1000\n"
            f"listeners=http://127.0.0.1:{self.port}\n"
        )
        (self.folder / f"{name}.properties").write_text(connector + adjusted)
        classpath = ":".join(f"{jars(profile)}/*" for profile in ("connect", *(["avro"] if in_avro else [])))
        files = [str(self.folder / f"{name}.worker.properties"), str(self.folder / f"{name}.properties")]
        self.spawn(["java", "-Xmx512m", "-cp", classpath, "org.apache.kafka.connect.cli.ConnectStandalone", *files])
        wait_for("Kafka Connect", lambda: port_open(self.port), process=self.process, log=self.log)

    def wait_streaming(self):
        """Until the connector has ended its snapshot and follows the binlog: what is written from now on comes as changes."""
        wait_for("Debezium's stream", lambda: "INFO: Connected to" in self.log.read_text(errors="replace"), process=self.process, log=self.log)


class PgConnect(Connect):
    """Kafka Connect with Debezium's PostgreSQL connector on one table: rows flattened, in Avro, the ids of their schemas in headers."""

    def __init__(self, folder, kafka, postgres, prefix, table, registry):
        connector = (
            "name=postgres\nconnector.class=io.debezium.connector.postgresql.PostgresConnector\ntasks.max=1\nplugin.name=pgoutput\n"
            f"topic.prefix={prefix}\ndatabase.hostname=127.0.0.1\ndatabase.port={postgres.port}\ndatabase.user=postgres\ndatabase.password=x\n"
            f"database.dbname={postgres.database}\ntable.include.list={table}\nsnapshot.mode=initial\npoll.interval.ms=50\n"
            "transforms=unwrap\ntransforms.unwrap.type=io.debezium.transforms.ExtractNewRecordState\n"
            "transforms.unwrap.delete.tombstone.handling.mode=rewrite\n"
            "transforms.unwrap.add.fields=op,table,source.ts_ms,source.sequence,source.lsn\n"
        )
        self.start("pg-connect", folder, kafka, connector, converters(registry, ".apicurio.registry.headers.enabled=true"), True)


class Postgres(Server):
    """A server with logical decoding and one database."""

    BINARIES = "/usr/lib/postgresql"

    def __init__(self, folder, database, schema):
        super().__init__("postgres", folder)
        (self.port,) = free_ports(1)
        self.database = database
        binaries = max(pathlib.Path(self.BINARIES).glob("*/bin"))
        # The server refuses to run as root.
        self.user = ["runuser", "-u", "postgres", "--"] if subprocess.check_output(["id", "-u"], text=True).strip() == "0" else []
        data = pathlib.Path(tempfile.mkdtemp(prefix="waybill-postgres-"))
        atexit.register(shutil.rmtree, data, ignore_errors=True)
        if self.user:
            shutil.chown(data, "postgres")
        with open(self.log, "ab") as log:
            subprocess.run([*self.user, binaries / "initdb", "-D", data / "data", "-U", "postgres", "-A", "trust"], stdout=log, stderr=log, check=True, cwd=data)
        options = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": data, "wal_level": "logical", "fsync": "off"}
        given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self.spawn([*self.user, binaries / "postgres", "-D", data / "data", *given], cwd=data)
        wait_for("PostgreSQL", lambda: self._client("postgres", "SELECT 1") is not None, process=self.process, log=self.log)
        self._client("postgres", f"CREATE DATABASE {database}")
        self.sql(schema)

    def _client(self, database, statements):
        result = subprocess.run(
            ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-Atq"],
            input=statements, capture_output=True, text=True,
        )
        if result.returncode != 0:
            raise RuntimeError(result.stderr)
        return result.stdout

    def sql(self, statements):
        """Runs statements in the database."""
        return self._client(self.database, statements)

    def connect(self, folder, kafka, prefix, table, registry):
        return PgConnect(folder, kafka, self, prefix, table, registry)


class Registry(Server):
    """Apicurio Registry, its schemas in memory. `url` is Confluent's API, `own_url` its own."""

    def __init__(self, folder):
        super().__init__("registry", folder)
        (self.port,) = free_ports(1)
        base = f"http://127.0.0.1:{self.port}/apis"
        self.url, self.own_url = f"{base}/ccompat/v7", f"{base}/registry/v2"
        home = self.folder / "registry"
        (archive,) = pathlib.Path(jars("registry")).glob("*.tar.gz")
        home.mkdir()
        subprocess.run(["tar", "-xzf", archive, "-C", home], check=True)
        (runner,) = [*home.rglob("*runner.jar"), *home.rglob("quarkus-run.jar")][:1]
        # It wants a newer Java than Kafka's tools run on.
        java = max((path for path in pathlib.Path("/usr/lib/jvm").glob("*/bin/java")), key=java_version)
        settings = {"quarkus.http.host": "127.0.0.1", "quarkus.http.port": self.port, "apicurio.ccompat.legacy-id-mode.enabled": "true"}
        self.spawn([java, "-Xmx512m", *(f"-D{name}={value}" for name, value in settings.items()), "-jar", runner])
        wait_for("Apicurio Registry", lambda: self.subjects() is not None, process=self.process, log=self.log)

    def subjects(self):
        with urllib.request.urlopen(f"{self.url}/subjects", timeout=5) as answer:
            return json.load(answer)


def java_version(path):
    said = subprocess.run([path, "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found.group(1)) if found else 0


def scratch(name):
    """An empty folder under target/."""
    folder = ROOT / "target" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
