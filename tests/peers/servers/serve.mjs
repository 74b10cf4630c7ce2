// Starts servers of `kinds.mjs` and a control endpoint. `node serve.mjs FOLDER KIND...` takes the packages from the
// node_modules of FOLDER, prints one line of JSON with the URLs, and ends when its standard input does.
//
// Control, all answered with the counts so far:
//   GET  /counts
//   POST /reset             counts from zero, listens, plans nothing
//   POST /cut               resets (RST) every connection
//   POST /cut?events=N      does so once, when N more events of subscriptions are sent
//   POST /refuse?ms=N       stops listening for so long, and resets every connection

import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { kinds } from "./kinds.mjs";
import { makeSchema } from "./schema.mjs";

const [folder, ...wanted] = process.argv.slice(2);
// One way to load every package, so that there is one graphql: its values know only their own kind.
const need = createRequire(path.resolve(folder, "package.json"));
const home = "127.0.0.1";

let away;
let cutAfter = 0;
const log = {
  clear() {
    Object.assign(this, { connections: 0, operations: 0, bumps: 0, events: 0, pings: 0, pongs: 0, requests: [] });
  },
  live: 0,
  /** The client has been sent one more event of a subscription. */
  async sent() {
    this.events += 1;
    if (cutAfter > 0 && --cutAfter === 0) {
      // What was written just now is to arrive before the reset does.
      await sleep(30);
      cut();
    }
  },
};
log.clear();
// graphql-sse lets an error of a subscription's source go uncaught.
process.on("unhandledRejection", () => {});

const sockets = new Set();
const listening = [];

function cut() {
  for (const socket of sockets) socket.resetAndDestroy();
}

/** Listens on a free port, or again on the one it had. */
function listen(server, port = 0) {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, home, () => resolve(server.address().port));
  });
}

async function start(server) {
  server.on("connection", (socket) => {
    log.connections += 1;
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  // Before the server sees it: some answer at once.
  server.prependListener("request", (request) => {
    const { accept, "content-type": type, "content-encoding": encoding } = request.headers;
    log.requests.push({ method: request.method, url: request.url, type, accept, encoding });
  });
  const port = await listen(server);
  listening.push({ server, port });
  return port;
}

const steps = {
  "/counts": () => {},
  "/reset": async () => {
    cutAfter = 0;
    log.clear();
    await comeBack();
  },
  "/cut": (query) => {
    cutAfter = Number(query.get("events") ?? 0);
    if (cutAfter === 0) cut();
  },
  "/refuse": (query) => {
    for (const { server } of listening) server.close();
    cut();
    clearTimeout(away);
    away = setTimeout(comeBack, Number(query.get("ms")));
  },
};

async function comeBack() {
  clearTimeout(away);
  for (const { server, port } of listening) if (!server.listening) await listen(server, port);
}

const control = http.createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, `http://${home}`);
  await steps[pathname]?.(searchParams);
  const { clear, sent, ...counts } = log;
  response.writeHead(steps[pathname] ? 200 : 404, { "content-type": "application/json" });
  response.end(JSON.stringify({ ...counts, open: sockets.size }));
});

const schema = makeSchema(need("graphql"), log);
const ready = { control: `http://${home}:${await listen(control)}` };
for (const kind of wanted) {
  const { server, paths } = await kinds[kind]({ need, schema, log });
  const port = await start(server);
  const url = ([name, at]) => [name, `${name === "ws" ? "ws" : "http"}://${home}:${port}${at}`];
  const urls = Object.entries(paths).map(url);
  ready[kind] = Object.fromEntries(urls);
}
console.log(JSON.stringify(ready));

process.stdin.resume().on("end", () => process.exit(0));
