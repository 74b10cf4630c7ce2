// Does a change break the same clients here and there? Compares with findSchemaChanges of graphql-js, change by change.

import { BreakingChangeType, DangerousChangeType, buildSchema, findSchemaChanges } from "graphql";
import { tool } from "./tool.mjs";

const query = "type Query { a: Int } ";

/** Older and newer. */
const pairs = `
type T { a: Int } |
| type T { a: Int }
type T { a: Int } | interface T { a: Int }
type T { a: Int } | input T { a: Int }
enum T { A } | scalar T
type T { a: Int b: Int } | type T { a: Int }
type T { a: Int } | type T { a: Int b: Int }
type T { a: Int } | type T { a: Int! }
type T { a: Int! } | type T { a: Int }
type T { a: Int } | type T { a: [Int] }
type T { a: [Int] } | type T { a: Int }
type T { a: [Int] } | type T { a: [Int!] }
type T { a: [Int] } | type T { a: [Int]! }
type T { a: [Int!]! } | type T { a: [Int]! }
type T { a: [[Int]] } | type T { a: [[Int!]!]! }
type T { a: Int } | type T { a: Float }
type T { a: ID } | type T { a: String! }
interface I { a: Int } type T implements I { a: Int } type V { x: I } | interface I { a: Int } type T implements I { a: Int } type V { x: T }
type T { a: Int } | type T { a(b: Int): Int }
type T { a: Int } | type T { a(b: Int!): Int }
type T { a: Int } | type T { a(b: Int! = 1): Int }
type T { a(b: Int): Int } | type T { a: Int }
type T { a(b: Int): Int } | type T { a(b: Int!): Int }
type T { a(b: Int): Int } | type T { a(b: Int! = 1): Int }
type T { a(b: Int!): Int } | type T { a(b: Int): Int }
type T { a(b: [Int]): Int } | type T { a(b: [Int!]): Int }
type T { a(b: [Int!]!): Int } | type T { a(b: [Int]): Int }
type T { a(b: Int): Int } | type T { a(b: [Int]): Int }
type T { a(b: Int): Int } | type T { a(b: String): Int }
type T { a(b: Int = 1): Int } | type T { a(b: Int = 2): Int }
type T { a(b: Int = 1): Int } | type T { a(b: Int): Int }
type T { a(b: Int! = 1): Int } | type T { a(b: Int!): Int }
type T { a(b: Int): Int } | type T { a(b: Int = 1): Int }
type T { a(b: In = {x: 1, y: 2}): Int } input In { x: Int y: Int } | type T { a(b: In = {y: 2, x: 1}): Int } input In { x: Int y: Int }
enum E { A } | enum E { A B }
enum E { A B } | enum E { A }
enum E { A } | enum E { A @deprecated }
type A { a: Int } type B { a: Int } union U = A | type A { a: Int } type B { a: Int } union U = A \\| B
type A { a: Int } type B { a: Int } union U = A \\| B | type A { a: Int } type B { a: Int } union U = B
interface I { a: Int } type T { a: Int } | interface I { a: Int } type T implements I { a: Int }
interface I { a: Int } type T implements I { a: Int } | interface I { a: Int } type T { a: Int }
interface I { a: Int } interface J { a: Int } | interface I { a: Int } interface J implements I { a: Int }
interface I { a: Int } | interface I { a: Int b: Int }
interface I { a: Int b: Int } | interface I { a: Int }
interface I { a(x: Int): Int } | interface I { a(x: Int!): Int }
input I { a: Int } | input I { a: Int b: Int }
input I { a: Int } | input I { a: Int b: Int! }
input I { a: Int } | input I { a: Int b: Int! = 1 }
input I { a: Int b: Int } | input I { a: Int }
input I { a: Int } | input I { a: Int! }
input I { a: Int! } | input I { a: Int }
input I { a: Int } | input I { a: [Int] }
input I { a: [Int!] } | input I { a: [Int] }
input I { a: Int = 1 } | input I { a: Int = 2 }
input I { a: Int! = 1 } | input I { a: Int! }
input I { a: Int } | input I @oneOf { a: Int }
input I @oneOf { a: Int } | input I { a: Int }
"x" type T { a: Int } | "y" type T { a: Int }
type T { a: Int } | type T { a: Int @deprecated }
scalar S | scalar S @specifiedBy(url: "https://s")
scalar S | type S { a: Int }
directive @d on FIELD |
| directive @d on FIELD
directive @d on FIELD \\| QUERY | directive @d on FIELD
directive @d on FIELD | directive @d on FIELD \\| QUERY
directive @d repeatable on FIELD | directive @d on FIELD
directive @d on FIELD | directive @d repeatable on FIELD
directive @d on FIELD | directive @d(a: Int) on FIELD
directive @d on FIELD | directive @d(a: Int!) on FIELD
directive @d(a: Int) on FIELD | directive @d on FIELD
directive @d(a: Int) on FIELD | directive @d(a: Int!) on FIELD
directive @d(a: Int = 1) on FIELD | directive @d(a: Int = 2) on FIELD
type Mutation { a: Int } |
| type Mutation { a: Int }
type M { a: Int } schema { query: Query mutation: M } | type M { a: Int } schema { query: Query }
type M { a: Int } type N { a: Int } schema { query: Query mutation: M } | type M { a: Int } type N { a: Int } schema { query: Query mutation: N }
`
  .trim()
  .split("\n")
  .map((line) => line.split(/(?<!\\)\|/).map((side) => query + side.replaceAll("\\|", "|").trim()));

