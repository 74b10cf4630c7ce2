"""Starts the servers, each when a check first asks for it, and controls them. They end with this process."""

import asyncio
import atexit
import json
import os
import pathlib
import select
import subprocess
import sys
import time
import urllib.request

from harness import environment, expect

HERE = pathlib.Path(__file__).resolve().parent
TOKEN = "let me in"

# Servers that share a process share its counts, so that its checks run one at a time; those of others beside them.
NODE = ("node", "serve.mjs")
PYTHON = {"strawberry": "strawberry_server.py", "phoenix": "phoenix_server.py"}
PROCESSES = (
    (*NODE, ".", "graphql-ws", "legacy-ws", "either-ws"),
    (*NODE, ".", "graphql-sse", "yoga", "apollo"),
    (*NODE, "next", "apollo-next"),
    (sys.executable, PYTHON["strawberry"]),
    (sys.executable, PYTHON["phoenix"]),
)

# Seconds that a process may take until it listens, on a machine that does other things too.
STARTING = 30

_urls = {}
# Past proxies that the environment names.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def process_of(kind):
    """Which of the processes serves this kind."""
    return next(process for process in PROCESSES if kind in process or PYTHON.get(kind) in process)


class Server:
    """One server: its URLs as `http`, `ws` and `sse`, and the control endpoint of its process."""

    def __init__(self, kind):
        if not _urls:
            _start()
        self.kind = kind
        self.urls = _urls[kind]
        self._control = _urls[kind]["control"]

    def __getattr__(self, name):
        return self.urls[name]

    async def counts(self):
        return await self._ask("/counts")

    async def reset(self):
        return await self._ask("/reset")

    async def cut(self, events=0):
        """Resets every connection, at once or when so many more events are sent."""
        return await self._ask(f"/cut?events={events}")

    async def refuse(self, ms):
        """Resets every connection and takes no other for so long."""
        return await self._ask(f"/refuse?ms={ms}")

    async def until(self, holds, what, seconds=10):
        """The counts, once they are as wanted."""
        ends_at = time.monotonic() + seconds
        while not holds(counts := await self.counts()):
            expect(time.monotonic() < ends_at, f"{self.kind}: {what} did not come about in {seconds} s: {counts}")
            await asyncio.sleep(0.02)
        return counts

    async def _ask(self, step):
        def ask():
            # A body, so that it is a POST; nothing reads it.
            with _direct.open(self._control + step, data=b"", timeout=10) as answer:
                return json.load(answer)

        return await asyncio.to_thread(ask)


def _start():
    environ = environment(PYTHONPATH=os.environ.get("PYTHONPATH", ""), PYTHONDONTWRITEBYTECODE="1")
    # They complain of what the checks do to them.
    complaints = None if os.environ.get("PEERS_TRACE") else subprocess.DEVNULL
    processes = [
        subprocess.Popen(
            command, cwd=HERE, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints
        )
        for command in PROCESSES
    ]
    atexit.register(_stop, processes)
    ends_at = time.monotonic() + STARTING
    for process in processes:
        readable, _, _ = select.select([process.stdout], [], [], max(0, ends_at - time.monotonic()))
        line = process.stdout.readline() if readable else b""
        expect(line, f"{process.args} did not start within {STARTING} s")
        ready = json.loads(line)
        control = ready.pop("control")
        _urls.update({kind: {**urls, "control": control} for kind, urls in ready.items()})


def _stop(processes):
    for process in processes:
        process.stdin.close()
    for process in processes:
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
