use futures_util::future::poll_fn;
use futures_util::task::noop_waker;

use super::*;

fn roomy() -> (QueueWriter, QueueReader) {
    let capacity = Capacity {
        messages: 1024,
        bytes: 4 * 1024 * 1024,
    };
    queue(capacity, &Budget::new(usize::MAX, Arc::default()))
}

fn push(writer: &QueueWriter, payload: &str) {
    let consumer = writer.push(Payload::Text(payload)).unwrap();
    consumer.into_iter().for_each(Waker::wake);
}

fn poll(reader: &mut QueueReader) -> Poll<Result<String, String>> {
    let waker = noop_waker();
    reader
        .poll_next(&mut Context::from_waker(&waker))
        .map(|next| match next {
            Ok(RawEvent::Next(payload)) => Ok(payload.to_owned()),
            Ok(RawEvent::Gap(gap)) => Ok(format!("gap: {}", gap.cause)),
            Ok(RawEvent::Dropped(dropped)) => Ok(format!("{} dropped", dropped.count)),
            Ok(RawEvent::Snapshot(answer)) => Ok(format!("snapshot: {answer}")),
            Err(Ending::Completed) => Err("completed".to_owned()),
            Err(Ending::Failed(error)) => Err(error.to_string()),
        })
}

#[test]
fn payloads_come_out_in_order_and_whole_whatever_their_length() {
    let (writer, mut reader) = roomy();
    for payload in ["one", "", "three ü"] {
        push(&writer, payload);
    }
    assert_eq!(poll(&mut reader), Poll::Ready(Ok("one".to_owned())));
    push(&writer, "four");
    assert_eq!(poll(&mut reader), Poll::Ready(Ok(String::new())));
    assert_eq!(poll(&mut reader), Poll::Ready(Ok("three ü".to_owned())));
    assert_eq!(poll(&mut reader), Poll::Ready(Ok("four".to_owned())));
    assert_eq!(poll(&mut reader), Poll::Pending);
}

#[test]
fn gaps_keep_their_places_and_those_with_nothing_between_are_one() {
    let (writer, mut reader) = roomy();
    let gap = |cause: &str| {
        let now = std::time::SystemTime::now();
        writer.push_gap(Gap::new(now, now, Error::new(ErrorKind::Disconnected, cause)));
    };
    gap("first");
    push(&writer, "one");
    push(&writer, "two");
    gap("second");
    gap("third");
    push(&writer, "three");
    gap("last");
    for wanted in ["gap: first", "one", "two", "gap: third", "three", "gap: last"] {
        assert_eq!(poll(&mut reader), Poll::Ready(Ok(wanted.to_owned())));
    }
    assert_eq!(poll(&mut reader), Poll::Pending);
}

#[test]
fn what_waits_is_delivered_before_the_ending() {
    let (writer, mut reader) = roomy();
    push(&writer, "last");
    writer.end(Ending::Completed);
    writer.end(Ending::Failed(Error::config("a second ending is not the cause")));
    assert_eq!(poll(&mut reader), Poll::Ready(Ok("last".to_owned())));
    assert_eq!(poll(&mut reader), Poll::Ready(Err("completed".to_owned())));
    assert_eq!(poll(&mut reader), Poll::Ready(Err("completed".to_owned())));
}

#[test]
fn a_writer_that_vanishes_is_an_ending_with_a_cause() {
    let (writer, mut reader) = roomy();
    drop(writer);
    let Poll::Ready(Err(cause)) = poll(&mut reader) else {
        panic!("still waiting for a writer that is gone");
    };
    assert!(cause.contains("runtime was shut down"), "{cause}");
}

#[test]
fn a_queue_is_bounded_by_count_and_by_bytes_but_takes_any_single_payload() {
    let capacity = Capacity { messages: 2, bytes: 10 };
    let (writer, mut reader) = queue(capacity, &Budget::new(usize::MAX, Arc::default()));
    let takes = |length: usize| writer.push(Payload::Text(&"x".repeat(length))).is_ok();
    assert!(takes(1000));
    assert!(!takes(0));
    let _ = poll(&mut reader);
    assert!(takes(5));
    assert!(!takes(6));
    assert!(takes(1));
    assert!(!takes(0));
    let _ = poll(&mut reader);
    assert!(takes(1000));
}

