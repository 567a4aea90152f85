//! The simulated retailer's native records, for benches: made once by playing its days in memory, then kept in a file under `target/`.
//!
//! Only topics that Waybill reads, in the order in which the systems wrote. The file's name holds a digest of the retailer's sources, so that
//! another retailer makes another file.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use waybill::config::Config;
use waybill::retailer::demo::Play;
use waybill::retailer::{Settings, SourceRecord, setup};
use xxhash_rust::xxh3::Xxh3;

const SEED: u64 = 1;

/// A record as a system wrote it.
#[derive(Clone, Copy, Debug)]
pub struct Native<'a> {
    /// The topic's place in [`Input::topics`].
    pub topic: u16,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
}

/// The records of a run, in order.
pub struct Input {
    /// As the configuration names them: the order of `Record::topic_index`.
    pub topics: Arc<[Arc<str>]>,
    bytes: Vec<u8>,
    pub records: usize,
}

impl Input {
    /// The records of so many orders: from the file, or played now.
    pub fn of(orders: u32) -> Self {
        let config = config("in-memory:0");
        let topics: Arc<[Arc<str>]> = config.source_topics().map(|(topic, _)| topic.into()).collect();
        let path = target().join(format!("bench-input-{orders}-{:016x}.bin", digest_of_the_retailer()));
        let bytes = fs::read(&path).unwrap_or_else(|_| {
            let bytes = play(orders, &topics);
            fs::create_dir_all(target()).unwrap();
            // Under another name until it is whole.
            let part = path.with_extension("part");
            fs::File::create(&part).unwrap().write_all(&bytes).unwrap();
            fs::rename(part, &path).unwrap();
            bytes
        });
        Self::from(topics, bytes)
    }

    /// The records of such a file, which another commit may have made. Its topics are those of [`config`].
    pub fn read(path: impl AsRef<Path>) -> Self {
        let topics = config("in-memory:0").source_topics().map(|(topic, _)| topic.into()).collect();
        Self::from(topics, fs::read(path).unwrap())
    }

    fn from(topics: Arc<[Arc<str>]>, bytes: Vec<u8>) -> Self {
        let mut input = Self { topics, bytes, records: 0 };
        input.records = input.iter().count();
        input
    }

    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = Native<'_>> {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || (!rest.is_empty()).then(|| read(&mut rest)))
    }
}

/// The configuration that fits the retailer.
pub fn config(bootstrap: &str) -> Config {
    setup::Setup::new(bootstrap).config().unwrap()
}

/// Beside the folder of what this very program was built into.
fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists()).unwrap_or(Path::new("target")).to_path_buf()
}

fn digest_of_the_retailer() -> u64 {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut paths = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/retailer"), &mut paths);
    paths.sort();
    let mut hash = Xxh3::new();
    paths.iter().for_each(|path| hash.update(&fs::read(path).unwrap()));
    hash.digest()
}

fn play(orders: u32, topics: &[Arc<str>]) -> Vec<u8> {
    eprintln!("playing {orders} orders in memory, once");
    let kept = Arc::new(Mutex::new(Vec::new()));
    let (keep, topics) = (Arc::clone(&kept), topics.to_vec());
    let spy = Box::new(move |record: &SourceRecord| {
        if let Some(topic) = topics.iter().position(|topic| **topic == *record.topic) {
            write(&mut keep.lock().unwrap(), topic as u16, record);
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut play = Play::begin(Settings::new(SEED, orders)).await.unwrap().with_spy(spy);
        let facts = play.run(|_| ()).await.unwrap();
        assert!(facts.failures.is_empty(), "the demo holds");
    });
    std::mem::take(&mut *kept.lock().unwrap())
}

const NONE: u32 = u32::MAX;

fn write(out: &mut Vec<u8>, topic: u16, record: &SourceRecord) {
    out.extend(topic.to_le_bytes());
    out.extend(record.timestamp.0.to_le_bytes());
    for part in [&record.key, &record.value] {
        out.extend(part.as_ref().map_or(NONE, |part| part.len() as u32).to_le_bytes());
        out.extend(part.iter().flatten());
    }
}

fn read<'a>(rest: &mut &'a [u8]) -> Native<'a> {
    fn part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
        let len = u32::from_le_bytes(rest.split_off(..4).unwrap().try_into().unwrap());
        (len != NONE).then(|| rest.split_off(..len as usize).unwrap())
    }
    let topic = u16::from_le_bytes(rest.split_off(..2).unwrap().try_into().unwrap());
    let timestamp = i64::from_le_bytes(rest.split_off(..8).unwrap().try_into().unwrap());
    Native { topic, timestamp, key: part(rest), value: part(rest) }
}
