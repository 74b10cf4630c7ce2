"""The servers with clients of their own authors, Python's gql and curl: are they right? Nothing of ours runs."""

import asyncio
import hashlib
import json

from gql import Client, FileVar, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.phoenix_channel_websockets import PhoenixChannelWebsocketsTransport
from gql.transport.websockets import WebsocketsTransport

from harness import check, equal, expect, program, run, scratch
from servers import HERE, TOKEN, Server

HELLO = "{ hello add(a: 1, b: 2) }"
COUNTDOWN = "subscription { countdown(from: 2) }"
COUNTED = [{"countdown": at} for at in (2, 1, 0)]

# Which client of foreign.mjs speaks to which URL of which server.
CLIENTS = (
    ("graphql-ws", "graphql-ws", "ws"),
    ("graphql-ws", "either-ws", "ws"),
    ("graphql-ws", "strawberry", "ws"),
    ("subscriptions-transport-ws", "legacy-ws", "ws"),
    ("subscriptions-transport-ws", "either-ws", "ws"),
    ("subscriptions-transport-ws", "strawberry", "ws"),
    ("graphql-sse", "graphql-sse", "sse"),
    ("graphql-sse-single", "graphql-sse", "sse"),
    ("graphql-sse", "yoga", "http"),
    ("graphql-sse", "strawberry", "sse"),
    ("absinthe", "phoenix", "ws"),
)
# Strawberry's legacy protocol refuses queries.
SUBSCRIPTIONS_ONLY = {("subscriptions-transport-ws", "strawberry")}
BY_SOCKET = {"graphql-ws", "subscriptions-transport-ws", "absinthe"}


def case(name, function, *arguments):
    """Registers one cell of a table as a check."""

    async def checked():
        await function(*arguments)

    checked.__name__ = name.replace(" ", "_")
    check(checked)


async def foreign(client, url, query, init=None):
    """What a client of foreign.mjs got: the results, and how it ended."""
    ended = await run("node", str(HERE / "foreign.mjs"), client, url, query, json.dumps(init or {}))
    lines = ended.lines()
    expect(lines and "end" in lines[-1], f"{client} on {query}: {ended}")
    return [line for line in lines if "end" not in line], next(line["end"] for line in lines if "end" in line)


async def queries(client, kind, at):
    results, end = await foreign(client, Server(kind).urls[at], HELLO)
    equal((results, end), ([{"data": {"hello": "hello world", "add": 3}}], "complete"), "the answer")


async def subscribes(client, kind, at):
    server = Server(kind)
    results, end = await foreign(client, server.urls[at], COUNTDOWN)
    equal(([result["data"] for result in results], end), (COUNTED, "complete"), "the events")
    await server.until(lambda counts: counts["live"] == 0, "the end of the subscription")


async def is_admitted_or_refused(client, kind, at):
    # Strawberry's legacy protocol has no queries to ask for the token with.
    query = COUNTDOWN if (client, kind) in SUBSCRIPTIONS_ONLY else "{ token }"
    results, _ = await foreign(client, Server(kind).urls[at], query, {"token": TOKEN})
    expect(query == COUNTDOWN or results == [{"data": {"token": TOKEN}}], f"with the right token: {results}")
    results, end = await foreign(client, Server(kind).urls[at], query, {"token": "another"})
    equal(results, [], "results with the wrong token")
    expect(end != "complete", f"with the wrong token: {end}")
    if client == "graphql-ws":
        equal(end["code"], 4403, "the close code")


for client, kind, at in CLIENTS:
    if (client, kind) not in SUBSCRIPTIONS_ONLY:
        case(f"{client} queries {kind}", queries, client, kind, at)
    case(f"{client} subscribes at {kind}", subscribes, client, kind, at)
    if client in BY_SOCKET:
        case(f"{client} is admitted or refused by {kind}", is_admitted_or_refused, client, kind, at)


async def gql_uploads(kind, headers):
    server = Server(kind)
    bytes_ = bytes(range(256)) * 4096
    with scratch() as folder:
        (folder / "photo.png").write_bytes(bytes_)
        transport = AIOHTTPTransport(server.http, headers=headers)
        async with Client(transport=transport) as session:
            file = FileVar(str(folder / "photo.png"), content_type="image/png")
            query = gql("mutation ($file: Upload!) { upload(file: $file) { name type size sha256 } }")
            query.variable_values = {"file": file}
            got = (await session.execute(query, upload_files=True))["upload"]
    digest = hashlib.sha256(bytes_).hexdigest()
    equal(got, {"name": "photo.png", "type": "image/png", "size": len(bytes_), "sha256": digest}, "the file")


case("gql uploads to yoga", gql_uploads, "yoga", {})
case("gql uploads to apollo", gql_uploads, "apollo", {"apollo-require-preflight": "1"})
case("gql uploads to strawberry", gql_uploads, "strawberry", {})


async def gql_subscribes(transport):
    async with Client(transport=transport()) as session:
        got = []
        async for result in session.subscribe(gql(COUNTDOWN)):
            got.append(result)
            # A Phoenix subscription has no end.
            if result == COUNTED[-1]:
                break
        equal(got, COUNTED, "the events")


