use futures_util::future::poll_fn;
use futures_util::task::noop_waker;

use super::*;

fn roomy() -> (QueueWriter, QueueReader) {
    let capacity = Capacity {
        messages: 1024,
        bytes: 4 * 1024 * 1024,
    };
    queue(capacity, &Budget::new(usize::MAX))
}

fn push(writer: &QueueWriter, payload: &str) {
    writer.push(Payload::Text(payload)).unwrap();
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
    let (writer, mut reader) = queue(capacity, &Budget::new(usize::MAX));
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
async fn a_waiting_consumer_is_woken_by_the_first_payload() {
    let (writer, mut reader) = roomy();
    let consumer =
        tokio::spawn(async move { poll_fn(|cx| reader.poll_next(cx).map(|next| format!("{next:?}"))).await });
    tokio::task::yield_now().await;
    push(&writer, "hello");
    assert_eq!(consumer.await.unwrap(), r#"Ok(Next("hello"))"#);
}
