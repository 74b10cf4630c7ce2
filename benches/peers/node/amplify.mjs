// AWS Amplify's client for AppSync over ws. It opens one socket for each endpoint, so that connections are endpoints.

import WebSocket from "ws";
import { SUBSCRIPTION, complete, event, finish, job } from "./meter.mjs";

// Node has no such global of its own before version 22, and Amplify knows no plain ws:// URL.
globalThis.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(url.replace("wss://", "ws://"), protocols);
  }
};

const { Amplify } = await import("@aws-amplify/core");
const { generateClient } = await import("@aws-amplify/api");

const address = new URL(job.url).host;
const auth = { authMode: "apiKey", apiKey: "da2-abcdefghijklmnopqrstuvwxyz" };
// What it warns of without; the clients below have endpoints of their own.
Amplify.configure({
  API: { GraphQL: { endpoint: `http://${address}/graphql`, defaultAuthMode: auth.authMode, apiKey: auth.apiKey } },
});
for (let connection = 0; connection < job.connections; connection += 1) {
  const endpoint = `http://${address}/${connection}/graphql`;
  const client = generateClient({ endpoint, ...auth });
  for (let number = 0; number < job.subscriptions; number += 1) {
    const subscription = connection * job.subscriptions + number;
    client.graphql({ query: SUBSCRIPTION }).subscribe({
      next: (result) => {
        event(subscription, result.data);
        // It does not tell anybody of `complete`.
        if (complete()) finish();
      },
      error: (error) => finish(JSON.stringify(error)),
    });
  }
}
