// FaultServer: a LangSmith server on the loopback interface that fails as a plan says, and counts what it
// accepted. Needs Node alone.
//
// A run is delivered when its post and its end were in bodies that the server took. It takes a body it
// answers with 202, and one it answers with 409: an operation that it has already is not an error, and what
// is new beside it is kept. It also keeps the body after which it drops the connection, as a server does
// that breaks down between storing and answering. Feedback comes beside runs or by itself; a body of feedback
// alone is refused.
import { createServer } from "node:http";
import zlib from "node:zlib";

export const poison = "poisoned";
const largestBody = 32 * 1024;

const answer = (status, headers = {}) => ({ status, headers });
const dropEarly = { dropEarly: true };
const dropLate = { dropLate: true };
const takeAsKnown = { takeAsKnown: true };

// `once`: what happens to the first ingestion requests, in order. `judge`: what happens to any of them.
export const plans = {
  none: { says: "none" },
  "503-twice": { says: "503 twice", once: [answer(503), answer(503)] },
  "429-bare": { says: "429 once, without Retry-After", once: [answer(429)] },
  "429-retry-after": { says: "429 once, Retry-After: 1", once: [answer(429, { "Retry-After": "1" })] },
  "404-multipart": {
    says: "404 on /runs/multipart, always",
    judge: ({ path }) => path === "/runs/multipart" && answer(404),
  },
  "422-one-run": {
    says: "422 because of one run of the 100",
    judge: ({ operations }) => operations.some(({ name }) => name?.includes(poison)) && answer(422),
  },
  "422-one-patch": {
    says: "422 because of the end of one open run of the 100",
    openOnly: true,
    judge: ({ operations }) =>
      operations.some(({ kind, name }) => kind === "patch" && name?.includes(poison)) && answer(422),
  },
  "413-large-body": {
    says: `413 for bodies above ${largestBody / 1024} KiB, unpacked`,
    judge: ({ size }) => size > largestBody && answer(413),
  },
  "409-known": { says: "409 once: the server has all of it", once: [takeAsKnown] },
  dropped: { says: "connection dropped before the body was read, then after", once: [dropEarly, dropLate] },
};

export class FaultServer {
  requests = 0; // to ingestion routes
  #plan;
  #once;
  #posted = new Set();
  #ended = new Set();
  #taken = new Set(); // "post <id>", "patch <id>"
  #poisoned = new Set();
  #feedback = new Set();
  #server = createServer((request, response) => this.#serve(request, response));

  constructor(plan) {
    this.#plan = plans[plan];
    if (!this.#plan) throw new Error(`no plan '${plan}'; there are: ${Object.keys(plans).join(", ")}`);
    this.#once = [...(this.#plan.once ?? [])];
  }

  async start() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get delivered() {
    return [...this.#posted].filter((id) => this.#ended.has(id)).length;
  }

  get feedback() {
    return this.#feedback.size;
  }

  /** Ids of the runs that have the marker in their names. */
  get poisoned() {
    return [...this.#poisoned];
  }

  async #serve(request, response) {
    const path = request.url.split("?")[0];
    if (path === "/info") return this.#reply(response, 200, info);
    if (path === "/feedback") {
      this.#feedback.add(JSON.parse(await readAll(request)).id);
      return this.#reply(response, 202, {});
    }
    if (path !== "/runs/multipart" && path !== "/runs/batch") return this.#reply(response, 404, {});
    ++this.requests;
    const fault = this.#once.shift();
    if (fault?.dropEarly) return request.socket.destroy();
    const body = unpacked(await readAll(request), request.headers["content-encoding"]);
    const operations = path === "/runs/batch" ? readBatch(body) : readParts(body);
    for (const { id, name } of operations) if (name?.includes(poison)) this.#poisoned.add(id);
    const hasRun = operations.some(({ kind }) => kind !== "feedback");
    const judged = hasRun ? this.#plan.judge?.({ path, operations, size: body.length }) : answer(422);
    const failure = fault?.status ? fault : judged;
    if (failure) return this.#reply(response, failure.status, { error: "as planned" }, failure.headers);
    const isKnown = this.#take(operations);
    if (fault?.dropLate) return request.socket.destroy();
    this.#reply(response, isKnown || fault?.takeAsKnown ? 409 : 202, {});
  }

  #take(operations) {
    let isKnown = false;
    for (const { kind, id, end_time } of operations) {
      const operation = `${kind} ${id}`;
      if (kind === "feedback") this.#feedback.add(id);
      isKnown ||= this.#taken.has(operation);
      this.#taken.add(operation);
      if (kind === "post") this.#posted.add(id);
      if (end_time != null) this.#ended.add(id);
    }
    return isKnown;
  }

  #reply(response, status, body, headers = {}) {
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  }
}

const info = {
  version: "0.15.0",
  batch_ingest_config: { use_multipart_endpoint: true, size_limit: 100, size_limit_bytes: 20971520 },
  instance_flags: { gzip_body_enabled: true, zstd_compression_enabled: "zstdDecompressSync" in zlib },
};

async function readAll(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function unpacked(body, encoding) {
  if (encoding === "zstd") return zlib.zstdDecompressSync(body);
  return encoding === "gzip" ? zlib.gunzipSync(body) : body;
}

function readBatch(body) {
  const { post = [], patch = [] } = JSON.parse(body);
  return [...post.map((run) => ({ kind: "post", ...run })), ...patch.map((run) => ({ kind: "patch", ...run }))];
}

// The runs' own parts and feedback; inputs and the like are beside them. No part of these bodies holds the boundary.
function readParts(body) {
  const text = body.toString("latin1");
  const boundary = text.slice(0, text.indexOf("\r\n"));
  const operations = [];
  for (const part of text.split(boundary)) {
    const named = /name="(post|patch|feedback)\.([^".]+)"/.exec(part);
    if (!named) continue;
    const json = part.slice(part.indexOf("\r\n\r\n") + 4);
    operations.push({ ...JSON.parse(json), kind: named[1], id: named[2] });
  }
  return operations;
}
