//! The whole process beside the cluster: odd records, wrong clocks, an operator's signals, and `waybill check`.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::signal;
use crate::daemon::{Daemon, END, Sent, headers};

/// The wall clock of a process of its own: ahead by as many seconds as a file says. Waits stay as they are.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
static long ahead(void) {
    char text[32] = {0};
    int file = open(getenv("CLOCK_FILE"), O_RDONLY);
    if (file < 0) return 0;
    long seconds = read(file, text, 31) > 0 ? atol(text) : 0;
    close(file);
    return seconds;
}
int clock_gettime(clockid_t id, struct timespec *t) {
    int result = syscall(SYS_clock_gettime, id, t);
    if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) t->tv_sec += ahead();
    return result;
}
int gettimeofday(struct timeval *restrict v, void *restrict zone) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    v->tv_sec = t.tv_sec;
    v->tv_usec = t.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *p) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (p) *p = t.tv_sec;
    return t.tv_sec;
}
int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until) {
    int (*wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *) = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    struct timespec t = *until;
    t.tv_sec -= ahead();
    return wait(c, m, &t);
}
int cnd_timedwait(cnd_t *restrict c, mtx_t *restrict m, const struct timespec *restrict until) {
    int (*wait)(cnd_t *, mtx_t *, const struct timespec *) = dlsym(RTLD_NEXT, "cnd_timedwait");
    struct timespec t = *until;
    t.tv_sec -= ahead();
    return wait(c, m, &t);
}
"#;

const DAY: i64 = 86_400;

/// Each of these has stopped somebody's consumer: bytes that are no text (apache/pinot#10931), values that do not fit their column
/// (memiiso/debezium-server-iceberg#691), other formats under the same name (apache/hudi#10142), nesting without end, names of headers that are no
/// UTF-8, headers by the thousand, a record of 9 MB.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn records_of_any_bytes_and_sizes_stop_nobody() {
    let mut daemon = Daemon::new("odd-records", &[]).await;
    daemon.start(&[]);
    daemon.ready();
    daemon.place(1);
    let topic = daemon.topic("sales_order");
    let deep = [b"{\"after\":".repeat(50_000), b"[".repeat(200_000)].concat();
    let large = [b"{\"op\":\"c\",\"after\":\"".to_vec(), vec![b'x'; 9 << 20], b"\"}".to_vec()].concat();
    let odd: [&[u8]; 12] = [
        b"\xff\xfe{\x00}\x00",
        b"\xc3\x28",
        b"{\"op\":\"c\",\"after\":{\"entity_id\":\"\xe9\"}}",
        b"\x00\x00\x00\x00\x07{\"op\":\"c\"}",
        b"\x00\x00\x00\x00\x07\x02\x06abc",
        b"",
        b"{\"op\":\"c\"",
        b"{\"op\":\"c\",\"source\":{\"connector\":\"mysql\",\"table\":\"sales_order\",\"file\":\"b.1\",\"pos\":1e400},\"after\":{}}",
        b"{\"op\":\"c\",\"source\":{\"connector\":\"mysql\",\"table\":\"sales_order\",\"file\":\"b.1\",\"pos\":1},\"after\":{\"entity_id\":NaN}}",
        b"\"a text\"",
        &deep,
        &large,
    ];
    let name: Vec<u8> = b"cafe".iter().map(|letter| letter | 0x80).collect();
    #[allow(unsafe_code)]
    // SAFETY: the text is only passed on to the binding, which copies the bytes of a header's name and asks nothing of them.
    let name = unsafe { std::str::from_utf8_unchecked(&name) };
    for value in odd {
        let bytes: [(&str, Option<&[u8]>); 3] = [(name, Some(b"\x00\xff")), ("", None), ("trace", Some(b"1"))];
        daemon.send(&topic, Sent { key: Some(b"\xff"), value: Some(value), headers: Some(headers(bytes.into_iter())) });
    }
    daemon.flush();
    let many: Vec<String> = (0..20_000).map(|number| format!("h{number}")).collect();
    let many = headers(many.iter().map(|name| (name.as_str(), Some(&b"v"[..]))));
    daemon.send(&topic, Sent { key: None, value: Some(b"{\"op\":\"x\"}"), headers: Some(many) });
    // A tombstone is none of them.
    daemon.send(&topic, Sent { key: Some(b"k"), value: None, headers: None });
    daemon.place(2);
    daemon.assert_asked(&[1, 2]);
    daemon.until_ready_is(200, "");
    let letters = daemon.said("dead-letters", odd.len() + 1);
    let of = |letter: &waybill::kafka::client::TailRecord, name: &str| {
        letter.headers.iter().find(|(found, _)| found == name).map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    for letter in &letters {
        println!("{:.200} ({} bytes)", of(letter, "waybill-error").unwrap(), letter.value.as_ref().map_or(0, Vec::len));
    }
    // An empty value is taken for a tombstone, or refused; both are right.
    assert!((odd.len()..=odd.len() + 1).contains(&letters.len()), "{} dead letters", letters.len());
    let cut: Vec<_> = letters.iter().filter(|letter| of(letter, "waybill-cut").is_some()).collect();
    assert_eq!(cut.len(), 1, "what is larger than a record may be is kept by its place and beginning");
    assert!(cut[0].value.as_ref().unwrap().starts_with(b"{\"op\":\"c\",\"after\":\"xxx"));
    // Whoever mends the cause can send the same again, header by header. `cafe` with its high bits set is e3 e1 e6 e5.
    let own: Vec<String> = letters.iter().filter_map(|letter| of(letter, "waybill-headers")).collect();
    let twelve = r#"[[{"base64":"4+Hm5Q=="},{"base64":"AP8="}],["",null],["trace","1"]]"#;
    assert_eq!(own.iter().filter(|text| *text == twelve).count(), letters.len() - 1, "{own:.300?}");
    let many: Vec<Value> =
        own.iter().map(|text| serde_json::from_str(text).unwrap()).filter(|list: &Value| list.as_array().unwrap().len() > 3).collect();
    assert_eq!(many.len(), 1);
    assert_eq!((many[0].as_array().unwrap().len(), &many[0][19_999]), (20_000, &json!(["h19999", "v"])));
    for bytes in &odd[..11] {
        let same = letters.iter().any(|letter| letter.value.as_deref() == Some(*bytes) && letter.key.as_deref() == Some(b"\xff"));
        assert!(same || bytes.is_empty(), "{:.80?} is kept as it was", String::from_utf8_lossy(bytes));
    }
    assert_eq!(daemon.end(), Some(0));
}