def socket(kind, subprotocol):
    return lambda: WebsocketsTransport(Server(kind).ws, subprotocols=[subprotocol])


case("gql subscribes at graphql ws", gql_subscribes, socket("graphql-ws", "graphql-transport-ws"))
case("gql subscribes at legacy ws", gql_subscribes, socket("legacy-ws", "graphql-ws"))
case("gql subscribes at strawberry by multipart", gql_subscribes, lambda: AIOHTTPTransport(Server("strawberry").http))
case("gql subscribes at phoenix", gql_subscribes, lambda: PhoenixChannelWebsocketsTransport(Server("phoenix").ws))


async def curl(url, *flags):
    ended = await run("curl", "--silent", "--show-error", "--max-time", "10", url, *flags)
    equal(ended.code, 0, str(ended))
    return ended.out


JSON = ("--header", "content-type: application/json")


async def by_get(kind, *flags):
    server = Server(kind)
    await server.reset()
    answer = await curl(server.http, "--get", "--data-urlencode", f"query={HELLO}", *flags)
    equal(json.loads(answer), {"data": {"hello": "hello world", "add": 3}}, "the answer")
    equal((await server.counts())["requests"][0]["method"], "GET", "the method")


async def in_batches(kind):
    body = json.dumps([{"query": "{ hello }"}, {"query": "{ fail }"}])
    first, second = json.loads(await curl(Server(kind).http, *JSON, "--data", body))
    equal(first, {"data": {"hello": "hello world"}}, "the first answer")
    equal(second["errors"][0]["extensions"]["code"], "AS_ASKED", "the second answer's error")


async def by_hash(kind):
    server = Server(kind)
    await server.reset()
    # Of its own, since the server remembers.
    query = "{ persisted: hello }"
    digest = hashlib.sha256(query.encode()).hexdigest()
    hashed = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}
    for body in (hashed, hashed | {"query": query}, hashed):
        answer = json.loads(await curl(server.http, *JSON, "--data", json.dumps(body)))
    equal(answer, {"data": {"persisted": "hello world"}}, "the last answer")
    sent = [request["sent"][0]["text"] for request in (await server.counts())["requests"]]
    equal(sent, [False, True, False], "whether the text was sent")


async def in_parts(kind, accept, wanted):
    query = "{ slowly { now ... @defer { later } } }"
    body = json.dumps({"query": query})
    answer = await curl(Server(kind).http, *JSON, "--header", f"accept: {accept}", "--data", body)
    expect("\r\n---\r\n" in answer and answer.rstrip().endswith("-----"), f"no parts: {answer!r}")
    expect(wanted in answer, f"no {wanted} in {answer!r}")


PREFLIGHT = ("--header", "apollo-require-preflight: 1")
NOW, BEFORE = "multipart/mixed; incrementalSpec=v0.2", "multipart/mixed; deferSpec=20220824"

case("curl queries graphql http by get", by_get, "graphql-ws")
case("curl queries yoga by get", by_get, "yoga")
case("curl queries apollo by get", by_get, "apollo", *PREFLIGHT)
case("curl queries strawberry by get", by_get, "strawberry")
case("curl sends a batch to yoga", in_batches, "yoga")
case("curl sends a batch to apollo", in_batches, "apollo")
case("curl sends a batch to strawberry", in_batches, "strawberry")
case("curl persists a query at yoga", by_hash, "yoga")
case("curl persists a query at apollo", by_hash, "apollo")
case("curl gets a deferred part of apollo as it is now", in_parts, "apollo-next", NOW, '"pending"')
case("curl gets a deferred part of apollo as it was before", in_parts, "apollo-next", BEFORE, '"path":["slowly"]')
case("curl gets a deferred part of yoga", in_parts, "yoga", "multipart/mixed", '"path":["slowly"]')
case("curl gets a deferred part of strawberry", in_parts, "strawberry", "multipart/mixed", '"pending"')


@check
async def a_cut_is_felt_once_and_the_client_comes_back():
    server = Server("graphql-ws")
    await server.reset()
    await server.cut(events=2)
    results, end = await foreign("graphql-ws-again", server.ws, COUNTDOWN)
    equal([result["data"]["countdown"] for result in results], [2, 1, 2, 1, 0], "the events, from the start again")
    equal(end, "complete", "the end")
    equal((await server.counts())["connections"], 2, "connections")


async def comes_back_after_refusing(kind):
    server = Server(kind)
    url = server.ws.replace("ws", "http", 1)

    async def knock():
        return (await run("curl", "--silent", "--max-time", "5", url)).code

    await server.refuse(300)
    equal(await knock(), 7, "curl's exit code for a refused connection")
    for _ in range(50):
        if await knock() == 0:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it does not listen again")


for kind in ("graphql-ws", "strawberry", "phoenix"):
    case(f"{kind} refuses for a while and comes back", comes_back_after_refusing, kind)


@check
async def a_server_ends_with_its_standard_input():
    # The harness closes a program's standard input at once.
    async with program("node", str(HERE / "serve.mjs"), str(HERE), "graphql-sse") as running:
        expect("graphql-sse" in json.loads(await running.line()), "its URLs")
        equal((await running.finish()).code, 0, "exit code")
