"""An AppSync API that shares no code with ours: `websockets` for the realtime endpoint, `aiohttp` for HTTP,
graphql-core for GraphQL, botocore and PyJWT for the credentials. It speaks well by default; `odd` makes it speak as
AppSync has been seen to. Oddities can also be asked for with `?odd=a,b` in the realtime URL.

    spaces            JSON with spaces and line ends             reordered         members in another order
    escapes           every character of a string as \\uXXXX      unknown           frames of unknown types in between
    fragments         messages in several websocket frames       data_before_ack   an event ahead of start_ack
    error_on_start    error with the id                          error_object      `errors` an object, not an array
    legacy_error      errorType right in the payload             error_without_id  LimitExceededError that names no id
    null_payloads     payloads of null where none is due         large             messages of 200 KB
    connection_error  connection_error instead of the ack        refuse_upgrade    HTTP 401 instead of the websocket
    close_on_start    a close frame instead of start_ack
"""

import argparse
import asyncio
import contextlib
import datetime
import http
import json
import re
import uuid
from urllib.parse import parse_qs, urlsplit

import websockets
from aiohttp import web
from graphql import GraphQLError, build_schema, execute, get_operation_ast, parse, validate
from graphql.execution.values import get_argument_values, get_variable_values
from graphql.language import FieldNode, FragmentSpreadNode
from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.http11 import Response

from appsync_auth import Guard, Refused, connect_headers
from harness import ACCESS_KEY, API_KEY, JWT_SECRET, REGION, SECRET_KEY, within

SCHEMA = build_schema('''
"""A moment in UTC"""
scalar AWSDateTime @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc3339")

"""Sent to the last digit as it is: a number in a language that has the room"""
scalar Exact

enum Mood { CALM LOUD @deprecated(reason: "quiet, please") }

interface Node { id: ID! }

type Message implements Node {
  id: ID!
  message: String!
  createdAt: AWSDateTime!
  exact: Exact
  mood: Mood
}

union Anything = Message

input CreateMessageInput { message: String!, exact: String, mood: Mood = CALM }

type Query {
  getMessage(id: ID!): Message
  "Fails, but not the fields beside it"
  broken: String
  anything: [Anything!]
}

type Mutation { createMessage(input: CreateMessageInput!): Message }

type Subscription { onCreateMessage(id: ID, message: String): Message }
''')

LARGE = 200 * 1024


