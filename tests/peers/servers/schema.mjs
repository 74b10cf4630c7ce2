// What every server here serves, for any version of graphql-js: the caller hands in its own.

import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const SDL = `
  scalar Upload

  type File { name: String! type: String size: Int! sha256: String! }
  type Slowly { now: String! later(ms: Int = 100): String! numbers: [Int!]! }

  type Query {
    hello(name: String = "world"): String!
    add(a: Int!, b: Int!): Int!
    fail: String
    headers(names: [String!]!): [String!]!
    token: String
    slow(ms: Int!): Int!
    big(bytes: Int!): String!
    slowly: Slowly!
  }
  type Mutation {
    bump(ms: Int = 0): Int!
    upload(file: Upload!): File!
    uploads(files: [Upload!]!): [File!]!
  }
  type Subscription {
    countdown(from: Int!, ms: Int = 10): Int!
    failing: Int
    breaking: Int
    forever(ms: Int = 20): Int!
  }
`;

/** The one token that a connection may start with. None at all is fine too. */
export const TOKEN = "let me in";

/** Whether a connection may start with this payload of `connection_init`. */
export const admitted = (payload) => payload?.token === undefined || payload.token === TOKEN;

/**
 * The schema. A resolver's context is `{ headers, token }`; `log` counts what runs and hears of every event that the
 * client has been sent.
 */
export function makeSchema({ buildSchema, GraphQLError }, log) {
  const schema = buildSchema(SDL);
  const refuse = (message, code) => new GraphQLError(message, { extensions: { code } });
  const resolvers = {
    Query: {
      hello: (_, { name }) => `hello ${name}`,
      add: (_, { a, b }) => a + b,
      fail: () => {
        throw refuse("it failed as asked", "AS_ASKED");
      },
      headers: (_, { names }, { headers }) => names.map((name) => `${name}: ${headers?.[name.toLowerCase()] ?? ""}`),
      token: (_, __, { token }) => token ?? null,
      slow: async (_, { ms }) => sleep(ms, ms),
      big: (_, { bytes }) => "x".repeat(bytes),
      slowly: () => ({ now: "now", numbers: [1, 2, 3] }),
    },
    Slowly: {
      later: async (_, { ms }) => sleep(ms, "later"),
    },
    Mutation: {
      bump: async (_, { ms }) => {
        log.bumps += 1;
        return sleep(ms, log.bumps);
      },
      upload: async (_, { file }) => describe(await file),
      uploads: async (_, { files }) => Promise.all(files.map(async (file) => describe(await file))),
    },
    Subscription: {
      countdown: live(async function* (_, { from, ms }) {
        for (let at = from; at >= 0; at -= 1) {
          yield { countdown: at };
          await log.sent();
          await sleep(ms);
        }
      }),
      failing: live(async function* () {
        for (const failing of [1, refuse("the second one failed", "AS_ASKED"), 3]) {
          yield { failing };
          await log.sent();
        }
      }),
      breaking: live(async function* () {
        yield { breaking: 1 };
        await log.sent();
        throw refuse("the source broke", "AS_ASKED");
      }),
      forever: live(async function* (_, { ms }) {
        for (let at = 0; ; at += 1) {
          yield { forever: at };
          await log.sent();
          await sleep(ms);
        }
      }),
    },
  };

  // How many subscriptions live is what tells whether a client's unsubscribing arrived.
  function live(source) {
    return async function* (...args) {
      log.live += 1;
      log.operations += 1;
      try {
        yield* source(...args);
      } finally {
        log.live -= 1;
      }
    };
  }

  for (const [type, fields] of Object.entries(resolvers)) {
    for (const [name, resolve] of Object.entries(fields)) {
      const field = schema.getType(type).getFields()[name];
      if (type === "Subscription") field.subscribe = resolve;
      else if (type === "Slowly") field.resolve = resolve;
      else {
        field.resolve = (...args) => {
          log.operations += 1;
          return resolve(...args);
        };
      }
    }
  }
  // graphql-upload hands in an object with a promise of the file, Yoga the file itself.
  schema.getType("Upload").parseValue = (value) => {
    const file = value?.promise ?? value;
    if (typeof file?.then === "function" || typeof file?.arrayBuffer === "function") return file;
    throw refuse("Upload value invalid.", "BAD_USER_INPUT");
  };
  return schema;
}

async function describe(file) {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of file.createReadStream?.() ?? [Buffer.from(await file.arrayBuffer())]) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { name: file.filename ?? file.name, type: file.mimetype ?? file.type, size, sha256: hash.digest("hex") };
}
