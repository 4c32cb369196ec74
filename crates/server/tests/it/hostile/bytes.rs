//! Frames that nobody's editor sends. What each does to yrs 0.28.1 alone is said where it is known.

use shared::sync::{CloseCode, Frame};

/// How the server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// The connection is closed.
    Closed(CloseCode),
    /// The update is refused by this name, and the connection goes on.
    Refused(&'static str),
    /// It means nothing, and the connection goes on.
    Nothing,
}

/// One frame, and what comes of it.
pub struct Attack {
    pub name: &'static str,
    pub frame: Vec<u8>,
    pub ends: Ends,
}

const MALFORMED: Ends = Ends::Closed(CloseCode::Malformed);

/// 2^28: as a count it takes half a gigabyte.
const MANY: [u8; 5] = [0x80, 0x80, 0x80, 0x80, 0x01];

/// The client of all forged structs.
const FORGER: u8 = 77;

pub fn var(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// All attacks of one frame; `victim` is the Yjs client of somebody who has written in the room.
pub fn attacks(victim: u64) -> Vec<Attack> {
    let mut all = values();
    all.extend(counts());
    all.extend(clocks(victim));
    all.extend(links(victim));
    all.extend(frames());
    all
}

fn update(name: &'static str, bytes: Vec<u8>, ends: Ends) -> Attack {
    Attack { name, frame: Frame::Update(&bytes).encode(), ends }
}

/// One item in the notes with this content.
fn item(content: &[u8]) -> Vec<u8> {
    let kind = content[0];
    [&[1, 1, FORGER, 0, kind, 1, 5], &b"notes"[..], &content[1..], &[0]].concat()
}

fn values() -> Vec<Attack> {
    let nested = |depth| item(&[&[8, 1][..], &[117, 1].repeat(depth), &[126]].concat());
    let maps = item(&[&[8, 1][..], &[118, 1, 0].repeat(3_000), &[126]].concat());
    let brackets = "[".repeat(100_000);
    let json = item(&[&[5][..], &var(brackets.len() as u64), brackets.as_bytes()].concat());
    let format = item(&[&[6, 1, b'b'][..], &var(brackets.len() as u64), brackets.as_bytes()].concat());
    let integer = item(&[&[8, 1, 125][..], &[0xff; 12], &[0]].concat());
    vec![
        // Ends the process: the stack overflows.
        update("arrays nested 6,200 deep (12.4 KB)", nested(6_200), MALFORMED),
        update("arrays nested 500,000 deep", nested(500_000), MALFORMED),
        update("arrays nested one deeper than is allowed", nested(65), MALFORMED),
        update("maps nested 3,000 deep", maps, MALFORMED),
        update("JSON nested 100,000 deep in an embed", json, MALFORMED),
        update("JSON nested 100,000 deep in a format", format, MALFORMED),
        update("an integer of 90 bits", integer, MALFORMED),
        update("text that is not UTF-8", item(&[4, 2, 0xc3, 0x28]), MALFORMED),
        update("content without a unit", item(&[4, 0]), MALFORMED),
        update("an unknown kind of content", item(&[17, 0]), MALFORMED),
        update("a document inside the document", item(&[9, 1, b'd', 118, 0]), MALFORMED),
    ]
}

fn counts() -> Vec<Attack> {
    let step_1 = |name, vector: &[u8]| Attack { name, frame: Frame::Step1(vector).encode(), ends: MALFORMED };
    let awareness = |name, update: &[u8]| Attack { name, frame: Frame::Awareness(update).encode(), ends: MALFORMED };
    vec![
        // Each takes half a gigabyte, and a viewer can send the state vectors and the presence.
        update("2^28 clients", MANY.to_vec(), MALFORMED),
        update("2^28 structs", [&[1][..], &MANY, &[1, 0, 0]].concat(), MALFORMED),
        update("2^28 values", item(&[&[8][..], &MANY].concat()), MALFORMED),
        update("2^28 values in an array", item(&[&[8, 1, 117][..], &MANY].concat()), MALFORMED),
        update("2^28 entries in a map", item(&[&[8, 1, 118][..], &MANY].concat()), MALFORMED),
        update("2^28 clients in a delete set", [&[0][..], &MANY].concat(), MALFORMED),
        update("2^28 ranges in a delete set", [&[0, 1, 1][..], &MANY].concat(), MALFORMED),
        update("2^28 bytes of text", item(&[&[4][..], &MANY].concat()), MALFORMED),
        step_1("a state vector of 2^28 clients", &MANY),
        step_1("a state vector of 2^32 - 1 clients", &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        step_1("a state vector that names a client twice", &[2, 1, 1, 1, 2]),
        step_1("a state vector of nothing", &[]),
        awareness("presence of 2^28 people", &MANY),
        awareness("a presence of 2^28 bytes", &[&[1, 5, 1][..], &MANY].concat()),
        awareness("presence of nothing", &[]),
    ]
}

fn clocks(victim: u64) -> Vec<Attack> {
    let deleting =
        |client: u64, clock: u64, length: u64| [vec![0, 1], var(client), vec![1], var(clock), var(length)].concat();
    let collected = |clock: u64, length: u64| [vec![1, 1, FORGER], var(clock), vec![0], var(length), vec![0]].concat();
    let by = |client: u64| [vec![1, 1], var(client), b"\x00\x04\x01\x05notes\x01x\x00".to_vec()].concat();
    let gap = Ends::Refused("gap");
    vec![
        // Everything that the victim types later would be deleted on arrival.
        update("deleting all that the victim will ever write", deleting(victim, 0, (1 << 31) - 1), gap),
        update("deleting all that the victim will ever write, and more", deleting(victim, 0, (1 << 32) - 1), MALFORMED),
        update("deleting what nobody wrote", deleting(123, 0, 1), gap),
        update("a place for what was never there", collected(5, 1), gap),
        update("a clock that overflows", collected((1 << 31) - 1, 1), MALFORMED),
        update("a length that overflows", collected(1, (1 << 32) - 1), MALFORMED),
        update("a clock of 40 bits", collected(1 << 40, 1), MALFORMED),
        update("a client id of 54 bits", by(1 << 53), MALFORMED),
        update("a client id of 64 bits", by(u64::MAX), MALFORMED),
        update("deletions by a client id of 54 bits", deleting(1 << 53, 0, 1), MALFORMED),
        update("a client named twice", vec![2, 1, 9, 0, 0, 1, 1, 9, 1, 0, 1, 0], MALFORMED),
        update("nothing but a hole", vec![1, 1, FORGER, 0, 10, 5, 0], Ends::Nothing),
        update("a hole, and something behind it", b"\x01\x02\x4d\x00\x0a\x05\x04\x01\x05notes\x01x\x00".to_vec(), gap),
    ]
}

fn links(victim: u64) -> Vec<Attack> {
    let gap = Ends::Refused("gap");
    let beside = |client: u64, clock: u64| {
        [vec![1, 1, FORGER, 0, 0x84], var(client), var(clock), b"\x01x\x00".to_vec()].concat()
    };
    let in_parent = |client: u64, clock: u64| {
        [vec![1, 1, FORGER, 0, 4, 0], var(client), var(clock), b"\x01x\x00".to_vec()].concat()
    };
    vec![
        update("beside what nobody wrote", beside(123, 0), gap),
        update("beside what the victim has not written yet", beside(victim, 1_000_000), gap),
        update("in a parent that nobody made", in_parent(123, 0), gap),
        update("beside itself", beside(u64::from(FORGER), 0), MALFORMED),
        // yrs takes it, parks it, and panics whenever the document is asked for: it cannot read what it parked.
        update("the update that poisons a document", poison(), MALFORMED),
    ]
}

/// Found by changing bytes of real updates at random.
pub fn poison() -> Vec<u8> {
    vec![
        0x01, 0x01, 0x09, 0xa1, 0x01, 0x02, 0x01, 0x00, 0x01, 0x01, 0x09, 0x01, 0x00, 0x01, 0xa1, 0x01, 0x0b, 0x01,
        0x00, 0x01, 0xa7, 0x01, 0x0d, 0x01, 0x28, 0x01, 0x0f, 0x01, 0x62, 0x01, 0x77, 0x01, 0x63, 0x01, 0x01, 0x03,
        0x00, 0x04, 0x05, 0x02, 0x09, 0x06,
    ]
}

fn frames() -> Vec<Attack> {
    let raw = |name, frame: &[u8]| Attack { name, frame: frame.to_vec(), ends: MALFORMED };
    vec![
        // Wraps a 32-bit sum: in a browser this was a trap.
        raw("a frame of 8 bytes that claims 2^32 - 1", &[0, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]),
        raw("a frame that claims 2^64 - 1", &[0, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        raw("a frame without a byte", &[]),
        raw("a frame cut short", &[0, 2, 200]),
        raw("two messages in one frame", &[3, 3]),
        raw("an unknown kind of sync message", &[0, 9, 0]),
        raw("a message of kind 4", &[4]),
        raw("a message of kind 99", &[99, 0]),
        raw("a message of kind 2^63", &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0]),
        raw("the server's own word: an epoch", b"\x65\x0b{\"epoch\":9}"),
        raw("the server's own word: an ack", b"\x64\x0b{\"acked\":9}"),
        raw("the server's own word: a refusal", b"\x66\x02{}"),
    ]
}
