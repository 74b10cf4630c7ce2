// Documents about the zoo, rule by rule in the order of the specification: its counterexamples and their valid
// neighbours, told with other animals. What is valid is left to the implementations.

import { random } from "./tool.mjs";

export const written = `
{ dog { name } }
{ dog { name } } extend type Dog { color: String }
type Extra { a: Int }
{ dog { name } } { cat { name } }
query A { dog { name } } query B { cat { name } }
query A { dog { name } } query A { cat { name } }
query A { dog { name } } mutation A { rename(id: 1, to: "x") { name } }
{ dog { name } } query B { cat { name } }
query A { dog { name } } fragment A on Dog { name }
mutation { rename(id: 1, to: "x") { id } }
subscription { fed { name } }
subscription S { fed { name } renamed { name } }
subscription S { fed { name } other: fed { name } }
subscription S { fed { name } fed { id } }
subscription S { ...F } fragment F on Subscription { fed { name } renamed { id } }
subscription S { ...F } fragment F on Subscription { fed { name } }
subscription S { __typename }
subscription S { ticks __typename }
subscription S($b: Boolean!) { fed @include(if: $b) { name } }
subscription S($b: Boolean!) { fed { name } renamed @skip(if: $b) { name } }
subscription S { fed @skip(if: true) { name } }
subscription S { ... @include(if: true) { fed { name } } }
subscription S { ... { fed { name } } }
subscription S { ... on Subscription { fed { name } ticks } }
{ nothing }
{ dog { meows } }
{ dog { aliased: meows } }
{ animal(id: 1) { nickname } }
{ animal(id: 1) { name kind } }
{ being { name } }
{ being { kind } }
{ either { name } }
{ either { __typename } }
{ either { ... on Animal { name } ... on Dog { barks } } }
{ either { __typename name } }
{ dog { __typename } }
{ __typename }
{ dog { __schema { types { name } } } }
{ __schema { queryType { name } } __type(name: "Dog") { fields { name } } }
{ __type { name } }
{ __type(name: 1) { name } }
mutation { __schema { types { name } } rename(id: 1, to: "") { id } }
mutation { __typename }
{ dog { name name } }
{ dog { name: nickname name } }
{ dog { n: name n: nickname } }
{ dog { name: name name: name } }
{ dog { knows(command: SIT) knows(command: HEEL) } }
{ dog { knows(command: SIT) knows(command: SIT) } }
{ dog { isHouseTrained(atOtherHomes: true) isHouseTrained } }
query Q($a: Boolean) { dog { isHouseTrained(atOtherHomes: $a) isHouseTrained(atOtherHomes: $a) } }
query Q($a: Boolean, $b: Boolean) { dog { isHouseTrained(atOtherHomes: $a) isHouseTrained(atOtherHomes: $b) } }
query Q($a: Command!) { dog { knows(command: $a) knows(command: SIT) } }
{ animal(id: 1) { ... on Dog { volume } ... on Cat { nickname } } }
{ animal(id: 1) { ... on Dog { v: nickname } ... on Cat { v: name } } }
{ animal(id: 1) { ... on Dog { volume } ... on Cat { volume } } }
{ animal(id: 1) { ... on Dog { v: barks } ... on Cat { v: meows } } }
{ animal(id: 1) { ... on Dog { v: barks } ... on Cat { v: nickname } } }
{ animal(id: 1) { ... on Dog { v: mates { name } } ... on Cat { v: keeper { name } } } }
{ animal(id: 1) { ... on Dog { k: keeper { x: id } } ... on Cat { k: keeper { x: name } } } }
{ animal(id: 1) { ... on Dog { k: keeper { x: id } } ... on Cat { k: keeper { x: shift { days } } } } }
{ animal(id: 1) { ... on Dog { name(surname: true) } ... on Cat { name(surname: false) } } }
{ animal(id: 1) { ... on Dog { name(surname: true) } ... on Being { name(surname: false) } } }
{ dog { ...A ...B } } fragment A on Dog { x: name } fragment B on Dog { x: nickname }
{ dog { ...A } cat { ...B } } fragment A on Dog { x: name } fragment B on Cat { x: nickname }
{ dog { keeper { name } keeper { id } } }
{ dog { keeper { a: name } keeper { a: id } } }
{ dog { mates { a: name } mates { a: id } } }
{ a: dog { name } a: cat { name } }
{ weight(of: 1) weight(of: 1.0) }
{ weight(of: 1) weight(of: 1) }
{ anything(value: {a: 1, b: 2}) anything(value: {b: 2, a: 1}) }
{ anything(value: [1, 2]) anything(value: [2, 1]) }
{ anything(value: "x") anything(value: """x""") }
{ dog { name @shout } dog { name } }
{ dog { barks { loud } } }
{ dog { kind { name } } }
{ dog }
{ dog { keeper } }
{ animals { mates } }
{ either }
{ animal(id: 1) }
{ weight { x } }
{ dog {} }
{ dog { name { first } } }
mutation { rename(id: 1, to: "x") }
{ dog { keeper { shift } } }
query Q { dog { isHouseTrained(atOtherHomes: true) } }
{ dog { knows(command: CLEAN) } }
{ dog { knows(action: SIT) } }
{ dog { knows(command: SIT, action: 1) } }
{ dog { knows } }
{ dog { name @include(unless: false) } }
{ dog { name @include } }
{ dog { name @include(if: null) } }
{ dog { name @shout(loud: null) } }
{ dog { name @shout(loud: false) } }
{ flags(a: true, b: false) }
{ flags(b: false, a: true) }
{ flags(b: null) }
{ flags(a: null, b: true) }
{ flags }
{ flags(b: true, b: true) }
{ flags(a: 1, b: true) }
{ dog(name: "a", name: "b") { name } }
{ dog { name @shout(loud: true, loud: true) } }
{ keeper(active: true) { name } }
{ animal { name } }
{ choose { name } }
{ dog { ...F } } fragment F on Dog { name } fragment F on Dog { nickname }
{ dog { ...A ...B } } fragment A on Dog { name } fragment B on Dog { nickname }
{ dog { ...A } } fragment A on Nothing { name }
{ dog { ... on Nothing { name } } }
{ dog { ... on Dog { name } } }
{ dog { ... on Kind { name } } }
{ dog { ...A } } fragment A on Int { name }
{ dog { ...A } } fragment A on FeedInput { name }
{ dog { ... on Unit { name } } }
{ dog { name } } fragment Unused on Dog { nickname }
{ dog { ...A } } fragment A on Dog { ...B } fragment B on Dog { name }
{ dog { ...A } } fragment A on Dog { name } fragment B on Dog { ...A }
{ dog { ...Missing } }
{ dog { ...A } } fragment A on Dog { ...Missing }
{ dog { ...A } } fragment A on Dog { ...A }
{ dog { ...A } } fragment A on Dog { name ...B } fragment B on Dog { nickname ...A }
{ dog { ...A } } fragment A on Dog { keeper { ...B } } fragment B on Keeper { animals { ...A } }
fragment A on Dog { ...A }
{ dog { ...A } } fragment A on Dog { mates { ... on Dog { ...A } } }
{ dog { ... on Cat { meows } } }
{ cat { ... on Dog { barks } } }
{ dog { ... on Animal { name } } }
{ dog { ... on CatOrDog { ... on Dog { barks } } } }
{ dog { ... on Trained { knows(command: SIT) } } }
{ cat { ... on Trained { knows(command: SIT) } } }
{ animal(id: 1) { ... on Trained { knows(command: SIT) } } }
{ either { ... on Trained { knows(command: SIT) } } }
{ either { ... on Resident { ... on Cat { meows } } } }
{ being { ... on Trained { knows(command: SIT) } } }
{ resident { ... on Rock { weight } } }
{ being { ... on CatOrDog { __typename } } }
{ keeper(id: 1) { ... on CatOrDog { __typename } } }
{ keeper(id: 1) { ... on Resident { __typename } } }
{ keeper(id: 1) { ... on Animal { name } } }
{ dog { ... { name } } }
{ dog { ... @include(if: true) { name } } }
{ ... on Query { dog { name } } }
{ ... on Mutation { rename(id: 1, to: "") { id } } }
{ dog { ...A } cat { ...A } } fragment A on Being { name }
{ dog { ...A } cat { ...A } } fragment A on Dog { name }
{ animals(limit: "10") { id } }
{ animals(limit: 10.5) { id } }
{ animals(limit: 10.0) { id } }
{ animals(limit: null) { id } }
{ animals(limit: 2147483648) { id } }
{ animals(limit: -2147483648) { id } }
{ animals(limit: 2147483647) { id } }
{ animals(limit: TEN) { id } }
{ animals(limit: [1]) { id } }
{ animals(limit: {a: 1}) { id } }
{ animals(limit: true) { id } }
{ animals(kinds: CAT) { id } }
{ animals(kinds: [CAT, DOG]) { id } }
{ animals(kinds: ["CAT"]) { id } }
{ animals(kinds: "CAT") { id } }
{ animals(kinds: [CAT, null]) { id } }
{ animals(kinds: null) { id } }
{ animals(kinds: [FISH]) { id } }
{ animals(kinds: [cat]) { id } }
{ animals(kinds: []) { id } }
{ animals(kinds: [[CAT]]) { id } }
{ animals(filter: {name: "x"}) { id } }
{ animals(filter: {nam: "x"}) { id } }
{ animals(filter: {name: 1}) { id } }
{ animals(filter: {name: null}) { id } }
{ animals(filter: {name: "x", name: "y"}) { id } }
{ animals(filter: {weight: {}}) { id } }
{ animals(filter: {weight: {min: 1}}) { id } }
{ animals(filter: {weight: {min: null}}) { id } }
{ animals(filter: {weight: {max: 1}}) { id } }
{ animals(filter: {weight: {min: "1"}}) { id } }
{ animals(filter: {not: {not: {not: {name: "x"}}}}) { id } }
{ animals(filter: {not: {not: {not: {nope: "x"}}}}) { id } }
{ animals(filter: "x") { id } }
{ animals(filter: [{name: "x"}]) { id } }
{ animals(filter: {kinds: DOG}) { id } }
{ animals(filter: {}) { id } }
{ animal(id: 1) { id } }
{ animal(id: "1") { id } }
{ animal(id: 1.5) { id } }
{ animal(id: true) { id } }
{ animal(id: ONE) { id } }
{ animal(id: null) { id } }
{ animal(id: 123456789012345678901234567890) { id } }
{ dog(name: 1) { id } }
{ dog(name: NAME) { id } }
{ dog(name: true) { id } }
{ dog(name: """block""") { id } }
{ weight(of: 1) }
{ weight(of: 1e3) }
{ weight(of: "1") }
{ weight(of: -0) }
{ weight(of: 1e400) }
{ weight(of: 123456789012345678901234567890) }
{ weight(unit: POUND) }
{ weight(unit: "POUND") }
{ weight(unit: null) }
{ matrix(rows: [[1, 2], [3]]) }
{ matrix(rows: [1, 2]) }
{ matrix(rows: 1) }
{ matrix(rows: [[1, null]]) }
{ matrix(rows: [null]) }
{ matrix(rows: [["x"]]) }
{ matrix(rows: null) }
{ choose(by: {id: 1}) { id } }
{ choose(by: {name: "x"}) { id } }
{ choose(by: {}) { id } }
{ choose(by: {id: 1, name: "x"}) { id } }
{ choose(by: {id: null}) { id } }
{ choose(by: {id: null, name: "x"}) { id } }
{ choose(by: null) { id } }
query Q($id: ID) { choose(by: {id: $id}) { id } }
query Q($id: ID!) { choose(by: {id: $id}) { id } }
query Q($by: Choice) { choose(by: $by) { id } }
query Q($by: Choice = {id: 1, name: "x"}) { choose(by: $by) { id } }
query Q($id: ID = 1) { choose(by: {id: $id}) { id } }
{ anything(value: {a: [1, "x", {b: null}], c: ENUM}) }
{ anything(value: 1) moment(at: 1) }
query Q($x: Int) { anything(value: {a: $x}) }
query Q($x: Int) { anything(value: [$x]) }
{ anything(value: {a: $x}) }
{ moment(at: {a: 1, a: 2}) }
mutation { feed(input: {id: 1, food: [{name: "hay"}]}) { id } }
mutation { feed(input: {id: 1, food: {name: "hay", grams: 3}}) { id } }
mutation { feed(input: {id: 1, food: [{name: "hay", grams: null}]}) { id } }
mutation { feed(input: {id: 1, food: []}) { id } }
mutation { feed(input: {id: 1}) { id } }
mutation { feed(input: {food: []}) { id } }
mutation { feed { id } }
mutation { feed(input: null) { id } }
mutation { feed(inputs: {}) { id } }
mutation { feed(input: {id: 1, food: [{grams: 1}]}) { id } }
{ dog @skip { name } }
{ dog @skip(if: "true") { name } }
{ dog @unknown { name } }
query Q @skip(if: true) { dog { name } }
query Q @tag(label: "a") @tag(label: "b") { dog { name @tag(label: "c") } }
query Q @tag { dog { name } }
query Q @shout { dog { name } }
{ dog { name @shout @shout } }
{ dog { name @include(if: true) @include(if: false) } }
{ dog { name @include(if: true) @skip(if: false) } }
{ dog { ...A @shout } } fragment A on Dog { name }
{ dog { ...A } } fragment A on Dog @tag(label: "x") { name }
{ dog { ...A } } fragment A on Dog @shout { name }
{ dog { ... on Dog @shout { name } } }
{ dog { ... on Dog @tag(label: "x") { name } } }
query Q($a: Boolean @onVariable) { flags(a: $a, b: true) }
query Q($a: Boolean @shout) { flags(a: $a, b: true) }
query Q($a: Boolean @onVariable @onVariable) { flags(a: $a, b: true) }
{ dog { name @deprecated } }
{ dog { name @onVariable } }
{ dog { name @specifiedBy(url: "x") } }
query Q($a: Boolean, $a: Boolean) { flags(a: $a, b: true) }
query Q($a: Boolean, $b: Boolean!) { flags(a: $a, b: $b) }
query A($a: Boolean) { flags(a: $a, b: true) } query B($a: Boolean) { flags(a: $a, b: true) }
query Q($a: Unit, $b: ID!, $c: [Kind!], $d: AnimalFilter) { weight(unit: $a) animal(id: $b) { id } animals(kinds: $c, filter: $d) { id } }
query Q($a: Dog) { dog { name } }
query Q($a: Animal) { dog { name } }
query Q($a: [CatOrDog!]!) { dog { name } }
query Q($a: Nothing) { dog { name } }
query Q($a: Nothing) { anything(value: $a) }
query Q($a: Boolean) { flags(b: true) }
query Q($a: Boolean) { flags(a: $b, b: true) }
query Q { flags(a: $a, b: true) }
{ flags(a: $a, b: true) }
query Q($a: Boolean) { ...F } fragment F on Query { flags(a: $a, b: true) }
query Q { ...F } fragment F on Query { flags(a: $a, b: true) }
query Q($a: Boolean) { ...F } fragment F on Query { ...G } fragment G on Query { flags(a: $a, b: true) }
query Q { ...F } query R($a: Boolean) { ...F } fragment F on Query { flags(a: $a, b: true) }
query Q($a: Boolean) { ...F } query R($a: Boolean) { ...F } fragment F on Query { flags(a: $a, b: true) }
query Q($a: Boolean) { ...F } fragment F on Query { flags(b: true) }
query Q($a: Boolean, $b: Boolean) { ...F } fragment F on Query { flags(a: $a, b: true) }
query Q($a: String) { flags(a: $a, b: true) }
query Q($a: Boolean) { flags(b: $a) }
query Q($a: Boolean = true) { flags(b: $a) }
query Q($a: Boolean = null) { flags(b: $a) }
query Q($a: Boolean! = true) { flags(b: $a) }
query Q($a: Boolean!) { flags(a: $a, b: $a) }
query Q($a: Boolean) { dog { isHouseTrained(atOtherHomes: $a) } }
query Q($a: Int) { animals(limit: $a) { id } }
query Q($a: Int!) { animals(limit: $a) { id } }
query Q($a: Float) { animals(limit: $a) { id } }
query Q($a: Int) { weight(of: $a) }
query Q($a: String) { animal(id: $a) { id } }
query Q($a: String!) { animal(id: $a) { id } }
query Q($a: [Kind]) { animals(kinds: $a) { id } }
query Q($a: [Kind!]) { animals(kinds: $a) { id } }
query Q($a: [Kind!]!) { animals(kinds: $a) { id } }
query Q($a: Kind) { animals(kinds: $a) { id } }
query Q($a: Kind!) { animals(kinds: $a) { id } }
query Q($a: Kind!) { animals(kinds: [$a]) { id } }
query Q($a: Kind) { animals(kinds: [$a]) { id } }
query Q($a: String) { animals(filter: {name: $a}) { id } }
query Q($a: String!) { animals(filter: {name: $a}) { id } }
query Q($a: Int) { animals(filter: {name: $a}) { id } }
query Q($a: Float) { animals(filter: {weight: {min: $a}}) { id } }
query Q($a: Float!) { animals(filter: {weight: {min: $a}}) { id } }
query Q($a: Float = 1) { animals(filter: {weight: {min: $a}}) { id } }
query Q($a: Float) { animals(filter: {weight: {min: 1, max: $a}}) { id } }
query Q($a: Int) { mutation: animals(limit: $a) { id } }
mutation M($g: Int) { feed(input: {id: 1, food: [{name: "x", grams: $g}]}) { id } }
mutation M($f: [Food]) { feed(input: {id: 1, food: $f}) { id } }
mutation M($f: [Food!]!) { feed(input: {id: 1, food: $f}) { id } }
mutation M($i: FeedInput) { feed(input: $i) { id } }
query Q($if: Boolean) { dog { name @include(if: $if) } }
query Q($if: Boolean!) { dog { name @include(if: $if) } }
query Q($if: Boolean = true) { dog { name @include(if: $if) } }
query Q($l: Boolean) { dog { name @shout(loud: $l) } }
query Q($a: Int = "x") { animals(limit: $a) { id } }
query Q($a: Int = 1.5) { animals(limit: $a) { id } }
query Q($a: Int! = null) { animals(limit: $a) { id } }
query Q($a: Kind = FISH) { animals(kinds: [$a]) { id } }
query Q($a: [Kind!] = CAT) { animals(kinds: $a) { id } }
query Q($a: [Kind!] = [CAT, null]) { animals(kinds: $a) { id } }
query Q($a: AnimalFilter = {nope: 1}) { animals(filter: $a) { id } }
query Q($a: AnimalFilter = {name: "x"}) { animals(filter: $a) { id } }
query Q($a: Int = $b, $b: Int) { animals(limit: $a) { id } }
query Q($a: [Int] = [$b], $b: Int) { dog { name } }
query Q($a: Dog = {name: "x"}) { dog { name } }
query Q($a: [[Int!]!]) { matrix(rows: $a) }
query Q($a: [Int!]) { matrix(rows: $a) }
query Q($a: [[Int!]]) { matrix(rows: $a) }
query Q($a: [Int!]!) { matrix(rows: [$a]) }
query ($a: ID!) { animal(id: $a) { id } }
query Q($a: Boolean!) { dog @skip(if: $a) { ...F @include(if: $a) } } fragment F on Dog { name }
query Q($a: String!) @tag(label: $a) { dog { name } }
query Q @tag(label: $a) { dog { name } }
fragment F on Dog { name }
query Q { dog { __type(name: "x") { name } } }
subscription { fed(id: 1) { id } ...F } fragment F on Subscription { fed(id: 1) { name } }
subscription { fed(id: 1) { id } fed(id: 2) { id } }
query Q { dog { name } } subscription S { fed { id } ticks }
{ dog { name, , , nickname } }
{ dog { name } } # the end
query Q($__a: Int) { animals(limit: $__a) { id } }
{ __a: dog { name } }
query { dog { on: name } }
{ dog { ...on } }
query null { dog { name } }
{ true: dog { name } }
fragment on on Dog { name }
query Q { dog { name }
{ dog { name(surname:) } }
query Q() { dog { name } }
{ dog() { name } }
query Q { }
{ }

{ dog { "name" } }
{ dog(name: 'x') { name } }
{ dog(name: "x) { name } }
{ weight(of: 01) }
{ weight(of: .5) }
{ weight(of: 1.) }
{ weight(of: 1a) }
{ dog(name: "\\u00e9\\u{1F600}") { name } }
{ dog(name: "\\uD83D\\uDE00") { name } }
{ dog(name: "\\uD83D") { name } }
{ dog(name: "\\x") { name } }
{ animals(kinds: [true]) { id } }
{ weight(unit: true) }
{ weight(unit: null) weight(unit: KILO) }
{ dog { name ... } }
{ dog { ... on } }
{ dog { ...A on Dog } }
query Q($a: Boolean = true!) { flags(a: $a, b: true) }
query Q($a: Boolean!!) { flags(a: $a, b: true) }
query Q($a: []) { dog { name } }
query Q($a: [Int) { dog { name } }
{ dog: { name } }
{ a b: c: dog { name } }
extend { dog { name } }
schema { query: Query } { dog { name } }
"described" query Q { dog { name } }
"described" { dog { name } }
"""described""" fragment F on Dog { name } { dog { ...F } }
query Q("described" $a: Boolean) { flags(a: $a, b: true) }
{ dog { name @ shout } }
{ dog { name @shout() } }
{ dog @include(if: true, else: false) { name } }
{ a: weight a: weight(unit: KILO) }
{ dog { mates { ... on Dog { mates { ... on Dog { mates { barks } } } } } } }
{ dog { mates { ... on Dog { mates { ... on Dog { mates { nope } } } } } } }
query Q($unused: Int, $used: Int) { animals(limit: $used) { id } }
{ animals { ...A ...A } } fragment A on Animal { id }
{ animals { ... on Cat { ...A } } } fragment A on Dog { barks }
{ resident { ...K } } fragment K on Keeper { animals { ...C } } fragment C on Cat { meows }
{ keeper(id: 1, id: 2) { shift { days } } }
{ __schema { types { fields { type { fields { name } } } } } }
{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }
`
  .split("\n")
  .slice(1, -1)
  .map((line) => line.replaceAll("\\\\", "\\"));

/** The written documents with one word or sign replaced, left out, doubled or swapped with its neighbour. */
export function mutated(count, seed) {
  const below = random(seed);
  const words = written.join(" ").match(/[\w$@]+|\.\.\.|[!(){}[\]:=]/g);
  const found = new Set();
  while (found.size < count) {
    const document = written[below(written.length)];
    const tokens = document.match(/"(?:[^"\\]|\\.)*"|[$@]?\w+|\.\.\.|\S/g) ?? [];
    if (tokens.length === 0) continue;
    const at = below(tokens.length);
    const how = below(5);
    if (how === 0) tokens.splice(at, 1);
    else if (how === 1) tokens.splice(at, 0, tokens[at]);
    else if (how === 2) tokens.splice(at, 2, ...tokens.slice(at, at + 2).reverse());
    else tokens[at] = words[below(words.length)];
    found.add(tokens.join(" "));
  }
  return [...found];
}
