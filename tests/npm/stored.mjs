// node stored.mjs URL KEY VARIANT: sends runs and feedback with LangSmith's own client, reads them back by
// GET /runs/{id}, by POST /runs/query and with the client, and compares field by field with what the client
// held when it sent them. Exit status 1 and a line per difference when the server has something else.
import { isDeepStrictEqual } from "node:util";
import { randomUUID } from "node:crypto";
import { Client } from "langsmith";
import { RunTree } from "langsmith/run_trees";
import { getCurrentRunTree, traceable } from "langsmith/traceable";

const [url, apiKey, variant] = process.argv.slice(2);
const project = `npm ${variant}`;
const ways = {
  zstd: { path: "/runs/multipart", encoding: "zstd" },
  gzip: { path: "/runs/multipart", encoding: "gzip" },
  plain: { path: "/runs/multipart" },
  "no-multipart": { path: "/runs/batch" },
  single: { path: "/runs" },
};
const way = ways[variant];
const takesAttachments = way.path === "/runs/multipart";

// What went over the wire, as far as it says which way the runs took.
const sent = [];
const client = new Client({
  apiUrl: url,
  apiKey,
  autoBatchTracing: variant !== "single",
  fetchImplementation: async (input, init) => {
    const reply = await fetch(input, init);
    sent.push({
      method: init?.method ?? "GET",
      path: new URL(input).pathname,
      encoding: new Headers(init?.headers).get("content-encoding") ?? undefined,
      status: reply.status,
    });
    return reply;
  },
});

let compared = 0;
let differences = 0;
function same(what, got, wanted) {
  ++compared;
  if (isDeepStrictEqual(got, wanted)) return;
  ++differences;
  console.error(`${what}\n  stored: ${JSON.stringify(got)}\n  sent:   ${JSON.stringify(wanted)}`);
}

async function fetched(path, init = {}) {
  const headers = { "x-api-key": apiKey, "Content-Type": "application/json" };
  const reply = await fetch(url + path, { headers, ...init });
  return { status: reply.status, body: await reply.json() };
}

// --- sends

// What `run` must look like when it is read back. Taken when it was posted or ended, for that is what the
// client sends: later changes to the object are not.
function expected(run, { status, usage, attachments = {} } = {}) {
  return {
    run: {
      id: run.id,
      trace_id: run.trace_id,
      parent_run_id: run.parent_run?.id ?? run.parent_run_id ?? null,
      dotted_order: run.dotted_order,
      name: run.name,
      run_type: run.run_type,
      inputs: plain(run.inputs),
      outputs: plain(run.outputs ?? null),
      error: run.error ?? null,
      tags: run.tags ?? [],
      events: plain(run.events ?? []).map(withoutToken),
      reference_example_id: run.reference_example_id ?? null,
      status,
    },
    metadata: plain(run.metadata ?? {}),
    endTime: run.end_time,
    usage,
    attachments,
  };
}

const plain = (value) => JSON.parse(JSON.stringify(value));

// The client sends no tokens, only when they came.
const withoutToken = ({ kwargs, ...event }) => (event.name === "new_token" ? event : { ...event, kwargs });

async function finish(run, outputs, error) {
  await run.end(outputs, error);
  await run.patchRun();
}

