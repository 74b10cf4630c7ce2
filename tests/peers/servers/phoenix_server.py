"""A double of Absinthe behind a Phoenix socket, since no registry at hand has one: `phoenix` and `absinthe` are Elixir.

It follows Phoenix's serialisers of both versions and Absinthe's channel: what a reply's status is, that `operationName`
is not read, that an event's topic is its subscription's id, that a subscription never completes. Clients of those
projects' own authors (`phoenix` and `@absinthe/socket` from npm) and Python's gql hold it to that.

A query parameter `token` is checked at the handshake; with `early` an event comes before its subscription's reply."""

import asyncio
import contextlib
import http
import itertools
import json
import socket
import struct
import urllib.parse

from graphql import GraphQLSyntaxError, parse, validate
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from python_schema import HOME, TOKEN, controlled, log, schema

CONTROL = "__absinthe__:control"
ids = itertools.count(1)


class Connection:
    """One socket: what it joined, and what it subscribed to."""

    def __init__(self, websocket, query):
        self.websocket = websocket
        self.arrays = query.get("vsn", "1.0.0").startswith("2.")
        self.early = "early" in query
        self.context = {"connection_params": query, "request": websocket.request}
        self.join_ref = None
        self.subscriptions = {}

    async def serve(self):
        try:
            async for text in self.websocket:
                message = json.loads(text)
                if not self.arrays:
                    message = [message.get(name) for name in ("join_ref", "ref", "topic", "event", "payload")]
                join_ref, ref, topic, event, payload = message
                if (topic, event) == ("phoenix", "heartbeat"):
                    log.pings += 1
                    await self.reply(None, ref, topic, "ok", {})
                elif event == "phx_join" and topic == CONTROL:
                    self.join_ref = ref if join_ref is None else join_ref
                    await self.reply(self.join_ref, ref, topic, "ok", {})
                elif topic != CONTROL or self.join_ref is None:
                    await self.reply(join_ref, ref, topic, "error", {"reason": "unmatched topic"})
                elif event == "phx_leave":
                    await self.reply(self.join_ref, ref, topic, "ok", {})
                    await self.send(self.join_ref, self.join_ref, topic, "phx_close", {})
                    self.join_ref = None
                elif event == "doc":
                    # A channel does one thing after the other; a slow document keeps the next one waiting.
                    await self.document(ref, payload)
                elif event == "unsubscribe":
                    subscription = payload["subscriptionId"]
                    if (task := self.subscriptions.pop(subscription, None)) is not None:
                        task.cancel()
                    await self.reply(self.join_ref, ref, topic, "ok", {"subscriptionId": subscription})
        finally:
            for task in self.subscriptions.values():
                task.cancel()

    async def document(self, ref, payload):
        variables = payload.get("variables") or {}
        if not isinstance(variables, dict):
            return await self.reply(self.join_ref, ref, CONTROL, "error", {"error": "Could not parse variables as map"})
        query = payload.get("query", "")
        if query.lstrip().startswith("subscription"):
            if errors := invalid(query):
                return await self.reply(self.join_ref, ref, CONTROL, "error", {"errors": errors})
            events = await schema.subscribe(query, variable_values=variables, context_value=self.context)
            name = f"__absinthe__:doc:{next(ids)}"
            # Registered before it is answered, as there, so an event may overtake the reply. With `early` one does.
            if self.early:
                await self.event(name, await anext(events))
            await self.reply(self.join_ref, ref, CONTROL, "ok", {"subscriptionId": name})
            self.subscriptions[name] = asyncio.create_task(self.events(name, events))
            return None
        result = await schema.execute(query, variable_values=variables, context_value=self.context)
        status = "error" if result.data is None else "ok"
        return await self.reply(self.join_ref, ref, CONTROL, status, shown(result))

    async def events(self, name, events):
        try:
            async for result in events:
                await self.event(name, result)
        finally:
            await events.aclose()

    async def event(self, name, result):
        payload = {"result": shown(result), "subscriptionId": name}
        await self.send(None, None, name, "subscription:data", payload)

    async def reply(self, join_ref, ref, topic, status, response):
        await self.send(join_ref, ref, topic, "phx_reply", {"status": status, "response": response})

    async def send(self, join_ref, ref, topic, event, payload):
        message = {"topic": topic, "event": event, "payload": payload, "ref": ref}
        await self.websocket.send(json.dumps([join_ref, ref, topic, event, payload] if self.arrays else message))


def invalid(query):
    """What is wrong with a document, before anything runs."""
    try:
        errors = validate(schema._schema, parse(query))
    except GraphQLSyntaxError as error:
        errors = [error]
    return [error.formatted for error in errors]


def shown(result):
    """A result as Absinthe has it: no `data` where nothing ran."""
    answer = {} if result.data is None else {"data": result.data}
    return answer | ({"errors": [error.formatted for error in result.errors]} if result.errors else {})


def query_of(path):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(path).query))


def admit(websocket, request):
    log.connections += 1
    if urllib.parse.urlsplit(request.path).path != "/socket/websocket":
        return websocket.respond(http.HTTPStatus.NOT_FOUND, "")
    if query_of(request.path).get("token", TOKEN) != TOKEN:
        return websocket.respond(http.HTTPStatus.FORBIDDEN, "")
    return None


async def handle(websocket):
    with contextlib.suppress(ConnectionClosed):
        await Connection(websocket, query_of(websocket.request.path)).serve()


class Listener:
    """The socket server, which can close its port and open it again."""

    def __init__(self):
        self.port = 0
        self.server = None

    async def listen(self):
        self.server = await serve(handle, HOME, self.port, process_request=admit, compression=None)
        self.port = self.server.sockets[0].getsockname()[1]

    def cut(self):
        for websocket in self.server.connections:
            reset = struct.pack("ii", 1, 0)
            websocket.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            websocket.transport.abort()

    def leave(self):
        self.server.close(close_connections=False)

    async def come_back(self):
        if not self.server.is_serving():
            await self.listen()

    def opened(self):
        return len(self.server.connections)


async def main():
    listener = Listener()
    await listener.listen()
    at = f"ws://{HOME}:{listener.port}/socket/websocket"
    urls = {"ws": at, "early": f"{at}?early=1", "refused": f"{at}?token=another"}
    await controlled("phoenix", urls, listener)


if __name__ == "__main__":
    asyncio.run(main())
