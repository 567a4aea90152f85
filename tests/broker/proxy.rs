//! Stands between client and broker, knows Kafka's frames, and loses the end of a transaction on request.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

const INIT_PRODUCER_ID: i16 = 22;
const END_TXN: i16 = 26;

/// What becomes of EndTxn requests, until a producer is initialised anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Lose {
    Nothing,
    /// It never reaches the broker.
    Request,
    /// The broker carries it out; its answer, and all after it on that connection, is lost.
    Answer,
    /// As `Request`, and kept, to arrive late.
    Hold,
}

#[derive(Clone)]
pub struct Proxy {
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    lose: AtomicU8,
    lost: AtomicUsize,
    held: Mutex<Vec<Vec<u8>>>,
    broker: u16,
}

impl Proxy {
    pub fn start(broker: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared { lose: AtomicU8::new(0), lost: AtomicUsize::new(0), held: Mutex::default(), broker });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                thread::spawn(move || drop(connect(client, &shared)));
            }
        });
        Ok(Self { port, shared })
    }

    pub fn lose(&self, what: Lose) {
        self.shared.lost.store(0, Ordering::SeqCst);
        self.shared.lose.store(what as u8, Ordering::SeqCst);
    }

    /// How many EndTxn requests were lost, or their answers.
    pub fn lost(&self) -> usize {
        self.shared.lost.load(Ordering::SeqCst)
    }

    /// Delivers what was held, on a connection of its own, and returns the broker's error codes.
    pub fn deliver_held(&self) -> Vec<i16> {
        let held = std::mem::take(&mut *self.shared.held.lock().unwrap());
        held.iter().map(|frame| deliver(self.shared.broker, frame).expect("the broker answers")).collect()
    }
}

fn connect(mut client: TcpStream, shared: &Arc<Shared>) -> std::io::Result<()> {
    let mut broker = TcpStream::connect(("127.0.0.1", shared.broker))?;
    client.set_nodelay(true)?;
    broker.set_nodelay(true)?;
    let (mut answers, mut back) = (broker.try_clone()?, client.try_clone()?);
    let muted = Arc::new(AtomicBool::new(false));
    let is_muted = Arc::clone(&muted);
    thread::spawn(move || -> std::io::Result<()> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = answers.read(&mut buffer)?;
            if read == 0 {
                return back.shutdown(std::net::Shutdown::Both);
            }
            if !is_muted.load(Ordering::SeqCst) {
                back.write_all(&buffer[..read])?;
            }
        }
    });
    loop {
        let Ok(frame) = read_frame(&mut client) else { return broker.shutdown(std::net::Shutdown::Both) };
        if is_passed(&frame, shared, &muted) {
            broker.write_all(&frame)?;
        }
    }
}

fn is_passed(frame: &[u8], shared: &Shared, muted: &AtomicBool) -> bool {
    let key = i16::from_be_bytes([frame[4], frame[5]]);
    if key == INIT_PRODUCER_ID {
        shared.lose.store(Lose::Nothing as u8, Ordering::SeqCst);
    }
    let lose = shared.lose.load(Ordering::SeqCst);
    if key != END_TXN || lose == Lose::Nothing as u8 {
        return true;
    }
    shared.lost.fetch_add(1, Ordering::SeqCst);
    if lose == Lose::Hold as u8 {
        shared.held.lock().unwrap().push(frame.to_vec());
    }
    muted.fetch_or(lose == Lose::Answer as u8, Ordering::SeqCst);
    lose == Lose::Answer as u8
}

/// A frame with its length before it.
fn read_frame(from: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut frame = length.to_vec();
    frame.resize(4 + u32::from_be_bytes(length) as usize, 0);
    from.read_exact(&mut frame[4..])?;
    Ok(frame)
}

/// EndTxn's answer: correlation id, (from version 3 an empty tag field,) throttle time, error code.
fn deliver(broker: u16, frame: &[u8]) -> std::io::Result<i16> {
    let version = i16::from_be_bytes([frame[6], frame[7]]);
    let mut stream = TcpStream::connect(("127.0.0.1", broker))?;
    stream.write_all(frame)?;
    let answer = read_frame(&mut stream)?;
    let at = if version >= 3 { 4 + 4 + 1 + 4 } else { 4 + 4 + 4 };
    Ok(i16::from_be_bytes([answer[at], answer[at + 1]]))
}
