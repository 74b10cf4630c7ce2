"""Our `gql-cli` against `realtime_server.py`, an AppSync API that shares no code with it."""

import base64
import json

from graphql import build_schema, lexicographic_sort_schema, print_schema

import tokens
from harness import (
    API_KEY,
    CREATE,
    SECRET_KEY,
    check,
    environment,
    equal,
    expect,
    iam_environment,
    our_cli,
    program,
    run,
    scratch,
    within,
)
from realtime_server import LARGE, SCHEMA, RealtimeServer

KEY = ("--api-key", API_KEY)
LISTEN = "subscription { onCreateMessage { id message exact } }"

DOCUMENTED_LISTEN = """
echo "subscription{onCreateMessage{message}}" | gql-cli $AWS_GRAPHQL_API_ENDPOINT --transport appsync_websockets
"""
DOCUMENTED_MUTATE = """
cat mutation.graphql | gql-cli $AWS_GRAPHQL_API_ENDPOINT --transport appsync_http -V message:"Hello world!"
"""
DOCUMENTED_SCHEMA = """
gql-cli $AWS_GRAPHQL_API_ENDPOINT --transport appsync_http --print-schema > schema.graphql
"""

# Exit codes that gql-cli documents.
OK, ERRORS, PARTIAL, REFUSED, UNREACHABLE, TIMED_OUT, ENDED, INTERRUPTED = 0, 1, 3, 4, 5, 6, 8, 130


def subscribe(url, *flags, query=LISTEN, env=None):
    return program(our_cli(), url, "--transport", "appsync", *flags, stdin=query, env=env)


@check
async def our_client_subscribes_and_mutates_with_an_api_key():
    async with RealtimeServer() as server, subscribe(server.http, *KEY, "--count", "2") as listener:
        await listener.during(server.subscription())
        for text in ("Hello world!", "with: colon, 🦀 and ~/$HOME"):
            mutation = (our_cli(), server.http, "--transport", "appsync_http", *KEY, "-V", f"message:{text}")
            ended = await run(*mutation, stdin=CREATE)
            equal((ended.code, ended.err), (OK, ""), str(ended))
            sent = ended.lines()[0]["createMessage"]
            received = json.loads(await listener.line())["onCreateMessage"]
            equal((received["id"], received["message"]), (sent["id"], sent["message"]), "the event")
        equal(await server.stopped(), server.frames[1]["id"], "the id that --count stopped")
        equal((await listener.finish()).code, OK, "exit code")
        equal([frame["type"] for frame in server.frames], ["connection_init", "start", "stop"], "frames sent")
        equal(set(server.modes), {("connect", "api-key"), ("start", "api-key"), ("http", "api-key")}, "modes")


@check
async def our_client_is_verified_by_botocore_at_connect_start_and_http():
    async with RealtimeServer() as server:
        env = iam_environment()
        async with subscribe(server.http, "--count", "1", env=env) as listener:
            await listener.during(server.subscription())
            mutation = (our_cli(), server.http, "--transport", "appsync_http", "-V", "message:größer 🦀")
            ended = await run(*mutation, stdin=CREATE, env=env)
            equal(ended.code, OK, str(ended))
            equal(json.loads(await listener.line())["onCreateMessage"]["message"], "größer 🦀", "the event")
            equal((await listener.finish()).code, OK, "exit code")
        equal(set(server.modes), {("connect", "iam"), ("start", "iam"), ("http", "iam")}, "modes")


@check
async def our_client_sends_a_jwt():
    async with RealtimeServer() as server:
        async with subscribe(server.http, "--jwt", tokens.hs256(), "--count", "1") as listener:
            await listener.during(server.subscription())
            await server.publish()
            await listener.line()
            equal((await listener.finish()).code, OK, "exit code")
        equal(set(server.modes), {("connect", "jwt"), ("start", "jwt")}, "modes")


