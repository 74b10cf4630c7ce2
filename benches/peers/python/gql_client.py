"""Python's gql over websockets, with its transport for AppSync: one client has one connection."""

import asyncio
import contextlib
import json
import sys
import time

from gql import Client, GraphQLRequest
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport

SUBSCRIPTION = "subscription { event { id at text } }"


class Meter:
    """What was got and what it cost, counted and printed as src/client/meter.rs does."""

    def __init__(self, job):
        self.each, self.timed = job["each"], job["timed"]
        self.warming = job["connections"] * job["subscriptions"]
        self.expected = self.warming * self.each
        self.got = 0
        self.start = self.first = self.end = None
        self.latencies = []

    def event(self, data):
        self.got += 1
        if self.timed and self.got > self.warming:
            self.latencies.append(time.monotonic_ns() - data["event"]["at"])
        if self.got == self.warming:
            self.start = time.process_time_ns()
        if self.got == self.warming + 1:
            self.first = time.monotonic_ns()
        if self.got == self.warming + self.expected:
            self.end = time.monotonic_ns(), time.process_time_ns()

    def outcome(self, error):
        last, spent = self.end or (time.monotonic_ns(), time.process_time_ns())
        return {
            "expected": self.expected,
            "got": max(0, self.got - self.warming),
            "wall_s": (last - (self.first or last)) / 1e9,
            "cpu_s": (spent - (self.start or spent)) / 1e9,
            "peak_bytes": peak_bytes(),
            "allocations": None,
            "latency": self.latency(),
            "error": error,
        }

    def latency(self):
        if not self.latencies:
            return None
        ordered = sorted(self.latencies)
        at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
        last = len(ordered) - 1
        return {name: ordered[min(int(len(ordered) * share), last)] / 1e3 for name, share in at.items()}


def peak_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


async def consume(session, meter):
    got = 0
    async for data in session.subscribe(GraphQLRequest(SUBSCRIPTION)):
        meter.event(data)
        got += 1
    return got


async def run(job, meter):
    async with contextlib.AsyncExitStack() as stack:
        consumers = []
        for _ in range(job["connections"]):
            host = job["url"].split("/")[2]
            auth = AppSyncApiKeyAuthentication(host=host, api_key="da2-abcdefghijklmnopqrstuvwxyz")
            transport = AppSyncWebsocketsTransport(f"{job['url']}/realtime", auth=auth)
            session = await stack.enter_async_context(Client(transport=transport))
            consumers += [consume(session, meter) for _ in range(job["subscriptions"])]
        got = await asyncio.gather(*consumers)
    uneven = sum(count != meter.each + 1 for count in got)
    return f"{uneven} subscriptions got more or fewer events than they were sent" if uneven else None


async def main():
    job = json.loads(sys.argv[1])
    meter = Meter(job)
    try:
        error = await asyncio.wait_for(run(job, meter), job["limit"])
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}"
    print(json.dumps(meter.outcome(error)))


asyncio.run(main())
