// The npm package graphql-request over Node's own fetch.

import { readFileSync } from "node:fs";
import { GraphQLClient } from "graphql-request";

const QUERY =
  "query Messages($first: Int!, $room: String!) { messages(first: $first, room: $room) { id author text likes edited } }";

const job = JSON.parse(process.argv[2]);
const client = new GraphQLClient(job.url);

async function all(requests) {
  let begun = 0;
  const work = async () => {
    while (begun < requests) {
      begun += 1;
      const data = await client.request(QUERY, { first: 8, room: "general" });
      if (data.messages.length !== 8) throw new Error("the answer is not the one that was sent");
    }
  };
  await Promise.all(Array.from({ length: job.width }, work));
}

const now = () => Number(process.hrtime.bigint()) / 1e9;
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

let outcome;
try {
  await all(job.warming);
  const [began, spent] = [now(), cpu()];
  await all(job.requests);
  outcome = { got: job.requests, wall_s: now() - began, cpu_s: cpu() - spent, error: null };
} catch (error) {
  outcome = { got: 0, wall_s: 0, cpu_s: 0, error: String(error?.message ?? error) };
}
const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
Object.assign(outcome, { peak_bytes: peak && Number(peak[1]) * 1024, allocations: null });
process.stdout.write(JSON.stringify(outcome) + "\n", () => process.exit(0));
