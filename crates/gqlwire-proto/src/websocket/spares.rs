use std::sync::{Mutex, MutexGuard, PoisonError};

/// Memory of long messages that have been read, kept for the next ones.
///
/// An allocator gives such memory back to the system and gets it again page by page, which costs more than all else that is
/// done with a message. It may be shared by the decoders of many connections, and is bounded: 64 messages, 2 MiB.
#[derive(Debug, Default)]
pub struct Spares(Mutex<Vec<Vec<u8>>>);

/// How many are kept.
const MOST: usize = 64;

/// How many bytes are kept.
const MOST_BYTES: usize = 2 * 1024 * 1024;

impl Spares {
    /// Keeps the memory of a message, if there is room for it, in the place of what has been kept longest.
    pub fn put(&self, text: String) {
        let mut bytes = text.into_bytes();
        if bytes.capacity() > MOST_BYTES {
            return;
        }
        bytes.clear();
        let mut kept = self.lock();
        let held = |kept: &Vec<Vec<u8>>| kept.iter().map(Vec::capacity).sum::<usize>();
        while kept.len() >= MOST || held(&kept) + bytes.capacity() > MOST_BYTES {
            kept.remove(0);
        }
        kept.push(bytes);
    }

    /// Memory for a message of this length that does not waste more than it needs, from what is kept or new.
    pub(super) fn take(&self, len: usize) -> Vec<u8> {
        let mut kept = self.lock();
        match kept.iter().rposition(|bytes| fits(bytes.capacity(), len)) {
            Some(at) => kept.remove(at),
            None => {
                drop(kept);
                Vec::with_capacity(len)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether memory of this capacity is good for a message of this length: whoever keeps the message is charged for all.
pub(super) fn fits(capacity: usize, len: usize) -> bool {
    (len..=len + len / 4).contains(&capacity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_for_messages_of_about_its_length_alone() {
        let spares = Spares::default();
        spares.put(String::with_capacity(10_000));
        let taken = |len| spares.take(len).capacity();
        assert_eq!(
            [taken(10_001), taken(5_000), taken(9_000), taken(9_000)],
            [10_001, 5_000, 10_000, 9_000]
        );
    }

    #[test]
    fn what_is_kept_is_bounded_by_number_and_by_size() {
        let spares = Spares::default();
        let sizes = |spares: &Spares| spares.lock().iter().map(Vec::capacity).collect::<Vec<_>>();
        (0..100).for_each(|_| spares.put(String::with_capacity(5_000)));
        assert_eq!(sizes(&spares), [5_000; MOST]);
        spares.put(String::with_capacity(MOST_BYTES));
        assert_eq!(sizes(&spares), [MOST_BYTES]);
        spares.put(String::with_capacity(MOST_BYTES + 1));
        assert_eq!(sizes(&spares), [MOST_BYTES]);
        spares.put(String::with_capacity(5_000));
        assert_eq!(sizes(&spares), [5_000]);
    }
}
