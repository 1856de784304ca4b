// The real collector for a suite: started on a free loopback port with its database in memory, ended after it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after } from "node:test";

export const kLangfuseKeys = "pk-lf-local:sk-lf-local";
export const kLangSmithKey = "lsv2_pt_local";

const running = [];
after(() => Promise.all(running.map((stop) => stop())));

/// -> its address, "http://127.0.0.1:PORT".
export async function startCollector(...options) {
  return (await launchCollector("--port", "0", ...options)).url;
}

/// -> {url, stop}; `stop` may be called before the suite ends.
export async function launchCollector(...options) {
  const child = spawn(process.env.COLLECTOR, ["--langsmith-api-key", kLangSmithKey, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  running.push(stop);
  for await (const line of createInterface({ input: child.stdout })) {
    const said = /listening on (\S+)/.exec(line);
    if (said) return { url: said[1], stop };
  }
  throw new Error(`${process.env.COLLECTOR} ended before it listened`);
}

export async function post(url, body, headers = {}) {
  const reply = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });
  const text = await reply.text();
  assert.ok(reply.ok, `POST ${url}: ${reply.status} ${text.slice(0, 500)}`);
  return text ? JSON.parse(text) : null;
}

export async function read(collector, path) {
  const reply = await fetch(`${collector}/api/${path}`);
  assert.equal(reply.status, 200, `GET /api/${path}`);
  return reply.json();
}
