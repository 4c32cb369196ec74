use shared::sync::Frame;

use crate::memory;

/// Takes bytes as one message: what is read says the same when it is written again.
pub fn check(bytes: &[u8]) {
    let Ok(frame) = memory::within(16, bytes, || Frame::decode(bytes)) else { return };
    let written = frame.encode();
    assert_eq!(Frame::decode(&written).as_ref(), Ok(&frame));
}
