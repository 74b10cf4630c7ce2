// Is the same document valid here and there? Prints where the verdicts differ, and fails on differences without a reason.

import { readFileSync } from "node:fs";
import { buildSchema, parse, validate } from "graphql";
import { mutated, written } from "./documents.mjs";
import { tool } from "./tool.mjs";

const schema = buildSchema(readFileSync("zoo.graphql", "utf8"));
const documents = [...new Set([...written, ...mutated(Number(process.env.MUTATIONS ?? 3000), 7)])];

/** Differences that are known: a name, and what they have in common. */
const reasons = JSON.parse(readFileSync("reasons.json", "utf8"));

function theirs(document) {
  try {
    return validate(schema, parse(document), undefined, { maxErrors: 1000 }).map((error) => error.message);
  } catch (error) {
    return [error.message];
  }
}

const ours = tool(["validate", "zoo.graphql"], documents);
const counts = { valid: 0, invalid: 0, same: 0 };
const explained = new Map();
const unexplained = [];
documents.forEach((document, index) => {
  const [here, there] = [ours[index], theirs(document)];
  counts[there.length === 0 ? "valid" : "invalid"] += 1;
  if ((here.length === 0) === (there.length === 0)) {
    counts.same += 1;
    return;
  }
  const said = here.length === 0 ? there.join("\n") : here.map((error) => error.message).join("\n");
  const side = here.length === 0 ? "accepted here" : "refused here";
  const reason = reasons.find((one) => one.side === side && new RegExp(one.message).test(said));
  if (reason) explained.set(reason.why, (explained.get(reason.why) ?? []).concat(document));
  else unexplained.push({ document, side, said });
});

console.log(
  `${documents.length} documents (${written.length} written, the rest made from them): ${counts.valid} valid and ` +
    `${counts.invalid} invalid to graphql-js; the same verdict on ${counts.same}`,
);
for (const [why, found] of explained) {
  console.log(`  ${found.length} differ: ${why}\n      e.g. ${found[0]}`);
}
for (const { document, side, said } of unexplained) {
  console.log(`  ${side}, without a reason:\n      ${document}\n      ${said}`);
}
process.exitCode = unexplained.length > 0 ? 1 : 0;
