// The collector's read API, docs/collector.md. A token that the collector was started with comes in the page's
// address (#token=…), is kept for this tab and leaves the address at once.
import { search } from "./search.js";

const kTokenKey = "llmtrace-token";
let token = takeToken();

function takeToken() {
  const given = /^#token=(.+)$/.exec(location.hash);
  try {
    if (given) sessionStorage.setItem(kTokenKey, decodeURIComponent(given[1]));
    if (given) history.replaceState(null, "", "#/traces");
    return sessionStorage.getItem(kTokenKey);
  } catch {
    return given ? given[1] : null; // storage is switched off: it holds until the page is left
  }
}

/// An answer that is none: `message` is for the reader, `status` 0 where the collector cannot be reached.
class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function headers(more = {}) {
  return token ? { Authorization: `Bearer ${token}`, ...more } : more;
}

async function ask(path, options = {}) {
  let reply;
  try {
    reply = await (takeEarlyReply(path) ?? fetch(path, { ...options, headers: headers(options.headers) }));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "The collector does not answer. Is llmtrace-collector still running?");
  }
  if (!reply.ok) throw new ApiError(reply.status, await messageOf(reply));
  return reply;
}

// What early.js asked for, once.
function takeEarlyReply(path) {
  const early = globalThis.earlyReply;
  if (early?.path !== path) return null;
  globalThis.earlyReply = null;
  return early.reply;
}

async function messageOf(reply) {
  if (reply.status === 401) return "The collector wants its token: open the address that it printed (…/#token=…).";
  try {
    return (await reply.json()).error.message;
  } catch {
    return `The collector answered ${reply.status}.`;
  }
}

const segment = encodeURIComponent;

export async function read(path, parameters = {}, signal) {
  return (await ask("api/" + path + search(parameters), { signal })).json();
}

export function readTrace(id, parameters, signal) {
  return read(`traces/${segment(id)}`, parameters, signal);
}

export function readNode(trace, node, signal) {
  return read(`traces/${segment(trace)}/nodes/${segment(node)}`, {}, signal);
}

export async function addScore(score) {
  const headers = { "Content-Type": "application/json" };
  return (await ask("api/scores", { method: "POST", headers, body: JSON.stringify(score) })).json();
}

export async function deleteScore(id) {
  await ask(`api/scores/${segment(id)}`, { method: "DELETE" });
}

/// The trace as OTLP JSON, as a Blob.
export async function exportTrace(id) {
  return (await ask(`api/traces/${segment(id)}/export`)).blob();
}

export async function importTraces(file) {
  const headers = { "Content-Type": "application/json" };
  if (file.name.endsWith(".gz")) headers["Content-Encoding"] = "gzip";
  return (await ask("api/import", { method: "POST", headers, body: file })).json();
}

/// The live stream, open: its lines until `signal`, throwing when it breaks. fetch and not EventSource, which
/// sends no token.
export async function openLive(parameters, signal) {
  return linesOf((await ask("api/live" + search(parameters), { signal })).body);
}

async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new ApiError(0, "The live stream ended.");
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    yield* lines;
  }
}