// A pipeline: a chain with a retriever, a model with usage, a tool that fails and one that never ends.
async function sendTree() {
  const root = new RunTree({
    client,
    project_name: project,
    name: "answer — ответ 🦜",
    run_type: "chain",
    inputs: { question: 'What is "OBSERVE"?\n\t\\ € 🦜', nested: { list: [1, 2.5, -0.125, 1e21, true, null, []] } },
    tags: ["npm", "with,comma", "ünïcode"],
    metadata: { user: "u-1", thread_id: "thread-7", depth: { a: [{ b: null }] } },
    attachments: {
      notes: ["text/plain", new TextEncoder().encode("line\r\n--boundary\r\n")],
      "every byte": ["application/octet-stream", Uint8Array.from({ length: 256 }, (_, i) => i)],
      empty: ["application/x-empty", new Uint8Array(0)],
    },
  });
  const posted = [root.postRun()];

  const retriever = root.createChild({ name: "search", run_type: "retriever", inputs: { query: "OBSERVE" } });
  posted.push(retriever.postRun());
  const documents = [{ page_content: "a scope", metadata: { source: "observe.md", score: 0.93 }, type: "Document" }];
  await finish(retriever, { documents });

  const usage = {
    input_tokens: 1200,
    output_tokens: 34,
    total_tokens: 1234,
    input_token_details: { cache_read: 1000 },
    output_token_details: { reasoning: 12 },
    input_cost: 0.0012,
    output_cost: 0.00034,
    total_cost: 0.00154,
  };
  const model = root.createChild({
    name: "model",
    run_type: "llm",
    inputs: { messages: [{ role: "user", content: "What is OBSERVE?" }] },
    extra: { metadata: { ls_provider: "openai", ls_model_name: "gpt-4o", ls_temperature: 0.5 }, invocation_params: { top_p: 1 } },
    serialized: { id: ["langchain", "ChatOpenAI"], kwargs: { streaming: true } },
    tags: ["model"],
  });
  posted.push(model.postRun());
  model.events = [{ name: "new_token", time: new Date(model.start_time + 1).toISOString() }];
  await finish(model, { message: { role: "assistant", content: "A macro." }, usage_metadata: usage });

  const embedded = root.createChild({ name: "embed", run_type: "embedding", inputs: { texts: [] } });
  posted.push(embedded.postRun());
  await finish(embedded, {});

  const tool = root.createChild({ name: "calculator", run_type: "tool", inputs: { input: "1/0" } });
  posted.push(tool.postRun());
  const deeper = tool.createChild({ name: "divide", run_type: "tool", inputs: { a: 1, b: 0 } });
  posted.push(deeper.postRun());
  await finish(deeper, undefined, 'Error: "division by zero"\n    at divide (calc.js:1)');
  await finish(tool, undefined, "ZeroDivisionError");

  const open = root.createChild({ name: "never ends", run_type: "prompt", inputs: { x: "" } });
  posted.push(open.postRun());

  await Promise.all(posted);
  await finish(root, { answer: "A macro that records a function.", empty: {}, none: null });
  const attachments = takesAttachments ? root.attachments : {};
  return [
    expected(root, { status: "success", attachments }),
    expected(retriever, { status: "success" }),
    expected(model, { status: "success", usage }),
    expected(embedded, { status: "success" }),
    expected(tool, { status: "error" }),
    expected(deeper, { status: "error" }),
    expected(open, { status: "pending" }),
  ];
}

// The same by decorated functions: nested calls, a stream, an exception.
async function sendTraceable() {
  const seen = new Map();
  const config = (name, run_type) => ({
    name,
    run_type,
    client,
    project_name: project,
    tags: ["decorated"],
    metadata: { way: "traceable" },
    on_end: (run) => seen.set(name, run),
  });
  const lookUp = traceable(async (query) => [{ page_content: query, metadata: {}, type: "Document" }], config("lookUp", "retriever"));
  const stream = traceable(
    async function* (prompt) {
      for (const word of [prompt, "is", "a", "macro"]) yield word;
    },
    { ...config("stream", "llm"), aggregator: (words) => ({ text: words.join(" ") }) },
  );
  const failing = traceable(async () => { throw new TypeError("no such tool"); }, config("failing", "tool"));
  const ask = traceable(async ({ question }) => {
    getCurrentRunTree().metadata = { added: "inside" };
    const documents = await lookUp(question);
    const words = [];
    for await (const word of stream(question)) words.push(word);
    await failing().catch(() => {});
    return `${words.join(" ")} (${documents.length})`;
  }, config("ask", "chain"));
  await ask({ question: "OBSERVE" });
  return [...seen].map(([name, run]) => expected(run, { status: name === "failing" ? "error" : "success" }));
}

// One root that is a program's own: ids of version 4, a time of its own, no outputs, a long name.
async function sendOwnIds() {
  const run = new RunTree({
    client,
    project_name: project,
    id: randomUUID(),
    name: "n".repeat(200),
    run_type: "parser",
    start_time: Date.now() - 90_000,
    reference_example_id: randomUUID(),
    inputs: { big: 9007199254740991, nul: "a\u0000b", key: { "": 0, "a.b": 1 } },
  });
  await run.postRun();
  await finish(run);
  return [expected(run, { status: "success" })];
}

// --- compares

const digits = (text) => text.replace(/\D/g, "").padEnd(20, "0");

