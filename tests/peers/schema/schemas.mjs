// Schemas that ship in npm packages: SDL → JSON → SDL loses nothing, and graphql-js reads from our JSON what it reads
// from the package's own text.

import { existsSync } from "node:fs";
import { buildClientSchema, findSchemaChanges, introspectionFromSchema } from "graphql";
import { fetched, theirs } from "./packages.mjs";
import { tool } from "./tool.mjs";

const files = fetched();
const found = tool(["round-trip"], files.filter((file) => existsSync(file)));
const counts = { schemas: 0, strict: 0, lossless: 0, graphqlJs: 0 };
const trouble = [];
for (const one of found) {
  const name = one.file.replace("node_modules/.schemas/", "");
  counts.schemas += 1;
  if (one.error) {
    trouble.push(`${name}: ${one.error.split("\n").slice(0, 6).join(" / ")}`);
    continue;
  }
  if (one.strict) counts.strict += 1;
  else console.log(`  forgiven ${one.forgiven} in ${name}: ${one.examples.join(" ")}`);
  if (one.same && one.lost.length === 0) counts.lossless += 1;
  else trouble.push(`${name}: ${one.same ? "" : "the JSON differs; "}${one.lost.join("; ")}`);
  if (!one.strict) continue;
  try {
    const options = { specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true };
    const ours = buildClientSchema(tool(["introspect", one.file], null));
    const changes = findSchemaChanges(
      buildClientSchema(introspectionFromSchema(theirs(one.file), options)),
      ours,
      // Each side brings its own version of the specification's directives.
    ).filter((change) => !/@(deprecated|include|oneOf|skip|specifiedBy)\b/.test(change.description));
    if (changes.length === 0) counts.graphqlJs += 1;
    else trouble.push(`${name}: graphql-js sees ${changes.length} changes, e.g. ${changes[0].description}`);
  } catch (error) {
    trouble.push(`${name}: graphql-js: ${error.message.split("\n")[0]}`);
  }
}
const largest = found.filter((one) => one.types).sort((a, b) => b.types - a.types)[0];
console.log(
  `${counts.schemas} schemas: ${counts.strict} valid as they are, ${counts.lossless} the same after SDL → JSON → SDL, ` +
    `${counts.graphqlJs} the same to graphql-js when it reads our JSON`,
);
console.log(`  the largest has ${largest.types} types: read in ${largest.loadMs} ms, printed as JSON in ${largest.printMs} ms`);
for (const line of trouble) console.log(`  ${line}`);
process.exitCode = trouble.length > 0 ? 1 : 0;