@check
async def our_client_carries_its_headers_in_each_of_the_three_ways():
    for carrier in ("subprotocol", "query", "headers"):
        for flags, env in ((KEY, environment()), (("--iam",), iam_environment())):
            async with RealtimeServer() as server:
                flags = (*flags, "--header-carrier", carrier, "--count", "1")
                async with subscribe(server.http, *flags, env=env) as listener:
                    await listener.during(server.subscription())
                    await server.publish()
                    await listener.line()
                    equal((await listener.finish()).code, OK, f"exit code with {carrier}")
                equal(server.carriers, [carrier], "carriers seen")


@check
async def our_client_takes_the_realtime_url_as_it_stands():
    async with RealtimeServer() as server:
        url = f"{server.realtime}?odd=spaces"
        async with subscribe(url, *KEY, "--count", "1") as listener:
            await listener.during(server.subscription())
            await server.publish(message="over there")
            equal(json.loads(await listener.line())["onCreateMessage"]["message"], "over there", "the event")
            equal((await listener.finish()).code, OK, "exit code")


@check
async def our_client_understands_every_odd_shape_of_a_frame():
    for odd in (["spaces"], ["reordered"], ["escapes"], ["fragments"], ["unknown"], ["null_payloads"],
                ["spaces", "reordered", "escapes", "fragments", "unknown", "null_payloads"]):  # fmt: skip
        async with RealtimeServer(*odd) as server, subscribe(server.http, *KEY) as listener:
            subscription = await listener.during(server.subscription())
            for text in ("one", 'zwei "drei" 🦀'):
                await server.publish(message=text)
                received = json.loads(await listener.line())["onCreateMessage"]["message"]
                equal(received, text, f"the event with {odd}")
            await subscription.complete()
            ended = await listener.finish()
            equal(ended.code, OK, f"with {odd}, after complete: {ended}")


@check
async def our_client_loses_nothing_that_comes_before_the_acknowledgement():
    async with RealtimeServer("data_before_ack") as server, subscribe(server.http, *KEY, "--count", "1") as listener:
        equal(json.loads(await listener.line())["onCreateMessage"]["message"], "too early", "the event")
        equal((await listener.finish()).code, OK, "exit code")


@check
async def our_client_passes_large_events_through():
    async with RealtimeServer("large") as server, subscribe(server.http, *KEY, "--count", "1") as listener:
        await listener.during(server.subscription())
        await server.publish(message="big")
        equal(len(json.loads(await listener.line())["onCreateMessage"]["message"]), LARGE, "length")
        equal((await listener.finish()).code, OK, "exit code")


@check
async def our_client_keeps_numbers_and_member_order_as_they_were_sent():
    number = "123456789012345678901234567890.10"
    async with RealtimeServer() as server:
        query = "subscription { onCreateMessage { message exact id } }"
        async with subscribe(server.http, *KEY, "--count", "2", query=query) as listener:
            await listener.during(server.subscription())
            for text in (number, "1e3"):
                await server.publish(exact=f"raw:{text}", id="7", message="é")
                wanted = f'{{"onCreateMessage":{{"message":"é","exact":{text},"id":"7"}}}}'
                equal(await listener.line(), wanted, "the line")
        mutation = 'mutation { createMessage(input: {message: "n", exact: "%s"}) { message exact } }' % number
        ended = await run(our_cli(), server.http, "--transport", "appsync_http", *KEY, "-q", mutation)
        equal(ended.out, f'{{"createMessage":{{"message":"n","exact":{number}}}}}\n', "the mutation's line")


@check
async def our_client_sees_only_what_it_asked_for():
    query = "subscription($of: String) { onCreateMessage(message: $of) { message } }"
    async with RealtimeServer() as server:
        async with subscribe(server.http, *KEY, "--count", "1", "-V", "of:wanted", query=query) as listener:
            await listener.during(server.subscription())
            await server.publish(message="other")
            await server.publish(message="wanted")
            equal(await listener.line(), '{"onCreateMessage":{"message":"wanted"}}', "the line")


