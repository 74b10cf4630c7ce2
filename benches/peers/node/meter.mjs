// What a client in JavaScript got and what it cost, counted and printed as src/client/meter.rs does.

import { readFileSync } from "node:fs";

export const SUBSCRIPTION = "subscription { event { id at text } }";

export const job = JSON.parse(process.argv[2]);

const warming = job.connections * job.subscriptions;
const expected = warming * job.each;
const latencies = [];
const each = new Array(warming).fill(0);
let got = 0;
let start, first, end;

const now = () => Number(process.hrtime.bigint()); // CLOCK_MONOTONIC, as everywhere else
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

// Counts an event of the subscription of this number.
export function event(subscription, data) {
  got += 1;
  each[subscription] += 1;
  if (job.timed && got > warming) latencies.push(now() - data.event.at);
  if (got === warming) start = cpu();
  if (got === warming + 1) first = now();
  if (got === warming + expected) end = [now(), cpu()];
}

const limit = setTimeout(() => finish(`not done after ${job.limit} s`), job.limit * 1000);

// Prints the outcome and ends the process.
export function finish(error = null) {
  clearTimeout(limit);
  const uneven = each.filter((count) => count !== job.each + 1).length;
  if (uneven) error ??= `${uneven} subscriptions got more or fewer events than they were sent`;
  const [last, spent] = end ?? [now(), cpu()];
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
  const outcome = {
    expected,
    got: Math.max(0, got - warming),
    wall_s: (last - (first ?? last)) / 1e9,
    cpu_s: spent - (start ?? spent),
    peak_bytes: peak && Number(peak[1]) * 1024,
    allocations: null,
    latency: null,
    error,
  };
  if (latencies.length) {
    latencies.sort((a, b) => a - b);
    const at = (share) => latencies[Math.min(Math.floor(latencies.length * share), latencies.length - 1)] / 1e3;
    outcome.latency = { p50: at(0.5), p99: at(0.99), max: at(1) };
  }
  process.stdout.write(JSON.stringify(outcome) + "\n", () => process.exit(0));
}

// Whether everything has arrived: for clients that do not say that a subscription was completed.
export const complete = () => end !== undefined;