/// The broker's clock is right. A process that is two hours off is not ready and says so; nothing that comes meanwhile is lost or dated wrong.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_clock_that_is_wrong_at_the_start_or_jumps_is_named_and_waited_for() {
    let mut daemon = Daemon::new("wrong-clock", &[]).await;
    let folder = daemon.folder.path().to_owned();
    let (source, library, file) = (folder.join("clock.c"), folder.join("clock.so"), folder.join("seconds"));
    std::fs::write(&source, CLOCK).unwrap();
    let built = Command::new("cc").args(["-O2", "-shared", "-fPIC", "-o"]).args([&library, &source]).arg("-ldl").status().unwrap();
    assert!(built.success());
    let set = |seconds: i64| std::fs::write(&file, seconds.to_string()).unwrap();
    set(7_200);
    let clock = [("LD_PRELOAD", library.to_str().unwrap()), ("CLOCK_FILE", file.to_str().unwrap())];
    daemon.start(&clock);
    daemon.until_ready_is(503, "2 h 0 min ahead of the broker's");
    daemon.place(1);
    set(0);
    daemon.ready();
    daemon.assert_asked(&[1]);
    for seconds in [400 * DAY, -3_600] {
        set(seconds);
        daemon.until_ready_is(503, "clock");
        daemon.place(if seconds > 0 { 2 } else { 3 });
        // Long enough for many epochs.
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(daemon.get("/readyz").0, 503);
        set(0);
        daemon.ready();
    }
    daemon.assert_asked(&[1, 2, 3]);
    assert_eq!(daemon.end(), Some(0));
    // Neither has left a tick in the future.
    daemon.start(&[]);
    daemon.ready();
    daemon.place(4);
    daemon.assert_asked(&[1, 2, 3, 4]);
    assert_eq!(daemon.end(), Some(0));
    // While it waits for a right clock an operator can end it.
    set(7_200);
    daemon.start(&clock);
    daemon.until_ready_is(503, "ahead of the broker's");
    assert!(matches!(daemon.end(), Some(0 | 72)), "{}", daemon.log());
}

/// Unscaled bytes with another scale than the columns have: `check` looks at real records before anything is started.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn check_reads_real_records_and_doubts_a_scale_that_makes_prices_absurd() {
    let mut daemon = Daemon::new("scales", &[("decimals = \"text\"", "decimals = \"base64\"")]).await;
    let unscaled = |amount: i64, scale: u32| {
        let bytes = (amount * 10_i64.pow(scale)).to_be_bytes();
        // Big-endian, base64: eight bytes are ten letters and a sign.
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let number = chunk.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
            for place in 0..4 {
                let letter = letters[(number >> (18 - 6 * place) & 63) as usize] as char;
                text.push(if place > chunk.len() { '=' } else { letter });
            }
        }
        Value::from(text)
    };
    let said = |daemon: &Daemon| {
        let checked = daemon.check();
        let text = String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
        (checked.status.code(), text)
    };
    for number in 1..=20 {
        daemon.place_with(number, &|amount| unscaled(amount, 4));
    }
    daemon.flush();
    let (code, text) = said(&daemon);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("0 cannot be read") && !text.contains("doubt"), "{text}");
    // Each topic's newest 200 records are looked at.
    for number in 101..=320 {
        daemon.place_with(number, &|amount| unscaled(amount, 6));
    }
    daemon.flush();
    let (code, text) = said(&daemon);
    assert!(text.contains("scale"), "{code:?}: {text}");
    daemon.send(&daemon.topic("sales_order"), Sent { key: None, value: Some(b"no JSON"), headers: None });
    daemon.flush();
    let (_, text) = said(&daemon);
    assert!(text.contains("1 cannot be read") && text.contains("sales_order[0]@"), "{text}");
}

/// An operator ends it while the only broker stands still, with an epoch under way: it ends in time, and nothing is lost.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn sigterm_in_the_middle_of_an_outage_ends_in_time_and_loses_nothing() {
    let mut daemon = Daemon::new("term-in-outage", &[]).await;
    daemon.start(&[]);
    daemon.ready();
    daemon.place(1);
    daemon.assert_asked(&[1]);
    daemon.place(2);
    signal("-STOP");
    std::thread::sleep(Duration::from_millis(500));
    let begun = std::time::Instant::now();
    let code = daemon.end();
    let took = begun.elapsed();
    signal("-CONT");
    println!("ended with {code:?} after {took:?}");
    assert!(took < END && matches!(code, Some(0 | 72)), "{code:?} after {took:?}: {}", daemon.log());
    daemon.place(3);
    daemon.start(&[]);
    daemon.ready();
    daemon.assert_asked(&[1, 2, 3]);
    assert_eq!(daemon.end(), Some(0));
}
