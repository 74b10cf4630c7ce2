"""Is the server in `realtime_server.py` right? Python's `gql` and bare `websockets` say so; nothing of ours runs."""

import asyncio
import base64
import datetime
import json

import websockets
from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportQueryError, TransportServerError

import tokens
from appsync_auth import Guard, Refused
from gql_client import (
    Realtime,
    api_key,
    iam,
    receives_what_it_sends,
    refused_at_connect,
    refused_at_start,
    refused_over_http,
    token,
)
from harness import ACCESS_KEY, API_KEY, ON_CREATE, REGION, SECRET_KEY, check, equal, expect, within
from realtime_server import LARGE, RealtimeServer

# A handshake signed at a fixed moment.
VECTOR_HOST = "abcdefghijklmnopqrstuvwxyz.appsync-api.us-east-1.amazonaws.com"
VECTOR_MOMENT = datetime.datetime(2025, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
VECTOR_SIGNATURE = "b9e0ac9685779c49400582078b4bd068f5ea7a31e9f019202d45b6b4d2ba4422"


@check
async def foreign_server_verifies_a_signature_from_elsewhere():
    headers = {
        "accept": "application/json, text/javascript",
        "content-encoding": "amz-1.0",
        "content-type": "application/json; charset=UTF-8",
        "host": VECTOR_HOST,
        "x-amz-date": "20250102T030405Z",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20250102/us-east-1/appsync/aws4_request, "
        "SignedHeaders=accept;content-encoding;content-type;host;x-amz-date, "
        f"Signature={VECTOR_SIGNATURE}",
    }
    guard = Guard(set(), {ACCESS_KEY: SECRET_KEY}, "", REGION)
    url = f"https://{VECTOR_HOST}/graphql/connect"
    equal(guard.admit(headers, url=url, body="{}", now=VECTOR_MOMENT), "iam", "mode")
    for changed in ({"body": "{ }"}, {"url": f"https://{VECTOR_HOST}/graphql"}, {"now": VECTOR_MOMENT.replace(hour=4)}):
        try:
            guard.admit(headers, **{"url": url, "body": "{}", "now": VECTOR_MOMENT, **changed})
        except Refused:
            continue
        raise AssertionError(f"accepted with {changed}")


@check
async def foreign_server_serves_python_gql_with_an_api_key():
    async with RealtimeServer() as server:
        await receives_what_it_sends(server, api_key(server.host))
        equal(set(server.modes), {("connect", "api-key"), ("start", "api-key"), ("http", "api-key")}, "modes")


@check
async def foreign_server_serves_python_gql_with_iam():
    async with RealtimeServer() as server:
        await receives_what_it_sends(server, iam(server.host))
        equal(set(server.modes), {("connect", "iam"), ("start", "iam"), ("http", "iam")}, "modes")


@check
async def foreign_server_serves_python_gql_with_a_jwt():
    async with RealtimeServer() as server:
        await receives_what_it_sends(server, token(server.host, tokens.hs256()))


@check
async def foreign_server_refuses_python_gql_with_wrong_credentials():
    async with RealtimeServer() as server:
        host = server.host
        for auth, error_type in [
            (api_key(host, "da2-wrong"), "UnauthorizedException"),
            (iam(host, secret="wrong"), "BadRequestException"),
            (iam(host, access_key="AKIDUNKNOWN"), "UnrecognizedClientException"),
            (token(host, tokens.expired()), "UnauthorizedException"),
            (token(host, tokens.unsigned()), "UnauthorizedException"),
        ]:
            await refused_over_http(server, auth, error_type)
            await refused_at_connect(server, auth, error_type)
            await refused_at_start(server, auth, error_type)
        equal(server.messages, {}, "stored messages")


@check
async def foreign_server_reads_each_carrier_of_the_header_object():
    async with RealtimeServer() as server:
        given = {"host": server.host, "x-api-key": API_KEY}
        text = base64.urlsafe_b64encode(json.dumps(given).encode()).decode().rstrip("=")
        for carrier, url, protocols, headers in [
            ("query", f"{server.realtime}?header={text}{'=' * (-len(text) % 4)}&payload=e30=", ["graphql-ws"], {}),
            ("subprotocol", server.realtime, ["graphql-ws", f"header-{text}"], {}),
            ("headers", server.realtime, ["graphql-ws"], {"x-api-key": API_KEY}),
        ]:
            async with websockets.connect(url, subprotocols=protocols, additional_headers=headers) as socket:
                equal(socket.subprotocol, "graphql-ws", "subprotocol")
                await socket.send('{"type":"connection_init"}')
                equal(json.loads(await within(socket.recv()))["type"], "connection_ack", f"answer to {carrier}")
                equal(json.loads(await within(socket.recv()))["type"], "ka", "frame after the ack")
            equal(server.carriers[-1], carrier, "carrier")
        for protocols, message in [(["graphql-ws"], "Required headers are missing."), (None, "NoProtocolError")]:
            async with websockets.connect(server.realtime, subprotocols=protocols) as socket:
                await socket.send('{"type":"connection_init"}')
                frame = json.loads(await within(socket.recv()))
            equal(frame["payload"]["errors"], [{"message": message, "errorCode": 400}], "connection_error")


@check
async def foreign_server_speaks_oddly_but_so_that_python_gql_still_understands():
    for odd in ["spaces", "reordered", "escapes", "fragments", "null_payloads"]:
        async with RealtimeServer(odd) as server:
            await receives_what_it_sends(server, api_key(server.host))


@check
async def foreign_server_sends_large_early_and_exact_data():
    async with RealtimeServer("large", "data_before_ack") as server:
        transport = Realtime(server.realtime, auth=api_key(server.host))
        async with Client(transport=transport) as session:
            events = session.subscribe(GraphQLRequest("subscription { onCreateMessage { message exact } }"))
            early = (await within(anext(events)))["onCreateMessage"]
            expect(early["message"].startswith("too early"), early["message"][:40])
            equal(len(early["message"]), LARGE, "length")
            await server.publish(exact="raw:123456789012345678901234567890")
            equal((await within(anext(events)))["onCreateMessage"]["exact"], 123456789012345678901234567890, "exact")
            await events.aclose()


@check
async def foreign_server_refuses_and_breaks_off_as_asked():
    for odd, kind in [
        ("error_on_start", TransportQueryError),
        ("error_without_id", TransportServerError),
        ("connection_error", TransportServerError),
    ]:
        async with RealtimeServer(odd) as server:
            try:
                async with Client(transport=Realtime(server.realtime, auth=api_key(server.host))) as session:
                    await within(anext(session.subscribe(GraphQLRequest(ON_CREATE))))
            except kind:
                continue
            raise AssertionError(f"no {kind.__name__} for {odd}")


@check
async def foreign_server_filters_by_arguments_and_by_what_the_mutation_selected():
    async with RealtimeServer() as server:
        transport = Realtime(server.realtime, auth=api_key(server.host))
        async with Client(transport=transport) as session:
            wanted = 'subscription { onCreateMessage(message: "b") { id exact } }'
            events = session.subscribe(GraphQLRequest(wanted))
            first = asyncio.ensure_future(anext(events))
            await server.subscription()
            await server.publish(message="a", exact="raw:1")
            await server.publish(message="b", exact="raw:2", selected=("id", "message"))
            event = (await within(first))["onCreateMessage"]
            equal(event["exact"], None, "a field that the mutation did not select")
            await events.aclose()
