"""What graphql-core takes, as Python's `gql` uses it: bench_core.py SDL JSON < query. Prints CPU times in nanoseconds."""

import json
import sys
import time
from pathlib import Path

from graphql import build_ast_schema, build_client_schema, parse, validate

# As often as bench.mjs and the example do it.
TIMES = 200


def timed(work):
    before = time.process_time_ns()
    done = work()
    return done, time.process_time_ns() - before


def main():
    sdl, introspection = (Path(path).read_text() for path in sys.argv[1:])
    query = sys.stdin.read()

    def check():
        errors = validate(schema, parse(query))
        if errors:
            raise errors[0]

    def check_often():
        for _ in range(TIMES):
            check()

    # `gql.Client` reads a schema in both ways like this.
    _, load_json = timed(lambda: build_client_schema(json.loads(introspection)))
    schema, load = timed(lambda: build_ast_schema(parse(sdl)))
    _, first = timed(check)
    _, often = timed(check_often)
    print(json.dumps({"load": load, "loadJson": load_json, "first": first, "validate": often / TIMES}))


main()
