"""Strawberry in uvicorn: GraphQL over HTTP, GET, batches, uploads, both socket protocols, event streams, multipart
subscriptions and incremental delivery, all at one URL."""

import asyncio
import socket
import struct
from typing import Any

import uvicorn
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError

from python_schema import HOME, TOKEN, controlled, log, schema


class Api(GraphQL):
    async def on_ws_connect(self, context: dict[str, Any]):
        if (context.get("connection_params") or {}).get("token", TOKEN) != TOKEN:
            raise ConnectionRejectionError({"reason": "that token is not the right one"})
        return await super().on_ws_connect(context)


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

    def leave(self):
        self.server.close()

    async def come_back(self):
        if not self.server.is_serving():
            await self.listen()

    def opened(self):
        return len(self.transports)


async def main():
    listener = Listener()
    await listener.start()
    at = f"{HOME}:{listener.port}/graphql"
    urls = {"http": f"http://{at}", "ws": f"ws://{at}", "sse": f"http://{at}"}
    await controlled("strawberry", urls, listener)


if __name__ == "__main__":
    asyncio.run(main())