class RealtimeServer:
    """Listens on one port of 127.0.0.1 from `async with` to its end."""

    def __init__(self, *odd, port=0):
        self.guard = Guard({API_KEY}, {ACCESS_KEY: SECRET_KEY}, JWT_SECRET, REGION)
        self.odd = set(odd)
        self.port = port
        self.carriers = []  # how each accepted handshake carried its headers
        self.modes = []  # what let each caller in: (where, mode)
        self.frames = []  # what clients sent
        self.messages = {}
        self._subscriptions = set()
        self._started = asyncio.Queue()
        self._stopped = asyncio.Queue()
        self._pipes = set()

    async def __aenter__(self):
        self._stack = contextlib.AsyncExitStack()
        app = web.Application()
        app.router.add_post("/graphql", self._http)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0, shutdown_timeout=1)
        await site.start()
        sockets = await self._stack.enter_async_context(
            serve(
                self._connection,
                "127.0.0.1",
                0,
                select_subprotocol=_select,
                process_request=self._upgrade,
                close_timeout=1,
            )
        )
        self._http_port = runner.addresses[0][1]
        self._socket_port = sockets.sockets[0].getsockname()[1]
        # websockets takes no POST and aiohttp is not to play the websocket, so a pipe in front gives both one port.
        front = await asyncio.start_server(self._front, "127.0.0.1", self.port)
        self._stack.callback(front.close)
        self._stack.callback(self.cut)
        self.port = front.sockets[0].getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.http = f"http://{self.host}/graphql"
        self.realtime = f"ws://{self.host}/graphql/realtime"
        return self

    async def __aexit__(self, *_):
        await self._stack.aclose()

    async def subscription(self):
        """The next subscription that was acknowledged."""
        return await within(self._started.get())

    async def stopped(self):
        """The next id that a client stopped."""
        return await within(self._stopped.get())

    async def publish(self, selected=("id", "message", "createdAt", "exact", "mood"), **message):
        """Sends a message to whom it concerns, with only the fields that the mutation selected, as AppSync does."""
        message = {**_message(message.pop("message", "hello")), **message}
        sent = {name: value for name, value in message.items() if name in selected}
        for subscription in list(self._subscriptions):
            if subscription.wants(message):
                await subscription.event(sent)

    def cut(self):
        """Ends every TCP connection at once, without a close frame."""
        for writer in self._pipes:
            writer.transport.abort()

    async def _front(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            port = self._socket_port if b"upgrade: websocket" in head.lower() else self._http_port
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
            inner_writer.write(head)
            self._pipes |= {writer, inner_writer}
            await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))
            self._pipes -= {writer, inner_writer}
        writer.close()

    # HTTP

    async def _http(self, request):
        body = await request.text()
        try:
            self.modes.append(("http", self.guard.admit(request.headers, url=self.http, body=body)))
            payload = json.loads(body)
            answer = self._execute(payload)
        except Refused as refused:
            headers = {"x-amzn-ErrorType": refused.error_type}
            return _json({"errors": [refused.error()]}, refused.status, headers)
        except (ValueError, KeyError, TypeError):
            return _json({"errors": [{"errorType": "MalformedHttpRequestException", "message": "Not a request."}]}, 400)
        return _json(answer)

    def _execute(self, payload):
        document, errors = _document(payload["query"])
        if errors:
            return {"data": None, "errors": errors}
        root = {
            "getMessage": lambda _info, id: self.messages.get(id),
            "broken": _broken,
            "anything": lambda _info: list(self.messages.values()),
            "createMessage": self._create,
        }
        result = execute(
            SCHEMA,
            document,
            root,
            variable_values=payload.get("variables"),
            operation_name=payload.get("operationName"),
            type_resolver=lambda *_: "Message",
        )
        answer = {"data": result.data}
        if result.errors:
            answer["errors"] = [_field_error(error) for error in result.errors]
        return answer

    def _create(self, info, input):
        message = _message(**{**input, "exact": input.get("exact") and f"raw:{input['exact']}"})
        self.messages[message["id"]] = message
        selected = tuple(_selected(info.field_nodes[0].selection_set, info.fragments))
        task = asyncio.get_running_loop().create_task(self.publish(selected, **message))
        self._stack.callback(task.cancel)
        return message

    # Realtime

    def _upgrade(self, _connection, request):
        if "refuse_upgrade" in self._odd(request):
            body = b'{"errors":[{"errorType":"UnauthorizedException","message":"Permission denied"}]}'
            headers = Headers({"x-amzn-ErrorType": "UnauthorizedException", "Content-Length": str(len(body))})
            return Response(http.HTTPStatus.UNAUTHORIZED, "Unauthorized", headers, body)
        if urlsplit(request.path).path != "/graphql/realtime":
            return Response(http.HTTPStatus.NOT_FOUND, "Not Found", Headers({"Content-Length": "0"}), b"")
        return None

    async def _connection(self, socket):
        odd = self._odd(socket.request)
        subscriptions = {}
        try:
            await self._admit(socket, odd)
            async for text in socket:
                frame = json.loads(text)
                self.frames.append(frame)
                kind = frame.get("type")
                if kind == "connection_init":
                    ack = {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300000}}
                    await _send(socket, odd, ack)
                    await _send(socket, odd, {"type": "ka"})
                elif kind == "start":
                    await self._start(socket, odd, frame, subscriptions)
                elif kind == "stop" and (stopped := subscriptions.pop(frame.get("id"), None)):
                    self._subscriptions.discard(stopped)
                    self._stopped.put_nowait(stopped.id)
                    await stopped.complete()
        except Refused as refused:
            error = {name: value for name, value in refused.error().items() if value is not None}
            # Only after connection_init: a client that is still sending it would see a closed socket and no reason.
            with contextlib.suppress(TimeoutError, websockets.ConnectionClosed):
                await within(socket.recv(), 5)
            await _send(socket, odd, {"type": "connection_error", "payload": {"errors": [{**error, "errorCode": 400}]}})
        except websockets.ConnectionClosed:
            pass
        finally:
            self._subscriptions -= set(subscriptions.values())
            await socket.close()

    async def _admit(self, socket, odd):
        if socket.subprotocol != "graphql-ws":
            raise Refused(None, "NoProtocolError", 400)
        carrier, headers = connect_headers(socket.request)
        mode = self.guard.admit(headers, url=f"http://{self.host}/graphql/connect", body="{}")
        if "connection_error" in odd:
            told = "You are not authorized to make this call."
            raise Refused("com.amazonaws.deepdish.graphql.auth#UnauthorizedException", told)
        self.carriers.append(carrier)
        self.modes.append(("connect", mode))

    async def _start(self, socket, odd, frame, subscriptions):
        id, payload = frame["id"], frame.get("payload", {})

        async def refuse(*errors):
            await _send(socket, odd, {"type": "error", "id": id, "payload": {"errors": list(errors)}})

        try:
            text = payload["data"]
            authorization = payload["extensions"]["authorization"]
            self.modes.append(("start", self.guard.admit(authorization, url=self.http, body=text)))
            subscription = _Subscription(socket, odd, id, json.loads(text), taken=id in subscriptions)
        except (KeyError, TypeError, ValueError):
            told = "unknown not supported through the realtime channel"
            return await refuse({"errorType": "UnsupportedOperation", "message": told})
        except Refused as refused:
            return await refuse(refused.error())
        except _Unfit as unfit:
            return await refuse(*unfit.errors)

        if "error_on_start" in odd:
            return await refuse({"errorType": "UnauthorizedException", "message": "Permission denied"})
        if "error_object" in odd:
            error = {"errorType": "MaxSubscriptionsReachedError", "message": "Max number of 100 subscriptions reached"}
            return await _send(socket, odd, {"type": "error", "id": id, "payload": {"errors": error}})
        if "legacy_error" in odd:
            error = {"errorType": "MaxSubscriptionsReachedException", "message": "Too many subscriptions"}
            return await _send(socket, odd, {"id": id, "type": "error", "payload": error})
        if "error_without_id" in odd:
            error = {"errorType": "LimitExceededError", "message": "Rate limit exceeded"}
            return await _send(socket, odd, {"type": "error", "payload": {"errors": [error]}})
        if "close_on_start" in odd:
            return await socket.close(1008, "policy of the house")

        subscriptions[id] = subscription
        self._subscriptions.add(subscription)
        if "data_before_ack" in odd:
            await subscription.event(_message("too early"))
        ack = {"type": "start_ack", "id": id}
        await _send(socket, odd, {**ack, "payload": None} if "null_payloads" in odd else ack)
        self._started.put_nowait(subscription)

    def _odd(self, request):
        asked = parse_qs(urlsplit(request.path).query).get("odd", [""])[0]
        return self.odd | set(filter(None, asked.split(",")))


