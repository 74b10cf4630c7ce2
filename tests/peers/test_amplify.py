"""Our `gql-cli` against AWS's own simulator. On demand only: it is 300 MB of npm packages."""

import contextlib
import json

from gql_client import api_key, receives_what_it_sends
from harness import (
    ACCESS_KEY,
    API_KEY,
    CREATE,
    HERE,
    LocalApi,
    check,
    environment,
    equal,
    iam_environment,
    our_cli,
    program,
    run,
)


@contextlib.asynccontextmanager
async def simulator():
    async with program("node", str(HERE / "amplify.mjs"), API_KEY, ACCESS_KEY) as running:
        ready = json.loads(await running.line())
        yield LocalApi(ready["http"], ready["realtime"], ready["api_key"], running)


@check
async def simulator_serves_python_gql():
    async with simulator() as api:
        await receives_what_it_sends(api, api_key(api.host))


@check
async def simulator_serves_our_client_with_api_key_and_iam():
    async with simulator() as api:
        for flags, env in ((("--api-key", API_KEY), environment()), (("--iam",), iam_environment())):
            ours = (our_cli(), api.http, "--transport", "appsync", *flags)
            # The simulator knows the header object in the query string only.
            listen = (*ours, "--header-carrier", "query", "--count", "1")
            async with program(*listen, stdin="subscription { onCreateMessage { message } }", env=env) as listener:

                async def mutate():
                    ended = await run(*ours, "-V", "message:Hello world!", stdin=CREATE, env=env)
                    equal(ended.code, 0, str(ended))

                # The simulator's answers do not show that the subscription is live.
                line = await listener.line_while(mutate)
                equal(line, '{"onCreateMessage":{"message":"Hello world!"}}', "the event")
                equal((await listener.finish()).code, 0, "exit code")