@check
async def our_client_says_who_refused_its_key():
    async with RealtimeServer() as server:
        wrong = ("--api-key", "da2-zyxwvutsrqponmlkjihgfedcba")
        async with subscribe(server.http, *wrong) as listener:
            await _failed(listener, REFUSED, "UnauthorizedException", silent_about="da2-zyx")
        ended = await run(
            our_cli(), server.http, "--transport", "appsync_http", *wrong, "-V", "message:x", stdin=CREATE
        )
        _told(ended, REFUSED, "UnauthorizedException", silent_about="da2-zyx")


@check
async def our_client_says_what_was_wrong_with_its_signature():
    async with RealtimeServer() as server:
        env = iam_environment(secret="not-the-secret")
        async with subscribe(server.http, env=env) as listener:
            await _failed(listener, REFUSED, "signature", silent_about="not-the-secret")
        mutation = (our_cli(), server.http, "--transport", "appsync_http", "-V", "message:x")
        ended = await run(*mutation, stdin=CREATE, env=env)
        _told(ended, REFUSED, "signature", silent_about="not-the-secret")


@check
async def our_client_says_why_a_subscription_was_refused():
    for odd, told in [
        ("error_on_start", "Permission denied"),
        ("error_object", "Max number of 100 subscriptions reached"),
        ("legacy_error", "MaxSubscriptionsReachedException"),
        ("error_without_id", "Rate limit exceeded"),
        ("connection_error", "You are not authorized to make this call."),
        ("refuse_upgrade", "401"),
    ]:
        # What may pass by itself is tried until the time for it is over.
        async with RealtimeServer(odd) as server, subscribe(server.http, *KEY, "--execute-timeout", "2") as listener:
            await _failed(listener, REFUSED, told)


@check
async def our_client_says_that_the_server_closed_instead_of_acknowledging():
    briefly = ("--execute-timeout", "2")
    async with RealtimeServer("close_on_start") as server, subscribe(server.http, *KEY, *briefly) as listener:
        ended = await listener.finish()
        expect(ended.code == TIMED_OUT, str(ended))
        expect("1008" in ended.err and "policy of the house" in ended.err, str(ended))


@check
async def our_client_says_what_is_wrong_with_a_document():
    async with RealtimeServer() as server:
        async with subscribe(server.http, *KEY, query="subscription { onCreateMessage { nothing } }") as listener:
            await _failed(listener, REFUSED, "Cannot query field 'nothing' on type 'Message'")


@check
async def our_client_reports_a_connection_that_is_cut():
    async with RealtimeServer() as server, subscribe(server.http, *KEY, "--no-reconnect") as listener:
        await listener.during(server.subscription())
        await server.publish(message="the last")
        expect("the last" in await listener.line(), "the event before the cut")
        server.cut()
        await _failed(listener, ENDED, "connection")


@check
async def our_client_goes_on_after_each_cut_and_tells_the_gap():
    async with RealtimeServer() as server, subscribe(server.http, *KEY, "--meta") as listener:
        await listener.during(server.subscription())
        for text in ("first", "second", "third"):
            await server.publish(message=text)
            event = json.loads(await listener.line())
            equal((event["event"], event["operation"]), ("next", "onCreateMessage"), "the line")
            equal(event["data"]["onCreateMessage"]["message"], text, "the event")
            server.cut()
            await listener.during(server.subscription())
            gap = json.loads(await listener.line())
            equal(gap["event"], "gap", "the line after the cut")
            expect(gap["since"] < gap["until"] and gap["cause"], f"times and cause: {gap}")
        equal([frame["type"] for frame in server.frames], ["connection_init", "start"] * 4, "frames sent")


