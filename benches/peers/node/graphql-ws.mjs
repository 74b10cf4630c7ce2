// The npm package graphql-ws over ws: one of its clients has one connection.

import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { SUBSCRIPTION, event, finish, job } from "./meter.mjs";

let running = job.connections * job.subscriptions;

for (let connection = 0; connection < job.connections; connection += 1) {
  const client = createClient({ url: job.url, webSocketImpl: WebSocket, retryAttempts: 0 });
  for (let number = 0; number < job.subscriptions; number += 1) {
    const subscription = connection * job.subscriptions + number;
    client.subscribe(
      { query: SUBSCRIPTION },
      {
        next: (result) => event(subscription, result.data),
        error: (error) => finish(String(error?.message ?? error)),
        complete: () => {
          running -= 1;
          if (running === 0) finish();
        },
      },
    );
  }
}