class _Unfit(Exception):
    """A start whose document will not do."""

    def __init__(self, *errors):
        self.errors = errors


class _Subscription:
    def __init__(self, socket, odd, id, payload, taken):
        self.socket, self.odd, self.id = socket, odd, id
        self.document, errors = _document(payload["query"])
        if errors:
            raise _Unfit(*errors)
        self.variables = payload.get("variables") or {}
        self.operation_name = payload.get("operationName")
        operation = get_operation_ast(self.document, self.operation_name)
        kind = operation.operation.value if operation else "unknown"
        if kind != "subscription":
            told = f"{kind} not supported through the realtime channel"
            raise _Unfit({"errorType": "UnsupportedOperation", "message": told})
        if taken:
            raise _Unfit({"errorType": "DuplicatedOperationError", "message": f"Duplicated operation with id {id}"})
        self.field = operation.selection_set.selections[0]
        definition = SCHEMA.subscription_type.fields[self.field.name.value]
        variables = get_variable_values(SCHEMA, operation.variable_definitions or [], self.variables)
        if isinstance(variables, list):
            raise _Unfit(*({"message": error.message} for error in variables))
        self.filter = get_argument_values(definition, self.field, variables)

    def wants(self, message):
        return all(message.get(name) == value for name, value in self.filter.items() if value is not None)

    async def event(self, message):
        if "large" in self.odd:
            message = {**message, "message": message["message"].ljust(LARGE, "é")}
        root = {self.field.name.value: message}
        result = execute(
            SCHEMA, self.document, root, variable_values=self.variables, operation_name=self.operation_name
        )
        payload = {"data": result.data}
        if result.errors:
            payload["errors"] = [_field_error(error) for error in result.errors]
        await _send(self.socket, self.odd, {"type": "data", "id": self.id, "payload": payload})

    async def complete(self):
        frame = {"type": "complete", "id": self.id}
        await _send(self.socket, self.odd, {**frame, "payload": None} if "null_payloads" in self.odd else frame)

    async def fail(self, *errors):
        """Ends this subscription, and no other."""
        await _send(self.socket, self.odd, {"type": "error", "id": self.id, "payload": {"errors": list(errors)}})

    async def limit(self):
        """The error that names no id: meant for whoever is starting, not for this subscription."""
        error = {"errorType": "LimitExceededError", "message": "Rate limit exceeded"}
        await _send(self.socket, self.odd, {"type": "error", "id": "", "payload": {"errors": error}})