@check
async def our_client_catches_up_at_the_start_and_after_a_cut():
    with scratch() as folder:
        query = folder / "list.graphql"
        query.write_text('{ getMessage(id: "none") { id } }')
        flags = ("--meta", "--catch-up", str(query), "--settle-time", "0", "--count", "1")
        async with RealtimeServer() as server, subscribe(server.http, *KEY, *flags) as listener:
            await listener.during(server.subscription())
            equal(json.loads(await listener.line())["event"], "snapshot", "the first line")
            server.cut()
            await listener.during(server.subscription())
            lines = [json.loads(await listener.line()) for _ in range(2)]
            equal([line["event"] for line in lines], ["gap", "snapshot"], "after the cut")
            equal(lines[1]["data"], {"getMessage": None}, "the answer")
            await server.publish(message="and on")
            equal(json.loads(await listener.line())["event"], "next", "what follows")
            equal((await listener.finish()).code, OK, "exit code")


@check
async def our_client_runs_several_subscriptions_on_one_connection():
    both = "subscription A { onCreateMessage { id } } subscription B { onCreateMessage { message } }"
    async with RealtimeServer() as server, subscribe(server.http, *KEY, "--count", "2", query=both) as listener:
        for _ in range(2):
            await listener.during(server.subscription())
        await server.publish(message="for both")
        lines = sorted([json.loads(await listener.line()) for _ in range(2)], key=lambda line: line["operation"])
        equal([line["operation"] for line in lines], ["A", "B"], "operations")
        equal(list(lines[0]["data"]["onCreateMessage"]), ["id"], "A's fields")
        equal(lines[1]["data"]["onCreateMessage"], {"message": "for both"}, "B's fields")
        equal((await listener.finish()).code, OK, "exit code")
        inits = [frame for frame in server.frames if frame["type"] == "connection_init"]
        equal(len(inits), 1, "connections")


@check
async def our_client_reports_code_and_reason_of_a_close():
    async with RealtimeServer() as server, subscribe(server.http, *KEY, "--no-reconnect") as listener:
        subscription = await listener.during(server.subscription())
        await subscription.socket.close(1011, "out of order")
        ended = await listener.finish()
        _told(ended, ENDED, "1011")
        _told(ended, ENDED, "out of order")


@check
async def our_client_reports_an_error_that_ends_a_running_subscription():
    async with RealtimeServer() as server, subscribe(server.http, *KEY) as listener:
        subscription = await listener.during(server.subscription())
        await subscription.fail({"errorType": "UnauthorizedException", "message": "Token has expired."})
        await _failed(listener, ENDED, "Token has expired.")


@check
async def our_client_goes_on_after_an_error_that_concerns_another_start():
    async with RealtimeServer() as server, subscribe(server.http, *KEY, "--count", "1") as listener:
        subscription = await listener.during(server.subscription())
        await subscription.limit()
        await server.publish(message="still here")
        expect("still here" in await listener.line(), "the event after the error")
        equal((await listener.finish()).code, OK, "exit code")


@check
async def our_client_shows_data_and_errors_of_one_answer():
    async with RealtimeServer() as server:
        ended = await run(our_cli(), server.http, "--transport", "appsync_http", *KEY, "-q", "{ broken __typename }")
        equal(ended.out, '{"broken":null,"__typename":"Query"}\n', "stdout")
        _told(ended, PARTIAL, "the resolver gave up")
        expect("MappingTemplate" in ended.err, str(ended))

        async with subscribe(server.http, *KEY, "--count", "1") as listener:
            await listener.during(server.subscription())
            await server.publish(selected=("message",))
            equal(await listener.line(), '{"onCreateMessage":null}', "the line")
            _told(await listener.finish(), PARTIAL, "Cannot return null for non-nullable field")


@check
async def our_client_stops_its_subscription_when_interrupted():
    async with RealtimeServer() as server, subscribe(server.http, *KEY) as listener:
        subscription = await listener.during(server.subscription())
        listener.interrupt()
        equal(await server.stopped(), subscription.id, "the id that was stopped")
        equal((await listener.finish()).code, INTERRUPTED, "exit code")


