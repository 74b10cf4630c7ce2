"""Whole processes timed beside one another: ours, Python's gql-cli and curl, all against `gql-cli serve`.

Each contender runs in turn (A B C A B C …), so that a busy moment of the machine meets all of them alike; the table
shows medians. CPU time is the steadier figure on a shared machine. BENCH_RUNS sets the number of rounds.
"""

import asyncio
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass, field

from harness import API_KEY, PYTHON_GQL_CLI, environment, local_api, our_cli

ROUNDS = int(os.environ.get("BENCH_RUNS", "21"))
TIME = "/usr/bin/time"  # GNU time
QUERY = '{ getMessage(id: "1") { id } }'
LISTEN = "subscription { onCreateMessage { message } }"
PUBLISH = 'mutation { createMessage(input: {message: "tick"}) { id message createdAt } }'


@dataclass
class Contender:
    """One program doing one thing."""

    task: str
    name: str
    command: list
    stdin: str = ""
    # A program that cannot count its events is stopped after the first.
    stop_at_first_line: bool = False
    wall: list = field(default_factory=list)  # seconds
    cpu: list = field(default_factory=list)  # seconds, user and system
    peak: list = field(default_factory=list)  # bytes resident

    def run(self):
        """Once, for the times."""
        started = time.perf_counter()
        with self._started(self.command) as process:
            line = process.stdout.readline()
            if self.stop_at_first_line:
                wall = time.perf_counter() - started
                process.kill()
            _, status, used = os.wait4(process.pid, 0)
            if not self.stop_at_first_line:
                wall = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            if not line or (process.returncode and not self.stop_at_first_line):
                told = process.stderr.read().decode()[-500:]
                sys.exit(f"{' '.join(self.command)} failed with {process.returncode}: {told}")
        self.wall.append(wall)
        self.cpu.append(used.ru_utime + used.ru_stime)

    def weigh(self):
        """Once, for the memory. The kernel counts what the parent held at the fork, and this parent is not small."""
        with tempfile.NamedTemporaryFile("r") as told:
            with self._started([TIME, "-f", "%M", "-o", told.name, *self.command]) as process:
                process.stdout.readline()
                if self.stop_at_first_line:
                    os.killpg(process.pid, signal.SIGINT)
                process.stdout.read()
                process.wait()
            self.peak.append(int(told.read().splitlines()[-1]) * 1024)

    def _started(self, command):
        with tempfile.TemporaryFile("w+") as stdin:
            stdin.write(self.stdin)
            stdin.seek(0)
            pipe = subprocess.PIPE
            return subprocess.Popen(
                command, stdin=stdin, stdout=pipe, stderr=pipe, env=environment(), start_new_session=True
            )

    def row(self):
        wall, cpu = statistics.median(self.wall) * 1e3, statistics.median(self.cpu) * 1e3
        least = min(self.wall) * 1e3
        peak = f"{statistics.median(self.peak) / 2**20:.1f}" if self.peak else "no GNU time"
        return f"| {self.task} | {self.name} | {wall:.1f} | {least:.1f} | {cpu:.1f} | {peak} |"


def contenders(api):
    ours, theirs = our_cli(), PYTHON_GQL_CLI
    key = ["--api-key", API_KEY]
    http, realtime = ["--transport", "appsync_http"], ["--transport", "appsync_websockets"]
    post = ["-H", f"x-api-key: {API_KEY}", "-H", "content-type: application/json", "-d", json.dumps({"query": QUERY})]
    return [
        Contender("`--version`", "gql-cli", [ours, "--version"]),
        Contender("`--version`", "Python gql-cli", [theirs, "--version"]),
        Contender("`--version`", "curl", ["curl", "--version"]),
        Contender("one query", "gql-cli", [ours, api.http, *http, *key], QUERY),
        Contender("one query", "Python gql-cli", [theirs, api.http, *http, *key], QUERY),
        Contender("one query", "curl", ["curl", "--silent", "--show-error", "--fail", api.http, *post]),
        Contender("one event", "gql-cli", [ours, api.http, *realtime, *key, "--count", "1"], LISTEN),
        Contender("one event", "Python gql-cli", [theirs, api.realtime, *realtime, *key], LISTEN, True),
    ]


@contextlib.contextmanager
def events(api):
    """A steady drip of mutations, so that a subscription gets its event within some milliseconds of going live."""
    headers = {"x-api-key": API_KEY, "content-type": "application/json"}
    request = urllib.request.Request(api.http, json.dumps({"query": PUBLISH}).encode(), headers)
    done = threading.Event()

    def drip():
        while not done.wait(0.005):
            urllib.request.urlopen(request, timeout=5).read()

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def measure(api):
    programs = contenders(api)
    # The first round only warms the caches.
    for number in range(ROUNDS + 1):
        for program in programs:
            with events(api) if program.task == "one event" else contextlib.nullcontext():
                program.run()
                if os.path.exists(TIME) and number < 3:
                    program.weigh()
        if number == 0:
            for program in programs:
                program.wall.clear()
                program.cpu.clear()
    return programs


async def main():
    async with local_api() as api:
        programs = await asyncio.to_thread(measure, api)
    print("| task | program | wall, median ms | wall, least ms | CPU ms | peak MiB |")
    print("|---|---|--:|--:|--:|--:|")
    for program in programs:
        print(program.row())


if __name__ == "__main__":
    asyncio.run(main())
