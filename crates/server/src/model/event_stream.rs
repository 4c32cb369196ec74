use std::collections::VecDeque;

/// What one event may hold: the last of a reply repeats it whole, in JSON's longest spelling.
const MAX_EVENT: usize = 16 << 20;

/// An event of a `text/event-stream`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Empty where the stream does not name it.
    pub(super) name: String,
    pub(super) data: String,
}

/// More than [`MAX_EVENT`] without an end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Reads a `text/event-stream` (WHATWG HTML, 9.2.6) from bytes as they come, cut anywhere. Characters are decoded a line at a
/// time, so that one which is split between two pieces stays whole.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    after_return: bool,
    not_first: bool,
}

impl Decoder {
    /// Takes what came and adds the events that it completes.
    pub(super) fn feed(&mut self, mut bytes: &[u8], events: &mut VecDeque<Event>) -> Result<(), TooLong> {
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            // The other half of a line's end.
            if std::mem::take(&mut self.after_return) && end == 0 && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            self.line.extend_from_slice(&bytes[..end]);
            self.after_return = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            self.end_line(events)?;
        }
        self.after_return &= bytes.is_empty();
        self.line.extend_from_slice(bytes);
        self.check()
    }

    /// The stream has ended: servers leave the last empty line out.
    pub(super) fn finish(&mut self, events: &mut VecDeque<Event>) {
        // Nothing is too long that was not before.
        let _ = self.end_line(events);
        self.end_event(events);
    }

    fn check(&self) -> Result<(), TooLong> {
        if self.line.len() + self.event.data.len() > MAX_EVENT { Err(TooLong) } else { Ok(()) }
    }

    fn end_line(&mut self, events: &mut VecDeque<Event>) -> Result<(), TooLong> {
        self.check()?;
        let line = std::mem::take(&mut self.line);
        let mut line = String::from_utf8_lossy(&line);
        if !std::mem::replace(&mut self.not_first, true)
            && let Some(rest) = line.strip_prefix('\u{feff}')
        {
            line = rest.to_owned().into();
        }
        if line.is_empty() {
            self.end_event(events);
            return Ok(());
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            // Comments keep the connection alive; ids and times are for readers who come back.
            _ => {}
        }
        Ok(())
    }

    fn end_event(&mut self, events: &mut VecDeque<Event>) {
        let event = std::mem::take(&mut self.event);
        if std::mem::take(&mut self.has_data) {
            events.push_back(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<(String, String)> {
        let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
        for piece in pieces {
            decoder.feed(piece, &mut events).unwrap();
        }
        decoder.finish(&mut events);
        events.into_iter().map(|event| (event.name, event.data)).collect()
    }

    #[test]
    fn events_have_a_name_and_lines_of_data() {
        let stream = b"\xef\xbb\xbf: hello\nevent: a\ndata: 1\ndata:2\nid: 7\n\ndata\r\n\r\nevent: none\n\ndata: last";
        let expected = [("a", "1\n2"), ("", ""), ("", "last")];
        assert_eq!(read(&[stream]), expected.map(|(name, data)| (name.to_owned(), data.to_owned())));
    }

    #[test]
    fn an_event_without_an_end_is_given_up() {
        let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
        let piece = vec![b'x'; 1 << 20];
        let outcome = (0..=16).try_for_each(|_| decoder.feed(&piece, &mut events));
        assert_eq!(outcome, Err(TooLong));
    }

    proptest! {
        #[test]
        fn wherever_a_stream_is_cut_it_reads_the_same(
            events in prop::collection::vec(("[a-z.]{0,6}", "[a-zé漢🌉 :]{0,12}"), 0..6),
            end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let stream: String =
                events.iter().map(|(name, data)| format!("event:{name}{end}data: {data}{end}{end}")).collect();
            let bytes = stream.as_bytes();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            prop_assert_eq!(read(&pieces), events);
        }
    }
}