async def _send(socket, odd, frame):
    with contextlib.suppress(websockets.ConnectionClosed):
        if "unknown" in odd:
            await socket.send('{"type":"starting","id":"1"}')
            await socket.send('{"type":"weather","payload":[1,{"type":"data"}],"id":null}')
            await socket.ping()
        text = _encode(frame, odd)
        if "fragments" in odd:
            return await socket.send([text[at : at + 7] for at in range(0, min(len(text), 700), 7)] + [text[700:]])
        await socket.send(text)


def _encode(frame, odd):
    if "reordered" in odd:
        frame = dict(reversed(frame.items()))
    text = json.dumps(frame, ensure_ascii=False, indent=2 if "spaces" in odd else None, separators=(",", ":"))
    text = _raw_numbers(text)
    if "escapes" in odd:
        text = re.sub(r'"(?:[^"\\]|\\.)*"', _escaped, text)
    return text


def _raw_numbers(text):
    # Python's floats would not keep "1.10" or "1e3" as they were written.
    return re.sub(r'"raw:([-+.0-9eE]+)"', r"\1", text)


def _escaped(literal):
    units = json.loads(literal[0]).encode("utf-16-be")
    return '"' + "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)) + '"'


def _json(answer, status=200, headers=None):
    response = web.Response(
        text=_raw_numbers(json.dumps(answer, ensure_ascii=False)),
        status=status,
        content_type="application/json",
        headers=headers,
    )
    response.enable_compression()
    return response


def _document(text):
    try:
        document = parse(text)
    except GraphQLError as error:
        return None, [{"message": f"Unable to parse GraphQL query. {error.message}"}]
    errors = [{"message": f"Validation error of type Unknown: {error.message}"} for error in validate(SCHEMA, document)]
    return document, errors


def _message(message, exact=None, mood="CALM", id=None, createdAt=None):
    created = createdAt or f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    return {"id": id or str(uuid.uuid4()), "message": message, "createdAt": created, "exact": exact, "mood": mood}


def _broken(_info):
    raise GraphQLError("the resolver gave up")


def _field_error(error):
    return {
        "path": error.path,
        "data": None,
        "errorType": "MappingTemplate",
        "errorInfo": None,
        "locations": [{"line": at.line, "column": at.column, "sourceName": None} for at in error.locations or []],
        "message": error.message,
    }


def _selected(selection_set, fragments):
    for selection in selection_set.selections:
        if isinstance(selection, FieldNode):
            yield selection.name.value
        elif isinstance(selection, FragmentSpreadNode):
            yield from _selected(fragments[selection.name.value].selection_set, fragments)
        else:
            yield from _selected(selection.selection_set, fragments)


def _select(_connection, offers):
    return "graphql-ws" if "graphql-ws" in offers else None


async def _pipe(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def _main():
    arguments = argparse.ArgumentParser(description="An AppSync-like API on 127.0.0.1, to try a client against")
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--odd", default="", help="oddities, separated by commas: see the top of this file")
    given = arguments.parse_args()
    async with RealtimeServer(*filter(None, given.odd.split(",")), port=given.port) as server:
        print(json.dumps({"http": server.http, "realtime": server.realtime, "api_key": API_KEY}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main())
