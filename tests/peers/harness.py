"""What every check needs: a list of checks, a runner that ends each in time, and programs to run them against."""

import asyncio
import contextlib
import importlib
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
PYTHON_GQL_CLI = str(HERE / ".venv" / "bin" / "gql-cli")

API_KEY = "da2-abcdefghijklmnopqrstuvwxyz"
ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
JWT_SECRET = "a-secret-that-is-long-enough-for-hs256"
REGION = "us-east-1"

# Seconds. Generous, since a shared machine can be slow; a check that waits for an event takes milliseconds.
ONE_CHECK = 45
ONE_STEP = 15
EVERYTHING = 600

CREATE = (
    "mutation createMessage($message: String!) { createMessage(input: {message: $message}) { id message createdAt } }"
)
ON_CREATE = "subscription { onCreateMessage { id message createdAt } }"

_checks = []


def check(function, lane=None):
    """Registers an async function as a check. Its name is what the report says.

    Checks of one lane run one after the other, and beside those of other lanes."""
    _checks.append(function)
    function.lane = lane
    return function


def expect(condition, told):
    """An assertion that says what it saw; unlike `assert` it survives `python -O`."""
    if not condition:
        raise AssertionError(told)


def equal(got, wanted, what="value"):
    expect(got == wanted, f"{what}: got {got!r}, wanted {wanted!r}")


async def within(awaitable, seconds=ONE_STEP):
    return await asyncio.wait_for(awaitable, seconds)


def our_cli():
    """The binary under test."""
    path = os.environ.get("GQL_CLI")
    expect(path, "GQL_CLI does not name the gql-cli binary")
    return path


def environment(**extra):
    """An environment without anybody's AWS settings, home directory or proxies."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": "/nonexistent",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONUNBUFFERED": "1",
        **extra,
    }


def iam_environment(secret=SECRET_KEY, access_key=ACCESS_KEY):
    return environment(
        AWS_ACCESS_KEY_ID=access_key, AWS_SECRET_ACCESS_KEY=secret, AWS_REGION=REGION, AWS_DEFAULT_REGION=REGION
    )


@dataclass
class Finished:
    code: int
    out: str
    err: str

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def __str__(self):
        return f"exit {self.code}, stdout {self.out[-400:]!r}, stderr {self.err[-800:]!r}"


class Program:
    """A running program whose stdout is read line by line."""

    def __init__(self, process):
        self.process = process
        self._err = asyncio.create_task(process.stderr.read())

    async def line(self):
        """Its next line, as text without the line's end."""
        line = await within(self.process.stdout.readline())
        if not line:
            ended = await self.finish()
            raise AssertionError(f"it ended without a line: {ended}")
        return line.decode().rstrip("\n")

    async def during(self, awaitable):
        """The outcome of something that happens while this program runs; its last words if it ends before."""
        happening, ending = asyncio.ensure_future(awaitable), asyncio.ensure_future(self.process.wait())
        await asyncio.wait({happening, ending}, return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if happening.done():
            return happening.result()
        happening.cancel()
        raise AssertionError(f"it ended too soon: {await self.finish()}")

    async def line_while(self, act):
        """Its next line, which comes of something that has to be repeated until this program is ready for it."""
        line = asyncio.ensure_future(self.line())
        try:
            while not line.done():
                await act()
            return line.result()
        finally:
            line.cancel()

    def interrupt(self):
        os.killpg(self.process.pid, signal.SIGINT)

    async def finish(self):
        out = await within(self.process.stdout.read())
        code = await within(self.process.wait())
        return Finished(code, out.decode(), (await within(self._err)).decode())


@contextlib.asynccontextmanager
async def program(*command, stdin="", env=None):
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=env or environment(),
        limit=1 << 22,
        # A shell's children end with it.
        start_new_session=True,
    )
    running = Program(process)
    try:
        # A program that ends before it reads its input is no error here.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(stdin.encode())
            await process.stdin.drain()
        process.stdin.close()
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        running._err.cancel()


async def run(*command, stdin="", env=None):
    """Runs a program to its end."""
    async with program(*command, stdin=stdin, env=env) as running:
        return await running.finish()


@dataclass
class LocalApi:
    """`gql-cli serve`, listening."""

    http: str
    realtime: str
    api_key: str
    program: Program

    @property
    def host(self):
        return self.http.split("/")[2]


@contextlib.asynccontextmanager
async def local_api(*flags):
    """Our local server with an API key and an access key, until the block ends."""
    flags = ("--api-key", API_KEY, "--access-key", f"{ACCESS_KEY}:{SECRET_KEY}", *flags)
    async with program(our_cli(), "serve", "--port", "0", *flags) as running:
        ready = json.loads(await running.line())
        yield LocalApi(ready["http"], ready["realtime"], ready["api_key"], running)


@contextlib.contextmanager
def scratch():
    """A directory that is gone afterwards."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="peers-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


async def _run_lane(functions, ends_at):
    results = []
    for function in functions:
        if time.monotonic() > ends_at:
            print(f"FAIL  {function.__name__.replace('_', ' ')}: not run, the {EVERYTHING} s for all checks are over")
            results.append(False)
        else:
            results.append(await _run_one(function))
    return results


async def _run_one(function):
    started = time.monotonic()
    name = function.__name__.replace("_", " ")
    try:
        await asyncio.wait_for(function(), ONE_CHECK)
    except Exception as error:
        print(f"FAIL  {name}: {_told(error)}", flush=True)
        if os.environ.get("PEERS_TRACE"):
            traceback.print_exc()
        return False
    print(f"ok    {name} ({time.monotonic() - started:.1f} s)", flush=True)
    return True


def _told(error):
    if isinstance(error, AssertionError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else f"{type(error).__name__}"


def main(modules, wanted):
    for module in modules:
        importlib.import_module(module)
    chosen = [function for function in _checks if wanted in function.__name__.replace("_", " ")]
    ends_at = time.monotonic() + EVERYTHING
    lanes = {}
    for function in chosen:
        lanes.setdefault(function.lane, []).append(function)

    async def run_lanes():
        return await asyncio.gather(*(_run_lane(lane, ends_at) for lane in lanes.values()))

    results = [passed for lane in asyncio.run(run_lanes()) for passed in lane]
    passed = sum(results)
    print(f"{passed} passed, {len(results) - passed} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    # The checks register with the module that they import, which is not this one.
    import harness

    # Ended from outside, it still ends what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(harness.main(sys.argv[2:], sys.argv[1]))
