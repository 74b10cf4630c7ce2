// The servers, each set up as its own documentation does it, with what is optional there switched on.
// A kind is `({ need, schema, log }) => { server, paths }`; `need` loads a package.

import http from "node:http";
import { text } from "node:stream/consumers";

import { admitted } from "./schema.mjs";

/** `graphql-ws` of npm beside `graphql-http`: the reference servers of graphql-transport-ws and GraphQL over HTTP. */
async function graphqlWs({ need, schema, log }) {
  const server = overHttp({ need, schema });
  modern({ need, schema, log, server });
  return { server, paths: { http: "/graphql", ws: "/graphql" } };
}

/** `subscriptions-transport-ws`, whose protocol is called graphql-ws on the wire and is not that of `graphql-ws`. */
async function legacyWs({ need, schema, log }) {
  const server = overHttp({ need, schema });
  legacy({ need, schema, log, server });
  return { server, paths: { http: "/graphql", ws: "/graphql" } };
}

/** Both of the above behind one URL, as a server that moves its clients over has it; the client's first choice wins. */
async function eitherWs({ need, schema, log }) {
  const { WebSocketServer } = need("ws");
  const { GRAPHQL_TRANSPORT_WS_PROTOCOL } = need("graphql-ws");
  const server = overHttp({ need, schema });
  const news = modern({ need, schema, log });
  const olds = legacy({ need, schema, log });
  const chooser = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    const chosen = offered.find((name) => name === GRAPHQL_TRANSPORT_WS_PROTOCOL || name === "graphql-ws");
    const to = chosen === GRAPHQL_TRANSPORT_WS_PROTOCOL ? news : chosen ? olds : chooser;
    to.handleUpgrade(request, socket, head, (ws) => {
      if (to === chooser) ws.close(4406, "Subprotocol not acceptable");
      else to.emit("connection", ws, request);
    });
  });
  return { server, paths: { http: "/graphql", ws: "/graphql" } };
}

/** `graphql-sse`, whose one handler serves both modes: single connection once a client reserves a stream. */
async function graphqlSse({ need, schema }) {
  const { createHandler } = need("graphql-sse/lib/use/http");
  const handler = createHandler({ schema, context: (request) => ({ headers: request.raw.headers }) });
  return { server: http.createServer(handler), paths: { sse: "/graphql/stream" } };
}

/** Yoga with batches, persisted queries, incremental delivery and, built in, uploads, GET and event streams. */
async function yoga({ need, schema, log }) {
  const { createYoga } = need("graphql-yoga");
  const { useAPQ } = need("@graphql-yoga/plugin-apq");
  const { useDeferStream } = need("@graphql-yoga/plugin-defer-stream");
  const handler = createYoga({
    schema,
    batching: true,
    context: ({ request }) => ({ headers: Object.fromEntries(request.headers) }),
    graphiql: false,
    landingPage: false,
    logging: false,
    maskedErrors: false,
    plugins: [
      { onParams: ({ params }) => noted(log, params) },
      useAPQ(),
      useDeferStream(),
    ],
  });
  return { server: http.createServer(handler), paths: { http: "/graphql" } };
}

/** Apollo Server in Express with `graphql-upload`, batches and its defaults: CSRF prevention and persisted queries. */
async function apollo({ need, schema, log }) {
  const express = need("express");
  const { ApolloServer } = need("@apollo/server");
  const { expressMiddleware } = need("@as-integrations/express5");
  const { default: graphqlUploadExpress } = await import("graphql-upload/graphqlUploadExpress.mjs");
  const apollo = new ApolloServer({
    schema,
    allowBatchedHttpRequests: true,
    includeStacktraceInErrorResponses: false,
    plugins: [{ requestDidStart: async ({ request }) => noted(log, request) }],
  });
  await apollo.start();
  const app = express();
  const context = async ({ req }) => ({ headers: req.headers });
  app.use("/graphql", express.json(), graphqlUploadExpress(), expressMiddleware(apollo, { context }));
  return { server: http.createServer(app), paths: { http: "/graphql" } };
}

