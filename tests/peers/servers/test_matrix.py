"""Our `gql-cli` with every server here: each way to speak to one against each thing that a client does.

Run as a program it prints the table; `EMPTY` says why a cell has no check."""

import hashlib
import json
import sys
from dataclasses import dataclass

from harness import check, equal, expect, our_cli, program, run, scratch
from servers import TOKEN, Server

# Exit codes that gql-cli documents.
OK, ERRORS, USAGE, PARTIAL, REFUSED, UNREACHABLE, ENDED = 0, 1, 2, 3, 4, 5, 8


@dataclass(frozen=True)
class Way:
    """A transport of gql-cli at one URL of one server."""

    transport: str
    kind: str
    at: str

    def __str__(self):
        return f"{self.transport} at {self.kind}" + (f" ({self.at})" if self.transport == "auto" else "")

    @property
    def server(self):
        return Server(self.kind)

    def command(self, *flags):
        return (our_cli(), self.server.urls[self.at], "--transport", self.transport, *flags)

    async def run(self, query, *flags):
        return await run(*self.command(*flags), stdin=query)

    def start(self, query, *flags):
        return program(*self.command(*flags), stdin=query)

    @property
    def is_socket(self):
        return self.at == "ws"


WAYS = (
    Way("http", "graphql-ws", "http"),
    Way("http", "yoga", "http"),
    Way("http", "apollo", "http"),
    Way("http", "apollo-next", "http"),
    Way("http", "strawberry", "http"),
    Way("ws", "graphql-ws", "ws"),
    Way("ws", "either-ws", "ws"),
    Way("ws", "strawberry", "ws"),
    Way("ws-legacy", "legacy-ws", "ws"),
    Way("ws-legacy", "either-ws", "ws"),
    Way("ws-legacy", "strawberry", "ws"),
    Way("sse", "graphql-sse", "sse"),
    Way("sse", "yoga", "http"),
    Way("sse", "strawberry", "http"),
    Way("sse-single", "graphql-sse", "sse"),
    Way("multipart", "strawberry", "http"),
    Way("phoenix", "phoenix", "ws"),
    Way("auto", "graphql-ws", "ws"),
    Way("auto", "legacy-ws", "ws"),
    Way("auto", "either-ws", "ws"),
    Way("auto", "strawberry", "ws"),
    Way("auto", "graphql-ws", "http"),
    Way("auto", "yoga", "http"),
    Way("auto", "strawberry", "http"),
)

BEHAVIOURS = {}


def behaviour(function):
    BEHAVIOURS[function.__name__.replace("_", " ")] = function
    return function


def told(ended, code, text):
    """The exit code, and what stderr says."""
    equal(ended.code, code, str(ended))
    expect(text in ended.err, f"no {text!r} in {ended}")


@behaviour
async def answers_a_query(way):
    ended = await way.run('query ($a: Int!) { hello(name: "größer 🦀") add(a: $a, b: 2) }', "-V", "a:40")
    equal((ended.code, ended.err), (OK, ""), str(ended))
    equal(ended.lines(), [{"hello": "hello größer 🦀", "add": 42}], "the answer")


@behaviour
async def picks_one_of_two_operations(way):
    ended = await way.run("query A { a: hello } query B { b: hello }", "--operation-name", "B")
    equal((ended.code, ended.lines()), (OK, [{"b": "hello world"}]), str(ended))


@behaviour
async def runs_a_mutation_once(way):
    ended = await way.run("mutation { bump }")
    equal((ended.code, ended.lines()), (OK, [{"bump": 1}]), str(ended))
    equal((await way.server.counts())["bumps"], 1, "how often the server ran it")


@behaviour
async def shows_data_and_errors_of_one_answer(way):
    ended = await way.run("{ hello fail }")
    told(ended, PARTIAL, "it failed as asked")
    equal(ended.lines(), [{"hello": "hello world", "fail": None}], "the data")
    expect("AS_ASKED" in ended.err, f"no code in {ended}")


@behaviour
async def shows_the_errors_of_an_operation_that_is_not_valid(way):
    ended = await way.run("{ nope }")
    expect(ended.code in (ERRORS, REFUSED), str(ended))
    expect("nope" in ended.err and "Cannot query field" in ended.err, f"not what the server said: {ended}")


