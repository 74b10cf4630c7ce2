// What changed from one version of a package's schema to the next: the same here and in graphql-js, change by change?

import { BreakingChangeType, DangerousChangeType, findSchemaChanges } from "graphql";
import { fetched, theirs } from "./packages.mjs";
import { tool } from "./tool.mjs";

/** Package and path without the version. */
const lineage = (file) => file.replace(/@[^@/]*\//, "/");

const files = fetched();
const pairs = files.flatMap((file, at) => {
  const before = files.slice(0, at).findLast((other) => lineage(other) === lineage(file));
  return before ? [[before, file]] : [];
});

/** Codes that only ours has. */
const own = /^(APPLIED_|AUTH_|DEPRECATION_|ONE_OF_|ROOT_TYPE_|SPECIFIED_BY_|SUBSCRIPTION_SOURCE_)/;

function count(codes) {
  const counts = new Map();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return counts;
}

const ours = tool(["diff-files"], pairs);
let changes = 0;
let failed = 0;
pairs.forEach(([older, newer], index) => {
  const classOf = (type) => (type in BreakingChangeType ? "breaking" : type in DangerousChangeType ? "dangerous" : "safe");
  const told = findSchemaChanges(theirs(older), theirs(newer)).filter(
    (change) =>
      // Each side brings its own version of what the specification defines.
      !/@(deprecated|include|oneOf|skip|specifiedBy)\b|\b__\w+/.test(change.description) &&
      !(/^TYPE_(ADDED|REMOVED)$/.test(change.type) && /\b(Boolean|Float|ID|Int|String)\b/.test(change.description)),
  );
  const there = count(told.map((change) => `${classOf(change.type)} ${change.type}`));
  const here = count(
    ours[index].filter((change) => !own.test(change.code)).map((change) => `${change.class} ${change.code}`),
  );
  changes += ours[index].length;
  const differing = [...new Set([...here.keys(), ...there.keys()])].filter((code) => here.get(code) !== there.get(code));
  if (differing.length === 0) return;
  failed += 1;
  console.log(`  ${older.replace("node_modules/.schemas/", "")}  →  ${newer.replace("node_modules/.schemas/", "")}`);
  for (const code of differing) console.log(`      ${code}: ${here.get(code) ?? 0} here, ${there.get(code) ?? 0} in graphql-js`);
});
console.log(`${pairs.length} new versions of schemas with ${changes} changes: told otherwise in ${failed}`);
process.exitCode = failed > 0 ? 1 : 0;
