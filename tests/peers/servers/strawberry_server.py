"""Strawberry in uvicorn: GraphQL over HTTP, GET, batches, uploads, both socket protocols, event streams, multipart
subscriptions and incremental delivery, all at one URL.

Behaves as `serve.mjs` does: the same schema, the same control endpoint, one line of JSON when it is ready, and it ends
when its standard input does."""

import asyncio
import hashlib
import json
import socket
import struct
import sys
import urllib.parse
from collections.abc import AsyncGenerator
from typing import Annotated, Any

import strawberry
import uvicorn
from graphql import GraphQLError
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.file_uploads import Upload
from strawberry.schema.config import StrawberryConfig

TOKEN = "let me in"
HOME = "127.0.0.1"


class Log:
    """What happened since the last reset; `live` is how many subscriptions are, whenever they began."""

    def __init__(self):
        self.live = 0
        self.cut_after = 0
        self.clear()

    def clear(self):
        self.connections = self.operations = self.bumps = self.events = 0
        self.requests = []

    async def sent(self):
        """The client has been sent one more event of a subscription."""
        self.events += 1
        if self.cut_after > 0:
            self.cut_after -= 1
            if self.cut_after == 0:
                # What was written just now is to arrive before the reset does.
                await asyncio.sleep(0.03)
                listener.cut()

    def counts(self):
        named = ("live", "connections", "operations", "bumps", "events", "requests")
        # Neither kind of ping can be seen from within Strawberry.
        return {name: getattr(self, name) for name in named} | {"pings": None, "pongs": None}


log = Log()


def refused(message):
    return GraphQLError(message, extensions={"code": "AS_ASKED"})


@strawberry.type
class File:
    name: str
    type: str | None
    size: int
    sha256: str


async def described(file):
    content = await file.read()
    return File(
        name=file.filename, type=file.content_type, size=len(content), sha256=hashlib.sha256(content).hexdigest()
    )


@strawberry.type
class Slowly:
    now: str = "now"
    numbers: list[int] = strawberry.field(default_factory=lambda: [1, 2, 3])

    @strawberry.field
    async def later(self, ms: int = 100) -> str:
        await asyncio.sleep(ms / 1000)
        return "later"


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str | None = "world") -> str:
        return f"hello {name}"

    @strawberry.field
    def add(self, a: int, b: int) -> int:
        return a + b

    @strawberry.field
    def fail(self) -> str | None:
        raise refused("it failed as asked")

    @strawberry.field
    def headers(self, info: strawberry.Info, names: list[str]) -> list[str]:
        return [f"{name}: {info.context['request'].headers.get(name, '')}" for name in names]

    @strawberry.field
    def token(self, info: strawberry.Info) -> str | None:
        return (info.context.get("connection_params") or {}).get("token")

    @strawberry.field
    async def slow(self, ms: int) -> int:
        await asyncio.sleep(ms / 1000)
        return ms

    @strawberry.field
    def big(self, bytes: int) -> str:
        return "x" * bytes

    @strawberry.field
    def slowly(self) -> Slowly:
        return Slowly()


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def bump(self, ms: int | None = 0) -> int:
        log.bumps += 1
        await asyncio.sleep(ms / 1000)
        return log.bumps

    @strawberry.mutation
    async def upload(self, file: Upload) -> File:
        return await described(file)

    @strawberry.mutation
    async def uploads(self, files: list[Upload]) -> list[File]:
        return [await described(file) for file in files]


class Live:
    """Counts a subscription while it lives."""

    def __enter__(self):
        log.live += 1
        log.operations += 1

    def __exit__(self, *_):
        log.live -= 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def countdown(
        self, start: Annotated[int, strawberry.argument(name="from")], ms: int | None = 10
    ) -> AsyncGenerator[int, None]:
        with Live():
            for at in range(start, -1, -1):
                yield at
                await log.sent()
                await asyncio.sleep(ms / 1000)

    @strawberry.subscription
    async def breaking(self) -> AsyncGenerator[int | None, None]:
        with Live():
            yield 1
            await log.sent()
            raise refused("the source broke")

    @strawberry.subscription
    async def forever(self, ms: int | None = 20) -> AsyncGenerator[int, None]:
        with Live():
            at = 0
            while True:
                yield at
                await log.sent()
                at += 1
                await asyncio.sleep(ms / 1000)