@behaviour
async def gets_an_answer_of_a_megabyte(way):
    ended = await way.run("{ big(bytes: 1000000) }")
    equal(ended.code, OK, str(ended))
    equal(len(ended.lines()[0]["big"]), 1000000, "its length")


@behaviour
async def sends_headers(way):
    ended = await way.run('{ headers(names: ["x-first", "x-second"]) }', "-H", "x-first:1", "-H", "x-second:two 2")
    equal((ended.code, ended.lines()), (OK, [{"headers": ["x-first: 1", "x-second: two 2"]}]), str(ended))


@behaviour
async def follows_a_subscription_to_its_end(way):
    ended = await way.run("subscription { countdown(from: 3) }")
    equal((ended.code, ended.err), (OK, ""), str(ended))
    equal(ended.lines(), [{"countdown": at} for at in (3, 2, 1, 0)], "the events")


@behaviour
async def leaves_a_subscription(way):
    async with way.start("subscription { forever }", "--count", "2") as listener:
        equal([json.loads(await listener.line()) for _ in range(2)], [{"forever": 0}, {"forever": 1}], "the events")
        equal((await listener.finish()).code, OK, "exit code")
    await way.server.until(lambda counts: counts["live"] == 0, "the end of the subscription")


@behaviour
async def follows_two_subscriptions_on_one_connection(way):
    both = "subscription A { a: forever } subscription B { b: forever }"
    async with way.start(both, "--count", "4") as listener:
        lines = [json.loads(await listener.line()) for _ in range(4)]
        equal((await listener.finish()).code, OK, "exit code")
    names = {line["operation"] for line in lines}
    equal(names, {"A", "B"}, "operations")
    if way.is_socket:
        equal((await way.server.counts())["connections"], 1, "connections")
    await way.server.until(lambda counts: counts["live"] == 0, "the end of both")


@behaviour
async def goes_on_after_an_error_in_one_event(way):
    ended = await way.run("subscription { failing }")
    told(ended, PARTIAL, "the second one failed")
    equal(ended.lines(), [{"failing": 1}, {"failing": None}, {"failing": 3}], "the events")


@behaviour
async def tells_why_a_subscription_broke(way):
    ended = await way.run("subscription { breaking }")
    expect(ended.code in (PARTIAL, ENDED), str(ended))
    expect("the source broke" in ended.err, f"no cause in {ended}")
    equal(ended.lines()[0], {"breaking": 1}, "the first event")


@behaviour
async def refuses_a_subscription_that_is_not_valid(way):
    ended = await way.run("subscription { nope }")
    # The older socket protocol and event streams send an event that has only errors, and then complete.
    expect(ended.code in (ERRORS, PARTIAL, REFUSED, ENDED), str(ended))
    expect("Cannot query field" in ended.err, f"not what the server said: {ended}")


@behaviour
async def goes_on_after_a_cut_and_tells_the_gap(way):
    await way.server.cut(events=2)
    ended = await way.run("subscription { countdown(from: 3, ms: 50) }", "--meta", "--count", "6")
    equal(ended.code, OK, str(ended))
    seen = [line["data"]["countdown"] if line["event"] == "next" else line["event"] for line in ended.lines()]
    # A line that tells how it ended may follow.
    equal(seen[:7], [3, 2, "gap", 3, 2, 1, 0], f"the lines of {ended}")
    await way.server.until(lambda counts: counts["live"] == 0, "the end of both subscriptions")


@behaviour
async def comes_back_to_a_server_that_was_away(way):
    async with way.start("subscription { forever }", "--meta") as listener:
        await listener.line()
        await way.server.refuse(400)
        while (line := json.loads(await listener.line()))["event"] != "gap":
            pass
        equal(json.loads(await listener.line())["data"], {"forever": 0}, f"what follows {line}")


@behaviour
async def ends_with_its_connection_when_told_so(way):
    await way.server.cut(events=2)
    ended = await way.run("subscription { forever }", "--no-reconnect")
    equal(ended.code, ENDED, str(ended))
    equal(len(ended.out.splitlines()), 2, f"events of {ended}")