@check
async def our_client_ends_a_subscription_after_its_time():
    async with RealtimeServer() as server, subscribe(server.http, *KEY, "--for", "200ms") as listener:
        subscription = await listener.during(server.subscription())
        equal(await server.stopped(), subscription.id, "the id that was stopped")
        equal((await listener.finish()).code, OK, "exit code")


@check
async def our_client_refuses_to_send_a_mutation_over_the_realtime_endpoint():
    async with RealtimeServer() as server:
        url = (server.realtime, "--transport", "appsync_websockets", *KEY, "-V", "message:x")
        ended = await within(run(our_cli(), *url, stdin=CREATE))
        expect(ended.code not in (OK, 101) and ended.err, str(ended))
        equal(server.frames, [], "frames sent")


@check
async def our_client_runs_the_documented_commands_as_written():
    with scratch() as directory:
        (directory / "gql-cli").symlink_to(our_cli())
        (directory / "mutation.graphql").write_text(CREATE)
        async with RealtimeServer() as server:
            for env in (iam_environment(), environment(AWS_GRAPHQL_API_KEY=API_KEY)):
                env |= {"AWS_GRAPHQL_API_ENDPOINT": server.http, "PATH": f"{directory}:{env['PATH']}"}
                async with program("sh", "-c", DOCUMENTED_LISTEN, env=env) as listener:
                    await listener.during(server.subscription())
                    ended = await run("sh", "-c", f"cd {directory}; {DOCUMENTED_MUTATE}", env=env)
                    equal((ended.code, ended.err), (OK, ""), str(ended))
                    equal(await listener.line(), '{"onCreateMessage":{"message":"Hello world!"}}', "the event")
                    listener.interrupt()
                    await listener.finish()
                ended = await run("sh", "-c", f"cd {directory}; {DOCUMENTED_SCHEMA}", env=env)
                equal((ended.code, ended.err), (OK, ""), str(ended))
                expect("createMessage" in (directory / "schema.graphql").read_text(), "no schema in the file")


@check
async def our_client_tells_everything_but_its_secrets():
    token = tokens.hs256()
    for flags, env, secrets in [
        (KEY, environment(), [API_KEY]),
        (("--jwt", token), environment(), token.split(".")[1:]),
        ((), iam_environment(), [SECRET_KEY, "Signature="]),
    ]:
        async with RealtimeServer() as server:
            async with subscribe(server.http, *flags, "-d", "--count", "1", env=env) as listener:
                await listener.during(server.subscription())
                await server.publish()
                await listener.line()
                ended = await listener.finish()
            ended.err += (await run(our_cli(), server.http, *flags, "-d", "-q", "{ __typename }", env=env)).err
            expect(ended.err, "-d told nothing")
            for secret in secrets:
                encoded = base64.b64encode(secret.encode()).decode()[4:-4]
                expect(secret not in ended.err and encoded not in ended.err, f"{secret} in {ended.err}")


@check
async def our_client_prints_the_schema_of_graphql_core():
    async with RealtimeServer() as server:
        question = (server.http, "--transport", "appsync_http", *KEY, "--print-schema", "--schema-download")
        ended = await run(our_cli(), *question, "specified_by_url:true")
        equal(ended.code, OK, str(ended))
        printed = print_schema(lexicographic_sort_schema(build_schema(ended.out)))
        equal(printed, print_schema(lexicographic_sort_schema(SCHEMA)), "the schema")


async def _failed(listener, code, text, silent_about=None):
    _told(await listener.finish(), code, text, silent_about)


def _told(ended, code, text, silent_about=None):
    equal(ended.code, code, f"exit code of {ended}")
    expect(text in ended.err, f"no {text!r} in {ended}")
    expect("panicked" not in ended.err, str(ended))
    if silent_about:
        expect(silent_about not in ended.err + ended.out, f"a secret in {ended}")