/** Changes that only ours tells, or tells otherwise, and why. */
const reasons = {
  ARG_DEFAULT_VALUE_ADDED: "told here beside a changed type, too",
  ARG_BECAME_REQUIRED: "without its default it must be given, which breaks; graphql-js calls it a changed default",
  DEPRECATION_ADDED: "graphql-js does not compare deprecations",
  INPUT_FIELD_BECAME_REQUIRED: "as ARG_BECAME_REQUIRED",
  ONE_OF_ADDED: "graphql-js does not compare @oneOf",
  ONE_OF_REMOVED: "graphql-js does not compare @oneOf",
  ROOT_TYPE_ADDED: "graphql-js does not compare operation types",
  ROOT_TYPE_CHANGED: "graphql-js does not compare operation types",
  ROOT_TYPE_REMOVED: "graphql-js does not compare operation types",
  SPECIFIED_BY_URL_CHANGED: "graphql-js does not compare @specifiedBy",
};

const ours = tool(["diff"], pairs);
const met = new Map();
let same = 0;
let failed = 0;
pairs.forEach(([older, newer], index) => {
  // A scalar of the specification's that nothing uses is none that was removed.
  const told = findSchemaChanges(buildSchema(older), buildSchema(newer)).filter(
    (change) => !(/^TYPE_(ADDED|REMOVED)$/.test(change.type) && /\b(ID|Float)\b/.test(change.description)),
  );
  const classes = [[BreakingChangeType, "breaking"], [DangerousChangeType, "dangerous"]];
  const classOf = (type) => classes.find(([types]) => type in types)?.[1] ?? "safe";
  const theirs = told.map((change) => `${classOf(change.type)} ${change.type}`);
  const here = ours[index].map((change) => `${change.class} ${change.code}`);
  const extra = here.filter((one) => !theirs.includes(one)).map((one) => one.split(" ")[1]);
  const missed = theirs.filter((one) => !here.includes(one));
  if (extra.length + missed.length === 0) {
    same += 1;
    return;
  }
  const renamed = extra.some((code) => code.endsWith("BECAME_REQUIRED"));
  if (extra.every((code) => code in reasons) && missed.every((one) => renamed && one.endsWith("DEFAULT_VALUE_CHANGE"))) {
    extra.forEach((code) => met.set(code, (met.get(code) ?? 0) + 1));
    return;
  }
  failed += 1;
  console.log(`  ${older.slice(query.length)}  →  ${newer.slice(query.length)}`);
  console.log(`      here ${here.join(", ") || "nothing"}; graphql-js ${theirs.join(", ") || "nothing"}`);
});
console.log(
  `${pairs.length} pairs of schemas: the same changes of the same class for ${same}, for another reason ` +
    `${pairs.length - same - failed}, without a reason ${failed}`,
);
for (const [code, times] of met) console.log(`  ${times} × ${code}: ${reasons[code]}`);
process.exitCode = failed > 0 ? 1 : 0;