@behaviour
async def never_repeats_a_mutation_that_was_cut(way):
    async with way.start("mutation { bump(ms: 5000) }") as running:
        await running.during(way.server.until(lambda counts: counts["bumps"] == 1, "the mutation"))
        await way.server.cut()
        ended = await running.finish()
    equal((ended.code, ended.out), (UNREACHABLE, ""), str(ended))
    equal((await way.server.counts())["bumps"], 1, "how often the server ran it")


@behaviour
async def repeats_a_query_that_was_cut(way):
    async with way.start("{ slow(ms: 300) }", "--retry", "3") as running:
        await running.during(way.server.until(lambda counts: counts["operations"] == 1, "the query"))
        await way.server.cut()
        ended = await running.finish()
    equal((ended.code, ended.lines()), (OK, [{"slow": 300}]), str(ended))
    equal((await way.server.counts())["operations"], 2, "how often the server ran it")


@behaviour
async def tells_that_nobody_listens(way):
    await way.server.refuse(60_000)
    ended = await way.run("{ hello }", "--retry", "0")
    told(ended, UNREACHABLE, "refused")


def says_to_a_wrong_token(way):
    """The older protocol has a message for it, the other a code to close with."""
    is_legacy = way.transport == "ws-legacy" or way.kind == "legacy-ws"
    return "that token is not the right one" if is_legacy else "4403"


@behaviour
async def starts_a_connection_with_a_payload(way):
    ended = await way.run("{ token }", "--init-payload", json.dumps({"token": TOKEN}))
    equal((ended.code, ended.lines()), (OK, [{"token": TOKEN}]), str(ended))


@behaviour
async def is_refused_with_the_wrong_payload(way):
    ended = await way.run("{ token }", "--init-payload", json.dumps({"token": "another"}))
    told(ended, REFUSED, says_to_a_wrong_token(way))
    # It tries no second time: a refusal stays one.
    equal((await way.server.counts())["connections"], 1, "connections")


@behaviour
async def answers_pings_and_outlives_them(way):
    # The server ends connections that do not answer its pings, which come every 200 ms.
    ended = await way.run("subscription { countdown(from: 2, ms: 300) }", "--meta")
    equal(ended.code, OK, str(ended))
    expect("gap" not in ended.out, f"it was cut: {ended}")
    counts = await way.server.counts()
    equal(counts["connections"], 1, "connections")
    expect(counts["pongs"] > 0, f"no pong: {counts}")


UPLOAD = "mutation ($file: Upload!) { upload(file: $file) { name type size sha256 } }"
UPLOADS = "mutation ($files: [Upload!]!) { uploads(files: $files) { name size sha256 } }"


@behaviour
async def uploads_a_file(way):
    content = bytes(range(256)) * 4096
    with scratch() as folder:
        (folder / "photo.png").write_bytes(content)
        ended = await way.run(UPLOAD, "-V", f"file=@@{folder / 'photo.png'};type=image/png")
    equal(ended.code, OK, str(ended))
    digest = hashlib.sha256(content).hexdigest()
    wanted = {"name": "photo.png", "type": "image/png", "size": len(content), "sha256": digest}
    equal(ended.lines(), [{"upload": wanted}], "what arrived")