function compareRun(where, stored, wanted) {
  const { name } = wanted.run;
  const at = (field) => `${where}: ${name.slice(0, 20)}: ${field}`;
  for (const [field, value] of Object.entries(wanted.run)) same(at(field), stored[field], value);
  for (const [key, value] of Object.entries(wanted.metadata)) {
    same(at(`metadata.${key}`), stored.extra.metadata[key], value);
  }
  same(at("extra.runtime.sdk"), stored.extra.runtime?.sdk, "langsmith-js");
  const ownSegment = wanted.run.dotted_order.split(".").at(-1);
  same(at("start_time"), digits(stored.start_time), digits(ownSegment.slice(0, ownSegment.indexOf("Z"))));
  const endTime = stored.end_time === null ? undefined : Date.parse(stored.end_time + "Z");
  same(at("end_time"), endTime, wanted.endTime);
  same(at("parent_run_ids"), stored.parent_run_ids, wanted.run.dotted_order.split(".").slice(0, -1).map((part) => part.slice(-36)));
  same(at("total_tokens"), stored.total_tokens, wanted.usage?.total_tokens ?? 0);
  same(at("prompt_tokens"), stored.prompt_tokens, wanted.usage?.input_tokens ?? 0);
  same(at("completion_tokens"), stored.completion_tokens, wanted.usage?.output_tokens ?? 0);
  for (const cost of ["total_cost", "input_cost", "output_cost"]) {
    const field = cost.replace("input", "prompt").replace("output", "completion");
    same(at(field), stored[field] == null ? undefined : Number(stored[field]), wanted.usage?.[cost]);
  }
  if (wanted.usage) {
    same(at("token details"), stored.prompt_token_details, wanted.usage.input_token_details);
    same(at("first_token_time"), Date.parse(stored.first_token_time + "Z"), Date.parse(wanted.run.events[0].time));
    same(at("invocation_params"), stored.extra.invocation_params, { top_p: 1 });
    same(at("serialized"), stored.serialized, { id: ["langchain", "ChatOpenAI"], kwargs: { streaming: true } });
  }
}

async function compareAttachments(stored, wanted) {
  const names = Object.keys(wanted.attachments);
  same(`attachments of ${wanted.run.name}`, Object.keys(stored.s3_urls).sort(), names.map((name) => `attachment.${name}`).sort());
  for (const name of names) {
    const [type, bytes] = wanted.attachments[name];
    const there = stored.s3_urls[`attachment.${name}`];
    same(`type of attachment ${name}`, there?.mime_type, type);
    const reply = await fetch(there.presigned_url, { headers: { "x-api-key": apiKey } });
    same(`attachment ${name}`, Buffer.from(await reply.arrayBuffer()), Buffer.from(bytes));
  }
}

async function compareRuns(wanted) {
  const { id: session } = await client.readProject({ projectName: project });
  for (const one of wanted) {
    const { status, body: stored } = await fetched(`/runs/${one.run.id}`);
    same(`GET /runs/{id} of ${one.run.name}`, status, 200);
    if (status !== 200) continue;
    compareRun("GET /runs/{id}", stored, one);
    same("session_id", stored.session_id, session);
    await compareAttachments(stored, one);
    const byClient = await client.readRun(one.run.id);
    same(`readRun of ${one.run.name}`, [byClient.id, byClient.name, byClient.inputs], [one.run.id, one.run.name, one.run.inputs]);
  }
  for (const trace of new Set(wanted.map((one) => one.run.trace_id))) {
    const runs = wanted.filter((one) => one.run.trace_id === trace);
    const { body } = await fetched("/runs/query", { method: "POST", body: JSON.stringify({ trace, limit: 100 }) });
    same("runs of the trace", body.runs.map((run) => run.id).sort(), runs.map((one) => one.run.id).sort());
    for (const one of runs) {
      const stored = body.runs.find((run) => run.id === one.run.id);
      if (stored) compareRun("POST /runs/query", stored, one);
    }
    const byClient = [];
    for await (const run of client.listRuns({ traceId: trace, projectName: project })) byClient.push(run.id);
    same("listRuns of the trace", byClient.sort(), runs.map((one) => one.run.id).sort());
  }
  const roots = [];
  for await (const run of client.listRuns({ projectName: project, isRoot: true })) roots.push(run.id);
  same("roots of the project", roots.sort(), wanted.filter((one) => !one.run.parent_run_id).map((one) => one.run.id).sort());
  const failed = [];
  for await (const run of client.listRuns({ projectName: project, error: true, runType: "tool" })) failed.push(run.id);
  same("failed tools of the project", failed.sort(), wanted.filter((one) => one.run.error).map((one) => one.run.id).sort());
}

