// Clients of the protocols' own authors. `node foreign.mjs CLIENT URL QUERY [INIT]` runs one operation and prints a
// line of JSON for each result, then one with how it ended. INIT is the payload of connection_init or connect.

import { createRequire } from "node:module";

const [client, url, query, init = "{}"] = process.argv.slice(2);
const need = createRequire(import.meta.url);
const payload = JSON.parse(init);
const WebSocket = need("ws");

const say = (line) => console.log(JSON.stringify(line));
const ended = (how) => {
  say({ end: how });
  // Clients keep sockets and timers.
  setTimeout(() => process.exit(0), 50);
};
const shown = (error) => ({ code: error.code, reason: error.reason, message: error.message ?? String(error) });
const sink = {
  next: say,
  error: (error) => ended(Array.isArray(error) ? { errors: error } : shown(error)),
  complete: () => ended("complete"),
};

const clients = {
  "graphql-ws"() {
    const { createClient } = need("graphql-ws");
    const options = { connectionParams: payload, retryAttempts: 0 };
    createClient({ url, webSocketImpl: WebSocket, ...options }).subscribe({ query }, sink);
  },
  // Connects again when it is cut.
  "graphql-ws-again"() {
    const { createClient } = need("graphql-ws");
    const options = { retryAttempts: 5, retryWait: async () => {}, shouldRetry: () => true };
    createClient({ url, webSocketImpl: WebSocket, ...options }).subscribe({ query }, sink);
  },
  "subscriptions-transport-ws"() {
    const { SubscriptionClient } = need("subscriptions-transport-ws");
    const connectionCallback = (error) => error && sink.error(error);
    const options = { connectionParams: payload, reconnect: false, connectionCallback };
    new SubscriptionClient(url, options, WebSocket).request({ query }).subscribe(sink);
  },
  "graphql-sse": () => sse(false),
  "graphql-sse-single": () => sse(true),
  absinthe() {
    const { Socket } = need("phoenix");
    const { create, send, observe } = need("@absinthe/socket");
    const socket = new Socket(url.replace(/\/websocket$/, ""), { transport: WebSocket, params: payload });
    // It never completes: a query has one result, and a subscription is left after three.
    let left = /^\s*subscription/.test(query) ? 3 : 1;
    const holder = create(socket);
    observe(holder, send(holder, { operation: query }), {
      onAbort: (error) => ended(shown(error)),
      onError: (error) => ended(shown(error)),
      onResult: (result) => {
        if (left === 0) return;
        say(result);
        left -= 1;
        if (left === 0) ended("complete");
      },
    });
  },
};

function sse(singleConnection) {
  const { createClient } = need("graphql-sse");
  createClient({ url, singleConnection, retryAttempts: 0 }).subscribe({ query }, sink);
}

clients[client]();
