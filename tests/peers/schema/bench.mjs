// What graphql-js takes: node bench.mjs SDL JSON < query. Prints CPU times in nanoseconds.

import { readFileSync } from "node:fs";
import { buildClientSchema, buildSchema, parse, validate } from "graphql";

// As often as bench_core.py and the example do it.
const TIMES = 200;

const [, , sdl, json] = process.argv;
const text = readFileSync(sdl, "utf8");
const introspection = readFileSync(json, "utf8");
const query = readFileSync(0, "utf8");

function timed(work) {
  const before = process.cpuUsage();
  const done = work();
  const { user, system } = process.cpuUsage(before);
  return [done, (user + system) * 1000];
}

function check(schema) {
  const errors = validate(schema, parse(query));
  if (errors.length > 0) throw errors[0];
}

const [, loadJson] = timed(() => buildClientSchema(JSON.parse(introspection)));
const [schema, load] = timed(() => buildSchema(text));
const [, first] = timed(() => check(schema));
const [, all] = timed(() => {
  for (let time = 0; time < TIMES; time++) check(schema);
});
console.log(JSON.stringify({ load, loadJson, first, validate: all / TIMES }));