/** Apollo Server with `@defer` and `@stream`, which it does with one graphql only, in today's form and the older. */
async function apolloNext({ need, schema, log }) {
  const { ApolloServer, HeaderMap } = need("@apollo/server");
  const { legacyExecuteIncrementally } = need("@yaacovcr/transform");
  const { GraphQLDeferDirective, GraphQLStreamDirective, GraphQLSchema, specifiedDirectives } = need("graphql");
  const directives = [...specifiedDirectives, GraphQLDeferDirective, GraphQLStreamDirective];
  const apollo = new ApolloServer({
    schema: new GraphQLSchema({ ...schema.toConfig(), directives }),
    legacyExperimentalExecuteIncrementally: legacyExecuteIncrementally,
    includeStacktraceInErrorResponses: false,
    plugins: [{ requestDidStart: async ({ request }) => noted(log, request) }],
  });
  await apollo.start();
  // Apollo's own standalone server wants a port of its own choice, so this is what its integrations do.
  const server = http.createServer(async (request, response) => {
    const body = await text(request);
    const headers = new HeaderMap(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const { search } = new URL(request.url, "http://localhost");
    const { method } = request;
    const answer = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method, headers, search, body: body && JSON.parse(body) },
      context: async () => ({ headers: request.headers }),
    });
    response.writeHead(answer.status ?? 200, Object.fromEntries(answer.headers));
    if (answer.body.kind === "complete") response.end(answer.body.string);
    else {
      for await (const chunk of answer.body.asyncIterator) response.write(chunk);
      response.end();
    }
  });
  return { server, paths: { http: "/" } };
}

export const kinds = {
  "graphql-ws": graphqlWs,
  "legacy-ws": legacyWs,
  "either-ws": eitherWs,
  "graphql-sse": graphqlSse,
  yoga,
  apollo,
  "apollo-next": apolloNext,
};

function overHttp({ need, schema }) {
  const { createHandler } = need("graphql-http/lib/use/http");
  const handler = createHandler({ schema, context: (request) => ({ headers: request.raw.headers }) });
  return http.createServer((request, response) => handler(request, response));
}

function modern({ need, schema, log, server }) {
  const { WebSocketServer } = need("ws");
  const { useServer } = need("graphql-ws/use/ws");
  const wss = new WebSocketServer(server ? { server, path: "/graphql" } : { noServer: true });
  counted(wss, log);
  useServer(
    {
      schema,
      onConnect: ({ connectionParams }) => admitted(connectionParams),
      context: ({ connectionParams, extra }) => ({
        headers: extra.request.headers,
        token: connectionParams?.token,
      }),
    },
    wss,
    // Milliseconds between the pings that the server sends.
    200,
  );
  return wss;
}

function legacy({ need, schema, log, server }) {
  const { WebSocketServer } = need("ws");
  const { SubscriptionServer } = need("subscriptions-transport-ws");
  const { execute, subscribe } = need("graphql");
  const wss = new WebSocketServer({
    ...(server ? { server, path: "/graphql" } : { noServer: true }),
    handleProtocols: (offered) => offered.has("graphql-ws") && "graphql-ws",
  });
  counted(wss, log);
  SubscriptionServer.create(
    {
      schema,
      execute,
      subscribe,
      keepAlive: 200,
      onConnect: (payload, _, { request }) => {
        if (!admitted(payload)) throw new Error("that token is not the right one");
        return { headers: request.headers, token: payload.token };
      },
    },
    wss,
  );
  return wss;
}

// Both what the socket protocol and what the GraphQL protocol call a ping.
function counted(wss, log) {
  wss.on("connection", (ws) => {
    ws.on("ping", () => (log.pings += 1)).on("pong", () => (log.pongs += 1));
    ws.on("message", (data) => {
      const text = data.toString();
      if (text.includes('"ping"')) log.pings += 1;
      if (text.includes('"pong"')) log.pongs += 1;
    });
  });
}

// What of a query was sent: its text, or only the hash of it.
function noted(log, { query, extensions }) {
  log.requests.at(-1).sent ??= [];
  log.requests.at(-1).sent.push({ text: Boolean(query), hash: extensions?.persistedQuery?.sha256Hash ?? null });
}