class Api(GraphQL):
    async def on_ws_connect(self, context: dict[str, Any]):
        if (context.get("connection_params") or {}).get("token", TOKEN) != TOKEN:
            raise ConnectionRejectionError({"reason": "that token is not the right one"})
        return await super().on_ws_connect(context)


schema = strawberry.Schema(
    Query,
    Mutation,
    Subscription,
    config=StrawberryConfig(batching_config={"max_operations": 10}, enable_experimental_incremental_execution=True),
)
api = Api(
    schema,
    graphql_ide=None,
    keep_alive=True,
    keep_alive_interval=0.2,
    multipart_uploads_enabled=True,
    # Only sockets are on by default. The order decides for a client that accepts several.
    subscription_protocols=("graphql-transport-ws", "graphql-ws", "multipart-subscription", "graphql-sse"),
)


async def app(scope, receive, send):
    if scope["type"] == "http":
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = scope["query_string"].decode()
        log.requests.append({
            "method": scope["method"],
            "url": scope["path"] + (f"?{query}" if query else ""),
            "type": headers.get("content-type"),
            "accept": headers.get("accept"),
            "encoding": headers.get("content-encoding"),
        })  # fmt: skip
    await api(scope, receive, send)


class Listener:
    """uvicorn's server, whose sockets can be closed and opened while it runs."""

    def __init__(self):
        config = uvicorn.Config(app, lifespan="off", log_level="critical", ws="websockets-sansio", access_log=False)
        self.uvicorn = uvicorn.Server(config)
        self.transports = set()
        self.port = 0

    async def start(self):
        config = self.uvicorn.config
        config.load()
        self.uvicorn.lifespan = config.lifespan_class(config)
        await self.listen()

    async def listen(self):
        loop, config = asyncio.get_running_loop(), self.uvicorn.config

        def protocol():
            made = config.http_protocol_class(config=config, server_state=self.uvicorn.server_state, app_state={})
            connected, lost = made.connection_made, made.connection_lost

            def connection_made(transport):
                log.connections += 1
                self.transports.add(transport)
                connected(transport)

            def connection_lost(error):
                self.transports.discard(made.transport)
                lost(error)

            made.connection_made, made.connection_lost = connection_made, connection_lost
            return made

        self.server = await loop.create_server(protocol, HOME, self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    def cut(self):
        """Resets every connection."""
        for transport in list(self.transports):
            if (connection := transport.get_extra_info("socket")) is not None and not transport.is_closing():
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                transport.abort()
        self.transports.clear()

    async def refuse(self, ms):
        self.server.close()
        self.cut()
        await asyncio.sleep(ms / 1000)
        await self.listen()


listener = Listener()


async def control(reader, writer):
    """As much of HTTP as a control endpoint needs."""
    request = (await reader.readuntil(b"\r\n\r\n")).decode()
    url = urllib.parse.urlsplit(request.split(" ")[1])
    asked = dict(urllib.parse.parse_qsl(url.query))
    if url.path == "/reset":
        log.cut_after = 0
        log.clear()
    elif url.path == "/cut":
        log.cut_after = int(asked.get("events", 0))
        if not log.cut_after:
            listener.cut()
    elif url.path == "/refuse":
        tasks.add(asyncio.create_task(listener.refuse(int(asked["ms"]))))
    body = json.dumps(log.counts() | {"open": len(listener.transports)}).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n"
    writer.write(head.encode() + b"\r\n" + body)
    await writer.drain()
    writer.close()


# The loop holds its tasks only weakly.
tasks = set()


async def main():
    await listener.start()
    controller = await asyncio.start_server(control, HOME, 0)
    at = f"{HOME}:{listener.port}/graphql"
    urls = {"http": f"http://{at}", "ws": f"ws://{at}", "sse": f"http://{at}"}
    print(
        json.dumps({
            "control": f"http://{HOME}:{controller.sockets[0].getsockname()[1]}",
            "strawberry": urls,
        }),
        flush=True,
    )  # fmt: skip
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