async function compareFeedback(run, other) {
  const session = (await client.readProject({ projectName: project })).id;
  const given = {
    score: { runId: run.id, traceId: run.trace_id, key: "score", score: 0.123456, comment: 'good — "да"', value: "fine" },
    bool: { runId: run.id, traceId: run.trace_id, key: "is_right", score: true, correction: { answer: "42" } },
    late: { runId: run.id, key: "late", score: 1, value: { a: [1] }, sourceInfo: { model: "judge" }, sourceRunId: other.id, feedbackSourceType: "model" },
    session: { runId: run.id, key: "with session", score: 0, sessionId: session, extendTraceRetention: false },
    project: { projectId: session, key: "of the project", score: -1 },
  };
  const made = {};
  for (const [name, feedback] of Object.entries(given)) made[name] = await client.createFeedback(feedback);
  await client.awaitPendingTraceBatches();

  for (const [name, feedback] of Object.entries(given)) {
    const stored = await client.readFeedback(made[name].id);
    const at = (field) => `feedback ${name}: ${field}`;
    same(at("id"), stored.id, made[name].id);
    same(at("key"), stored.key, feedback.key);
    same(at("score"), stored.score, typeof feedback.score === "number" ? Number(feedback.score.toFixed(4)) : feedback.score);
    same(at("value"), stored.value, feedback.value ?? null);
    same(at("comment"), stored.comment, feedback.comment ?? null);
    same(at("correction"), stored.correction, feedback.correction ?? null);
    same(at("run_id"), stored.run_id, feedback.runId ?? null);
    same(at("trace_id"), stored.trace_id, feedback.runId ? run.trace_id : null);
    same(at("session_id"), stored.session_id, session);
    same(at("source"), stored.feedback_source.type, feedback.feedbackSourceType ?? "api");
    if (feedback.sourceRunId) {
      same(at("source's run"), stored.feedback_source.metadata, { model: "judge", __run: { run_id: other.id } });
    }
  }

  await client.updateFeedback(made.score.id, { score: 0.5, comment: "changed" });
  const changed = await client.readFeedback(made.score.id);
  same("updated feedback", [changed.score, changed.comment, changed.value], [0.5, "changed", "fine"]);
  await client.updateFeedback(made.score.id, { comment: null, value: null });
  const cleared = await client.readFeedback(made.score.id);
  same("cleared feedback", [cleared.score, cleared.comment, cleared.value], [0.5, null, null]);
  await client.deleteFeedback(made.session.id);

  const listed = async (query) => {
    const keys = [];
    for await (const feedback of client.listFeedback({ runIds: [run.id], ...query })) keys.push(feedback.key);
    return keys.sort();
  };
  same("listFeedback", await listed({}), ["is_right", "late", "score"]);
  same("listFeedback by key", await listed({ feedbackKeys: ["late", "score"] }), ["late", "score"]);
  same("listFeedback by source", await listed({ feedbackSourceTypes: ["model"] }), ["late"]);

  const token = await client.createPresignedFeedbackToken(run.id, "by token", { expiration: { hours: 1 } });
  const byToken = await fetch(token.url, { method: "POST", body: JSON.stringify({ score: 0.75 }), headers: { "Content-Type": "application/json" } });
  same("feedback by a token", byToken.status, 200);

  const { body: stored } = await fetched(`/runs/${run.id}`);
  same("feedback_stats", Object.fromEntries(Object.entries(stored.feedback_stats).map(([key, stats]) => [key, [stats.n, stats.avg]])), {
    score: [1, 0.5],
    is_right: [1, 1],
    late: [1, 1],
    "by token": [1, 0.75],
  });
}

function compareWay() {
  const posts = sent.filter(({ method, path }) => method !== "GET" && path.startsWith("/runs") && path !== "/runs/query");
  const taken = new Set(posts.map(({ path, encoding }) => `${path.replace(/[0-9a-f-]{36}$/, "{id}")} ${encoding ?? ""}`.trim()));
  const wanted = way.path === "/runs" ? ["/runs", "/runs/{id}"] : [`${way.path} ${way.encoding ?? ""}`.trim()];
  same("the way the runs took", [...taken].sort(), wanted);
  same("requests refused", sent.filter(({ status }) => status >= 400), []);
}

const wanted = (await Promise.all([sendTree(), sendTraceable(), sendOwnIds()])).flat();
await client.awaitPendingTraceBatches();
await compareRuns(wanted);
await compareFeedback(wanted[2].run, wanted[1].run);
compareWay();
console.log(`${variant}: ${wanted.length} runs, ${compared} values compared, ${differences} differ`);
process.exitCode = differences === 0 ? 0 : 1;
