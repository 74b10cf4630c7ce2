"""Python's `gql`, set up for AppSync: what the checks use as the client that was not written here."""

import asyncio
import json

import aiohttp
from botocore.credentials import Credentials
from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.appsync_auth import (
    AppSyncApiKeyAuthentication,
    AppSyncAuthentication,
    AppSyncIAMAuthentication,
    AppSyncJWTAuthentication,
)
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport
from gql.transport.exceptions import TransportError

from harness import ACCESS_KEY, API_KEY, CREATE, ON_CREATE, REGION, SECRET_KEY, equal, expect, within


def api_key(host, key=API_KEY):
    return AppSyncApiKeyAuthentication(host=host, api_key=key)


def iam(host, access_key=ACCESS_KEY, secret=SECRET_KEY, token=None):
    credentials = Credentials(access_key, secret, token)
    return AppSyncIAMAuthentication(host=host, region_name=REGION, credentials=credentials)


def token(host, text):
    return AppSyncJWTAuthentication(host=host, jwt=text)


class GoodHandshake(AppSyncAuthentication):
    """Connects with one authentication and starts subscriptions with another."""

    def __init__(self, handshake, start):
        self.handshake, self.start = handshake, start

    def get_headers(self, data=None, headers=None):
        return (self.start if data else self.handshake).get_headers(data, headers)


class Realtime(AppSyncWebsocketsTransport):
    """`gql` throws `start_ack` away; without it nobody knows when to send the mutation."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.started = asyncio.Event()

    def _parse_answer(self, answer):
        parsed = super()._parse_answer(answer)
        if parsed[0] == "start_ack":
            self.started.set()
        return parsed


async def mutate(api, auth, message):
    async with Client(transport=AIOHTTPTransport(url=api.http, auth=auth)) as session:
        result = await within(session.execute(GraphQLRequest(CREATE, variable_values={"message": message})))
    return result["createMessage"]


async def receives_what_it_sends(api, auth):
    """Subscribes, waits for the acknowledgement, mutates three times and receives three events, in that order."""
    transport = Realtime(api.realtime, auth=auth)
    async with Client(transport=transport) as session:
        events = session.subscribe(GraphQLRequest(ON_CREATE))
        first = asyncio.ensure_future(anext(events))
        await within(transport.started.wait())
        for number, message in enumerate(["one", 'zwei "drei" 🦀', "line\nend"]):
            sent = await mutate(api, auth, message)
            equal(sent["message"], message, "the mutation's answer")
            event = await within(first if number == 0 else anext(events))
            equal(event["onCreateMessage"], sent, "the event")
        await events.aclose()


async def refused_over_http(api, auth, error_type, statuses=(400, 401, 403)):
    """The library's client fails, and the answer under it has AppSync's form."""
    try:
        await mutate(api, auth, "must not be stored")
    except TransportError:
        pass
    else:
        raise AssertionError("the mutation went through")
    body = json.dumps({"query": CREATE, "variables": {"message": "must not be stored"}})
    headers = auth.get_headers(body, {"content-type": "application/json"})
    async with aiohttp.ClientSession() as session, session.post(api.http, data=body, headers=headers) as answer:
        answered = await within(answer.json())
    expect(answer.status in statuses, f"HTTP status {answer.status} with {answered}")
    equal(answered["errors"][0].get("errorType"), error_type, "errorType over HTTP")
    expect(answered["errors"][0].get("message"), f"no message in {answered}")
    expect(answered.get("data") is None, f"data in {answered}")


async def refused_at_connect(api, auth, named):
    await _refused_on_the_socket(api, auth, named)


async def refused_at_start(api, auth, named):
    await _refused_on_the_socket(api, GoodHandshake(api_key(api.host), auth), named)


async def _refused_on_the_socket(api, auth, named):
    """Refused with an error that has `named` in it, not by a mere end of the connection."""
    try:
        async with Client(transport=Realtime(api.realtime, auth=auth)) as session:
            event = await within(anext(session.subscribe(GraphQLRequest(ON_CREATE))))
    except TransportError as error:
        expect(named in str(error), f"refused, but without {named}: {error!r}")
    else:
        raise AssertionError(f"the subscription received {event}")


async def stored(api):
    """What a caller with the good key finds in our local server's built-in API."""
    async with Client(transport=AIOHTTPTransport(url=api.http, auth=api_key(api.host))) as session:
        listed = await within(session.execute(GraphQLRequest("{ listMessages { items { message } } }")))
    return [item["message"] for item in listed["listMessages"]["items"]]
