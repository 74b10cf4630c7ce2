"""The schema of `schema.mjs` for servers in Python, and the log and control endpoint that go with it."""

import asyncio
import hashlib
import json
import logging
import sys
import urllib.parse
from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.file_uploads import Upload
from strawberry.schema.config import StrawberryConfig

HOME = "127.0.0.1"
TOKEN = "let me in"


class Log:
    """What happened since the last reset; `live` is how many subscriptions are, whenever they began."""

    def __init__(self):
        self.live = 0
        self.cut_after = 0
        # Resets every connection; a server says how.
        self.cut = None
        self.clear()

    def clear(self):
        self.connections = self.operations = self.bumps = self.events = self.pings = 0
        self.requests = []

    async def sent(self):
        """The client has been sent one more event of a subscription."""
        self.events += 1
        if self.cut_after > 0:
            self.cut_after -= 1
            if self.cut_after == 0:
                # What was written just now is to arrive before the reset does.
                await asyncio.sleep(0.03)
                self.cut()

    def counts(self):
        named = ("live", "connections", "operations", "bumps", "events", "pings", "requests")
        return {name: getattr(self, name) for name in named}


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


class Counted(SchemaExtension):
    def on_execute(self):
        log.operations += 1
        yield


schema = strawberry.Schema(
    Query,
    Mutation,
    Subscription,
    extensions=[Counted],
    config=StrawberryConfig(batching_config={"max_operations": 10}, enable_experimental_incremental_execution=True),
)


async def controlled(name, urls, server):
    """Prints the URLs and serves the control endpoint of `serve.mjs` until the standard input ends.

    The server has `cut()`, `leave()`, `come_back()`, which does nothing to one that is there, and `opened()`."""
    returning = None
    log.cut = server.cut

    async def come_back(seconds):
        await asyncio.sleep(seconds)
        await server.come_back()

    async def control(reader, writer):
        nonlocal returning
        url = urllib.parse.urlsplit((await reader.readuntil(b"\r\n\r\n")).decode().split(" ")[1])
        asked = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/reset":
            log.cut_after = 0
            log.clear()
            if returning is not None:
                returning.cancel()
            await server.come_back()
        elif url.path == "/cut":
            log.cut_after = int(asked.get("events", 0))
            if not log.cut_after:
                server.cut()
        elif url.path == "/refuse":
            server.leave()
            server.cut()
            returning = asyncio.create_task(come_back(int(asked["ms"]) / 1000))
        body = json.dumps(log.counts() | {"open": server.opened()})
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    # Errors that a check asked for are no news.
    logging.disable(logging.CRITICAL)
    controller = await asyncio.start_server(control, HOME, 0)
    port = controller.sockets[0].getsockname()[1]
    print(json.dumps({"control": f"http://{HOME}:{port}", name: urls}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
