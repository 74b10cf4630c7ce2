"""Python's `gql`, library and program, against our local server (`gql-cli serve`)."""

import contextlib
import json

from graphql import build_schema, lexicographic_sort_schema, print_schema

import tokens
from gql_client import (
    api_key,
    iam,
    receives_what_it_sends,
    refused_at_connect,
    refused_at_start,
    refused_over_http,
    stored,
    token,
)
from harness import (
    API_KEY,
    CREATE,
    JWT_SECRET,
    PYTHON_GQL_CLI,
    check,
    equal,
    expect,
    iam_environment,
    local_api,
    our_cli,
    program,
    run,
    scratch,
)

JWT = ("--jwt-secret", JWT_SECRET)


@check
async def our_server_serves_python_gql_with_an_api_key():
    async with local_api() as api:
        await receives_what_it_sends(api, api_key(api.host))


@check
async def our_server_serves_python_gql_with_iam():
    async with local_api() as api:
        await receives_what_it_sends(api, iam(api.host))


@check
async def our_server_serves_python_gql_with_a_jwt():
    async with local_api(*JWT) as api:
        await receives_what_it_sends(api, token(api.host, tokens.hs256()))


@check
async def our_server_makes_a_key_when_it_is_given_no_credentials():
    async with program(our_cli(), "serve", "--port", "0") as running:
        ready = json.loads(await running.line())
        expect(ready["api_key"].startswith("da2-"), f"the key {ready['api_key']!r}")
        url = (ready["http"], "--transport", "appsync_http", "--api-key", ready["api_key"])
        ended = await run(PYTHON_GQL_CLI, *url, stdin="{ __typename }")
        equal(ended.lines(), [{"__typename": "Query"}], str(ended))


@check
async def our_server_refuses_a_wrong_api_key():
    await _refused(lambda host: api_key(host, "da2-zyxwvutsrqponmlkjihgfedcba"), "UnauthorizedException")


@check
async def our_server_refuses_a_signature_of_another_secret():
    await _refused(lambda host: iam(host, secret="not-the-secret"), "BadRequestException")


@check
async def our_server_refuses_an_unknown_access_key():
    await _refused(lambda host: iam(host, access_key="AKIDUNKNOWN"), "UnrecognizedClientException")


@check
async def our_server_refuses_an_expired_jwt():
    await _refused_token(tokens.expired())


@check
async def our_server_refuses_a_jwt_that_never_expires():
    await _refused_token(tokens.without_expiry())


@check
async def our_server_refuses_a_jwt_of_another_secret():
    await _refused_token(tokens.hs256(secret="another-secret-that-is-long-enough-too"))


@check
async def our_server_refuses_an_altered_jwt():
    await _refused_token(tokens.altered(tokens.hs256()))


@check
async def our_server_refuses_an_unsigned_jwt():
    await _refused_token(tokens.unsigned())
    header = {"typ": "JWT", "alg": "none"}
    await _refused_token(tokens.hmac_under_another_name(JWT_SECRET.encode(), header))


@check
async def our_server_refuses_a_jwt_whose_header_names_another_algorithm_than_its_key():
    for algorithm in ("RS256", "ES256", "HS512"):
        header = {"typ": "JWT", "alg": algorithm}
        await _refused_token(tokens.hmac_under_another_name(JWT_SECRET.encode(), header))


@check
async def our_server_verifies_tokens_by_a_jwks_file():
    rsa, ec, stranger = (tokens.KeyPair(*of) for of in (("RS256", "rsa"), ("ES256", "ec"), ("RS256", "stranger")))
    async with _jwks_api(rsa, ec) as api:
        await receives_what_it_sends(api, token(api.host, rsa.token()))
        await receives_what_it_sends(api, token(api.host, ec.token()))
        before = await stored(api)
        forged = [
            stranger.token(),
            stranger.token(id="rsa"),
            tokens.altered(rsa.token()),
            tokens.altered(ec.token()),
            tokens.unsigned(),
        ]
        # The public key is no secret: whoever takes it for one signs what everybody can sign.
        for pair in (rsa, ec):
            for header in ({"alg": "HS256", "kid": pair.id}, {"alg": pair.algorithm, "kid": pair.id}, {"alg": "HS256"}):
                forged.append(tokens.hmac_under_another_name(pair.public_pem, header))
        for number, bad in enumerate(forged):
            try:
                await _refused_everywhere(api, token(api.host, bad), "UnauthorizedException")
            except AssertionError as error:
                raise AssertionError(f"forged token {number}: {error}") from None
        equal(await stored(api), before, "what is stored after the forged tokens")


@check
async def python_gql_cli_runs_the_documented_mutation_and_subscription():
    async with local_api() as api:
        key = ("--api-key", API_KEY)
        listen = (PYTHON_GQL_CLI, api.realtime, "--transport", "appsync_websockets", *key)
        async with program(*listen, stdin="subscription{onCreateMessage{message}}") as listener:

            async def mutate():
                ended = await run(
                    *(PYTHON_GQL_CLI, api.http, "--transport", "appsync_http", *key, "-V", "message:Hello world!"),
                    stdin=CREATE,
                )
                equal(ended.code, 0, str(ended))
                equal(ended.lines()[0]["createMessage"]["message"], "Hello world!", "the mutation's answer")

            # That program does not say when its subscription is live.
            line = await listener.line_while(mutate)
            equal(json.loads(line), {"onCreateMessage": {"message": "Hello world!"}}, "the event")
            listener.interrupt()
            await listener.finish()


@check
async def python_gql_cli_signs_with_iam_from_its_environment():
    async with local_api() as api:
        mutate = (PYTHON_GQL_CLI, api.http, "--transport", "appsync_http", "-V", "message:signed")
        ended = await run(*mutate, stdin=CREATE, env=iam_environment())
        equal(ended.lines()[0]["createMessage"]["message"], "signed", str(ended))
        ended = await run(*mutate, stdin=CREATE, env=iam_environment(secret="wrong"))
        equal((ended.code, ended.out), (1, ""), str(ended))


@check
async def python_gql_cli_prints_the_schema_that_ours_prints():
    async with local_api() as api:
        question = (api.http, "--transport", "appsync_http", "--api-key", API_KEY, "--print-schema")
        theirs, ours = await run(PYTHON_GQL_CLI, *question), await run(our_cli(), *question)
        equal((theirs.code, ours.code), (0, 0), f"exit codes; theirs: {theirs}; ours: {ours}")
        equal(_normal(ours.out), _normal(theirs.out), "our schema")
        expect("createMessage(input: CreateMessageInput!): Message" in ours.out, ours.out[-400:])


def _normal(sdl):
    return print_schema(lexicographic_sort_schema(build_schema(sdl)))


async def _refused_token(text):
    await _refused(lambda host: token(host, text), "UnauthorizedException")


async def _refused(auth, error_type):
    async with local_api(*JWT) as api:
        await _refused_everywhere(api, auth(api.host), error_type)
        equal(await stored(api), [], "what is stored after refusals only")


async def _refused_everywhere(api, auth, error_type):
    await refused_over_http(api, auth, error_type)
    await refused_at_connect(api, auth, error_type)
    await refused_at_start(api, auth, error_type)


@contextlib.asynccontextmanager
async def _jwks_api(*pairs):
    with scratch() as directory:
        file = directory / "jwks.json"
        file.write_text(json.dumps({"keys": [pair.jwk for pair in pairs]}))
        async with local_api("--jwks", str(file)) as api:
            yield api
