// Our program, asked with JSON.

import { execFileSync } from "node:child_process";

export function tool(args, input) {
  const answer = execFileSync(process.env.SCHEMA_TOOL, args, {
    input: JSON.stringify(input),
    maxBuffer: 1 << 30,
  });
  return JSON.parse(answer);
}

/** Numbers from a seed, so that a difference can be met again. */
export function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