@behaviour
async def uploads_several_files_of_a_list(way):
    contents = {"a.txt": b"", "b, ü.txt": "größer".encode()}
    with scratch() as folder:
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        ended = await way.run(UPLOADS, "-V", "files=" + ",".join(f"@@{folder / name}" for name in contents))
    equal(ended.code, OK, str(ended))
    wanted = [
        {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()
    ]
    equal(ended.lines(), [{"uploads": wanted}], "what arrived")


async def _batch(way, *flags):
    with scratch() as folder:
        (folder / "lines.jsonl").write_text("".join(f'{{"a": {a}}}\n' for a in range(20)))
        ended = await way.run("query ($a: Int!) { add(a: $a, b: 1) }", "--batch", str(folder / "lines.jsonl"), *flags)
    equal(ended.code, OK, str(ended))
    equal([line["data"]["add"] for line in ended.lines()], [a + 1 for a in range(20)], "the answers, in order")


@behaviour
async def runs_a_batch_of_variables(way):
    await _batch(way)


@behaviour
async def sends_a_batch_in_few_requests(way):
    await _batch(way, "--batch-size", "10")
    equal(len((await way.server.counts())["requests"]), 2, "requests")


@behaviour
async def sends_only_the_hash_of_a_query_that_the_server_knows(way):
    # Of this run, since the server remembers.
    query = f"{{ run{id(way)}: hello }}"
    for _ in range(2):
        ended = await way.run(query, "--apq")
        equal((ended.code, ended.err), (OK, ""), str(ended))
        equal(list(ended.lines()[0].values()), ["hello world"], "the answer")
    requests = (await way.server.counts())["requests"]
    equal([request["sent"][0]["text"] for request in requests], [False, True, False], "whether the text was sent")
    expect(requests[2]["sent"][0]["hash"], f"no hash: {requests[2]}")


@behaviour
async def queries_by_get(way):
    ended = await way.run("query ($a: Int!) { add(a: $a, b: 2) }", "--get", "-V", "a:40")
    equal((ended.code, ended.lines()), (OK, [{"add": 42}]), str(ended))
    told(await way.run("mutation { bump }", "--get"), USAGE, "--get is for queries")
    methods = [request["method"] for request in (await way.server.counts())["requests"]]
    equal(methods, ["GET"], "how the query was sent, and that the mutation was not")


@behaviour
async def merges_what_was_deferred(way):
    ended = await way.run("{ slowly { now ... @defer { later } } }")
    equal((ended.code, ended.err), (OK, ""), str(ended))
    equal(ended.lines(), [{"slowly": {"now": "now", "later": "later"}}], "the answer")


@behaviour
async def shows_what_was_deferred_as_it_comes(way):
    ended = await way.run("{ slowly { now ... @defer { later } } }", "--meta")
    equal(ended.code, OK, str(ended))
    states = [line["data"] for line in ended.lines()]
    equal((states[0], states[-1]), ({"slowly": {"now": "now"}}, {"slowly": {"now": "now", "later": "later"}}), "states")


@behaviour
async def merges_a_list_that_was_streamed(way):
    ended = await way.run("{ slowly { now numbers @stream(initialCount: 1) } }")
    equal((ended.code, ended.err), (OK, ""), str(ended))
    equal(ended.lines(), [{"slowly": {"now": "now", "numbers": [1, 2, 3]}}], "the answer")


# Why some cells have no check. A set of ways, a set of behaviours, and the reason.
_subscriptions = {
    "follows a subscription to its end", "leaves a subscription", "follows two subscriptions on one connection",
    "goes on after an error in one event", "tells why a subscription broke", "refuses a subscription that is not valid",
    "goes on after a cut and tells the gap", "comes back to a server that was away",
    "ends with its connection when told so", "answers pings and outlives them",
}  # fmt: skip
_in_pieces = {
    "merges what was deferred", "shows what was deferred as it comes", "merges a list that was streamed",
}  # fmt: skip
_of_http = {
    "uploads a file", "uploads several files of a list", "sends a batch in few requests",
    "sends only the hash of a query that the server knows", "queries by get", *_in_pieces,
}  # fmt: skip
_of_queries = set(BEHAVIOURS) - _subscriptions
_init = {"starts a connection with a payload", "is refused with the wrong payload"}


def ways(**wanted):
    return {way for way in WAYS if all(getattr(way, name) == value for name, value in wanted.items())}


EMPTY = (
    (ways(transport="http", kind="graphql-ws"), _subscriptions, "graphql-http does not serve subscriptions"),
    (ways(kind="apollo") | ways(kind="apollo-next"), _subscriptions, "Apollo Server does not serve subscriptions"),
    ({way for way in WAYS if not way.is_socket}, _init, "there is no payload where there is no socket"),
    (ways(kind="phoenix"), _init, "a Phoenix connection starts with parameters of its URL"),
    ({way for way in WAYS if way.is_socket}, _of_http, "that is a matter of HTTP requests"),
    (ways(kind="strawberry", transport="ws-legacy"), _of_queries, "Strawberry takes only subscriptions by it"),
    (ways(kind="strawberry"), {"goes on after an error in one event"}, "Strawberry's sources yield no errors"),
    (ways(kind="phoenix"), {"goes on after an error in one event"}, "as with Strawberry, whose schema it is"),
    (ways(kind="phoenix"), {"follows a subscription to its end"}, "a subscription of Absinthe has no end"),
    (ways(kind="phoenix"), {"tells why a subscription broke"}, "Absinthe publishes; there is no source to break"),
    (ways(kind="phoenix"), {"picks one of two operations"}, "Absinthe's channel does not read operationName"),
    (ways(kind="graphql-sse"), {"tells why a subscription broke"}, "graphql-sse says nothing and keeps the stream"),
    (
        {way for way in WAYS if not way.is_socket} | ways(kind="strawberry") | ways(kind="phoenix"),
        {"answers pings and outlives them"},
        "the server sends no pings that it counts",
    ),
    (
        ways(kind="legacy-ws") | ways(kind="either-ws", transport="ws-legacy"),
        {"answers pings and outlives them"},
        "the server's keep-alives want no answer",
    ),
    (
        ways(kind="graphql-ws", at="http")
        | ways(kind="strawberry")
        | ways(kind="graphql-sse")
        | ways(kind="apollo-next"),
        {"sends only the hash of a query that the server knows"},
        "no persisted queries there",
    ),
    (
        ways(kind="graphql-ws", at="http") | ways(kind="graphql-sse") | ways(kind="apollo-next"),
        {"uploads a file", "uploads several files of a list"},
        "no uploads there",
    ),
    (
        ways(kind="graphql-ws", at="http") | ways(kind="graphql-sse") | ways(kind="apollo-next"),
        {"sends a batch in few requests"},
        "no arrays of requests there",
    ),
    (ways(transport="sse-single"), {"queries by get"}, "what goes over the shared stream is posted"),
    (
        ways(kind="graphql-ws", at="http") | ways(kind="apollo") | ways(kind="graphql-sse"),
        _in_pieces,
        "no incremental delivery there",
    ),
    (
        {way for way in WAYS if way.is_socket},
        {"repeats a query that was cut"},
        "over a socket that others share nobody knows what was sent, so nothing is repeated",
    ),
)  # fmt: skip


def why_empty(way, name):
    return next((why for those, names, why in EMPTY if way in those and name in names), None)


def register(way, name, function):
    async def cell():
        await way.server.reset()
        await function(way)

    cell.__name__ = f"{way}: {name}".replace(" ", "_")
    check(cell)


def table():
    """The matrix, a column for each way, and below it why cells are empty."""
    reasons = []
    for at, way in enumerate(WAYS, 1):
        print(f"{at:>3}  {way}")
    print()
    width = max(map(len, BEHAVIOURS))
    print(" " * width, *(f"{at:>3}" for at in range(1, len(WAYS) + 1)), sep="")
    for name in BEHAVIOURS:
        marks = []
        for way in WAYS:
            why = why_empty(way, name)
            if why and why not in reasons:
                reasons.append(why)
            marks.append(chr(ord("a") + reasons.index(why)) if why else "x")
        print(f"{name:<{width}}", *(f"{mark:>3}" for mark in marks), sep="")
    print()
    for at, why in enumerate(reasons):
        print(f"  {chr(ord('a') + at)}  {why}")


PHOENIX_EARLY = Way("phoenix", "phoenix", "early")
PHOENIX_REFUSED = Way("phoenix", "phoenix", "refused")


async def phoenix_loses_no_event_that_overtakes_the_acknowledgement():
    ended = await PHOENIX_EARLY.run("subscription { countdown(from: 2) }", "--count", "3")
    equal((ended.code, ended.lines()), (OK, [{"countdown": at} for at in (2, 1, 0)]), str(ended))


async def phoenix_is_refused_at_the_handshake():
    told(await PHOENIX_REFUSED.run("{ hello }"), REFUSED, "403")


if __name__ == "__main__":
    sys.exit(table())

check(phoenix_loses_no_event_that_overtakes_the_acknowledgement)
check(phoenix_is_refused_at_the_handshake)

for way in WAYS:
    for name, function in BEHAVIOURS.items():
        if why_empty(way, name) is None:
            register(way, name, function)