#[tokio::test]
async fn a_waiting_consumer_is_handed_out_by_the_first_payload_to_be_woken() {
    let (writer, mut reader) = roomy();
    let consumer =
        tokio::spawn(async move { poll_fn(|cx| reader.poll_next(cx).map(|next| format!("{next:?}"))).await });
    tokio::task::yield_now().await;
    push(&writer, "hello");
    assert_eq!(consumer.await.unwrap(), r#"Ok(Next("hello"))"#);
}

fn dropping(messages: usize) -> (QueueWriter, QueueReader) {
    let capacity = Capacity {
        messages,
        bytes: 1 << 20,
    };
    queue(capacity, &Budget::new(usize::MAX, Arc::default()))
}

fn everything(reader: &mut QueueReader) -> Vec<String> {
    std::iter::from_fn(|| match poll(reader) {
        Poll::Ready(Ok(event)) => Some(event),
        _ => None,
    })
    .collect()
}

#[test]
fn a_snapshot_waits_beside_the_events_and_a_second_one_is_under_the_policy() {
    let (writer, mut reader) = dropping(2);
    let snapshot = |text: &str| Payload::Snapshot(text.to_owned());
    push(&writer, "one");
    push(&writer, "two");
    assert!(writer.push(snapshot("first")).is_ok());
    assert!(writer.push(snapshot("second")).is_err());
    assert_eq!(writer.push_over_oldest(snapshot("second"), SystemTime::now()), 1);
    assert_eq!(writer.push_over_oldest(Payload::Text("three"), SystemTime::now()), 1);
    let all = everything(&mut reader);
    assert_eq!(all, ["1 dropped", "two", "1 dropped", "snapshot: second", "three"]);
}

#[test]
fn what_is_dropped_at_the_front_does_not_stay_in_the_buffer() {
    let (writer, mut reader) = dropping(10);
    for n in 0..100_000 {
        writer.push_over_oldest(Payload::Text(&format!("{n:0>100}")), SystemTime::now());
    }
    let capacity = writer.shared.lock().batch.capacity();
    assert!(capacity < 64 * 1024, "{capacity}");
    let all = everything(&mut reader);
    assert_eq!((all.len(), all[0].as_str()), (11, "99990 dropped"));
    assert!(all[1].ends_with("99990") && all[10].ends_with("99999"));
}

#[test]
fn a_burst_that_is_over_keeps_no_buffer() {
    let (writer, mut reader) = roomy();
    for _ in 0..1024 {
        push(&writer, &"x".repeat(4000));
    }
    assert_eq!(everything(&mut reader).len(), 1024);
    let kept = |reader: &QueueReader| {
        let waiting = writer.shared.lock();
        waiting.batch.capacity() + waiting.spare.capacity() + reader.batch.capacity()
    };
    assert!(kept(&reader) > 4_000_000);
    // Used since the last look, then not.
    writer.sweep();
    assert!(kept(&reader) > 4_000_000);
    writer.sweep();
    assert_eq!(kept(&reader), 0);
    push(&writer, "after");
    assert_eq!(everything(&mut reader), ["after"]);
}

#[test]
fn the_budget_has_back_what_is_read_what_is_dropped_and_what_nobody_will_read() {
    let budget = Budget::new(10_000, Arc::default());
    let capacity = Capacity {
        messages: 10,
        bytes: 1 << 20,
    };
    let long = || Payload::Frame(Frame::whole("x".repeat(1000)));
    let (writer, mut reader) = queue(capacity, &budget);
    writer.push(long()).unwrap();
    push(&writer, "short");
    writer.push(Payload::Snapshot("list".to_owned())).unwrap();
    // Short ones are charged by the piece.
    assert_eq!(budget.used(), 4096);
    let _ = poll(&mut reader);
    let _ = poll(&mut reader);
    assert_eq!(budget.used(), 4096);
    for _ in 0..2 {
        let _ = poll(&mut reader);
    }
    assert_eq!(budget.used(), 0);

    for _ in 0..12 {
        writer.push_over_oldest(long(), SystemTime::now());
    }
    assert_eq!(budget.used(), 10_000);
    // Another queue has no room, not even for its first.
    let (others, other) = queue(capacity, &budget);
    assert!(others.push(Payload::Text("1")).unwrap_err().by_budget);
    assert_eq!(others.push_over_oldest(Payload::Text("1"), SystemTime::now()), 1);
    let _ = poll(&mut reader);
    drop((writer, reader, others, other));
    assert_eq!(budget.used(), 0);
    // Where there is nothing else, one may be of any size.
    let (writer, _reader) = queue(capacity, &budget);
    writer.push(Payload::Frame(Frame::whole("x".repeat(20_000)))).unwrap();
}

proptest::proptest! {
    /// Whatever is pushed, dropped and read in whichever order: what arrives is in order, and what does not is counted
    /// in its place.
    #[test]
    fn every_event_arrives_or_is_counted_in_its_place(
        steps in proptest::collection::vec((0_u8..8, 0_usize..9000), 1..200),
        oldest: bool,
    ) {
        let budget = Budget::new(60_000, Arc::default());
        let (writer, mut reader) = queue(Capacity { messages: 5, bytes: 30_000 }, &budget);
        let (mut sent, mut seen) = (0, 0);
        let mut read = |reader: &mut QueueReader| {
            let Poll::Ready(Ok(event)) = poll(reader) else { return false };
            match event.strip_suffix(" dropped") {
                Some(count) => seen += count.parse::<usize>().unwrap(),
                None => {
                    assert_eq!(event.split(' ').next().unwrap().parse::<usize>().unwrap(), seen);
                    seen += 1;
                }
            }
            true
        };
        for (kind, length) in steps {
            if kind < 2 {
                read(&mut reader);
                continue;
            }
            let text = format!("{sent} {}", "x".repeat(length));
            sent += 1;
            let payload = match length > LONGEST_COPY {
                true => Payload::Frame(Frame::whole(text.clone())),
                false => Payload::Text(&text),
            };
            match writer.push(payload) {
                Ok(_) => {}
                Err(full) if oldest => {
                    writer.push_over_oldest(full.payload, SystemTime::now());
                }
                Err(_) => writer.drop_newest(SystemTime::now()),
            }
        }
        while read(&mut reader) {}
        assert_eq!((seen, budget.used()), (sent, 0));
    }
}
