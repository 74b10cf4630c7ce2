"""A large schema loaded and a query validated: ours, graphql-js and graphql-core, which is what Python's `gql` uses.

Programs run in turn, round by round, each in a process of its own; a table shows medians of CPU time, which is the steady
figure on a shared machine, and how many times ours it is. BENCH_RUNS sets the number of rounds. Each job prints the CPU
time of its work alone in nanoseconds, so that the start of an interpreter is in no figure.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROUNDS = int(os.environ.get("BENCH_RUNS", "7"))
TYPES = 1500
QUERY = (HERE / "bench.graphql").read_text()

sys.path.insert(0, str(HERE))
from large import large_schema  # noqa: E402

PROGRAMS = {
    "gqlwire-schema": [os.environ["SCHEMA_TOOL"], "bench"],
    "graphql-js": ["node", str(HERE / "bench.mjs")],
    "graphql-core (Python `gql`)": [sys.executable, str(HERE / "bench_core.py")],
}
TASKS = {
    "load": "load SDL",
    "loadJson": "load an introspection result",
    "first": "validate a query, the first time",
    "validate": "validate it again",
}


def main():
    with tempfile.TemporaryDirectory() as folder:
        sdl, introspection = Path(folder) / "large.graphql", Path(folder) / "large.json"
        sdl.write_text(large_schema(TYPES))
        written = subprocess.run([PROGRAMS["gqlwire-schema"][0], "introspect", sdl], capture_output=True, check=True)
        introspection.write_bytes(written.stdout)
        print(f"{TYPES} types: {sdl.stat().st_size // 1024} KiB of SDL, {introspection.stat().st_size // 1024} of JSON\n")
        taken = {name: [] for name in PROGRAMS}
        for _ in range(ROUNDS):
            for name, command in PROGRAMS.items():
                told = subprocess.run([*command, sdl, introspection], input=QUERY, capture_output=True, text=True, check=True)
                taken[name].append(json.loads(told.stdout))
    print(f"| CPU ms | {' | '.join(PROGRAMS)} |")
    print(f"|---|{'--:|' * len(PROGRAMS)}")
    for task, title in TASKS.items():
        medians = [statistics.median(run[task] for run in runs) for runs in taken.values()]
        cells = [f"{shown(median / 1e6)} ({shown(median / medians[0])}×)" for median in medians]
        print(f"| {title} | {' | '.join(cells)} |")


def shown(number):
    return f"{number:,.0f}" if number >= 100 else f"{number:.2g}"


if __name__ == "__main__":
    main()
