"""Python's gql over aiohttp, in one session."""

import asyncio
import json
import sys
import time

from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport

QUERY = """query Messages($first: Int!, $room: String!) {
  messages(first: $first, room: $room) { id author text likes edited } }"""


async def all_of(session, width, requests):
    begun = 0
    request = GraphQLRequest(QUERY, variable_values={"first": 8, "room": "general"})

    async def work():
        nonlocal begun
        while begun < requests:
            begun += 1
            data = await session.execute(request)
            if len(data["messages"]) != 8:
                raise ValueError("the answer is not the one that was sent")

    await asyncio.gather(*(work() for _ in range(width)))


async def run(job):
    async with Client(transport=AIOHTTPTransport(url=job["url"])) as session:
        await all_of(session, job["width"], job["warming"])
        began, spent = time.monotonic(), time.process_time()
        await all_of(session, job["width"], job["requests"])
        return {"got": job["requests"], "wall_s": time.monotonic() - began, "cpu_s": time.process_time() - spent}


def peak_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


async def main():
    job = json.loads(sys.argv[1])
    outcome = {"got": 0, "wall_s": 0, "cpu_s": 0, "error": None}
    try:
        outcome |= await asyncio.wait_for(run(job), job["limit"])
    except Exception as failure:
        outcome["error"] = f"{type(failure).__name__}: {failure}"
    print(json.dumps(outcome | {"peak_bytes": peak_bytes(), "allocations": None}))


asyncio.run(main())
