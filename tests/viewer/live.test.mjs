// The live tail: what arrives is shown without asking.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { assertNoFaults, openPage } from "./browser.mjs";
import { launchCollector, post, startCollector } from "./collector.mjs";
import { expectCount, expectText, expectTexts } from "./expect.mjs";
import { newSpanId, newTraceId, sendSpans, span } from "./otlp.mjs";
import { sendAgent, sendRag } from "./traffic.mjs";

let collector;
before(async () => {
  collector = await startCollector();
  await sendAgent(collector);
});

const names = (page) => page.getByRole("grid", { name: "Traces" }).locator(".trace-name");
const liveButton = (page) => page.locator(".button.live");

test("a new trace comes to the head of the list, marked as new", async () => {
  const page = await openPage(collector, "#/traces?environment=production");
  await expectText(liveButton(page), "Live");

  await sendRag(collector);

  await expectTexts(names(page), ["answer question"]);
  assertNoFaults(page);
});

test("a new row is marked, the old ones are not", async () => {
  const page = await openPage(collector);
  await expectText(liveButton(page), "Live");
  await expectCount(page.locator(".trace-row.is-fresh"), 0);

  await sendSpans(collector, [span({ traceId: newTraceId(), name: "just now", epoch: Date.now() - 100 })]);

  await expectText(page.locator(".trace-row.is-fresh .trace-name"), "just now");
  await expectCount(page.locator(".trace-row.is-fresh"), 1);
});

test("paused, the list stays as it is, and catches up when it goes on", async () => {
  const page = await openPage(collector, "#/traces?name=after%20the%20pause");
  await expectText(liveButton(page), "Live");
  await liveButton(page).click();
  await expectText(liveButton(page), "Paused");

  // The other page hears of the trace at the same time: when it shows it, this one was told nothing.
  const other = await openPage(collector, "#/traces?name=after%20the%20pause");
  await expectText(liveButton(other), "Live");
  await sendSpans(collector, [span({ traceId: newTraceId(), name: "after the pause" })]);
  await expectTexts(names(other), ["after the pause"]);
  await expectCount(names(page), 0);
  await liveButton(page).click();

  await expectTexts(names(page), ["after the pause"]);
});

test("an open trace grows while it runs", async () => {
  const traceId = newTraceId();
  const root = newSpanId();
  await sendSpans(collector, [span({ traceId, id: root, name: "long job", end: 50 })]);
  const page = await openPage(collector, `#/traces/${traceId}`);
  const nodeNames = page.getByRole("tree").locator(".node-name");
  await expectTexts(nodeNames, ["long job"]);
  const listening = page.waitForResponse((reply) => reply.url().includes("/api/live"));
  await page.reload();
  await listening;

  await sendSpans(collector, [span({ traceId, parent: root, name: "second step", start: 60, end: 90 })]);

  await expectTexts(nodeNames, ["long job", "second step"]);
});

test("what comes between a trace's answer and its live stream is not missed", async () => {
  const traceId = newTraceId();
  const root = newSpanId();
  await sendSpans(collector, [span({ traceId, id: root, name: "long job", end: 50 })]);
  const page = await openPage(collector);
  let letThrough;
  const isLetThrough = new Promise((resolve) => (letThrough = resolve));
  await page.route((url) => url.pathname === "/api/live" && url.searchParams.has("trace_id"), async (route) => {
    await isLetThrough;
    await route.continue();
  });
  await page.goto(`${collector}/#/traces/${traceId}`);
  const nodeNames = page.getByRole("tree").locator(".node-name");
  await expectTexts(nodeNames, ["long job"]);

  await sendSpans(collector, [span({ traceId, parent: root, name: "second step", start: 60, end: 90 })]);
  letThrough();

  await expectTexts(nodeNames, ["long job", "second step"]);
});

test("a trace that is opened before it has come appears when it does", async () => {
  const traceId = newTraceId();
  const page = await openPage(collector);
  const listening = page.waitForResponse((reply) => reply.url().includes("/api/live?trace_id"));
  await page.goto(`${collector}/#/traces/${traceId}`);
  await listening;

  await sendSpans(collector, [span({ traceId, name: "late arrival" })]);

  await expectTexts(page.getByRole("tree").locator(".node-name"), ["late arrival"]);
});

test("a score from elsewhere appears on the open trace", async () => {
  const rag = await sendRag(collector);
  const page = await openPage(collector, `#/traces/${rag.traceId}?node=${rag.ids.root}`);
  const listening = page.waitForResponse((reply) => reply.url().includes("/api/live"));
  await page.reload();
  await listening;

  await post(`${collector}/api/scores`, { trace_id: rag.traceId, node_id: rag.ids.root, name: "late", value: 0.5 });

  await expectText(page.getByRole("region", { name: "Scores", exact: true }).locator(".score-name"), "late");
});

test("a hidden tab listens to nothing and catches up when it is seen again", async () => {
  const page = await openPage(collector, "#/traces?name=while%20hidden");
  const become = (state) => page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state === "hidden");
  await expectText(liveButton(page), "Live");

  await become("hidden");
  await expectText(liveButton(page), "Paused");
  await sendSpans(collector, [span({ traceId: newTraceId(), name: "while hidden" })]);
  await become("visible");

  await expectTexts(names(page), ["while hidden"]);
});

test("when the collector comes back the list says so and catches up", async () => {
  const folder = mkdtempSync(join(tmpdir(), "llmtrace-viewer-"));
  after(() => rmSync(folder, { recursive: true }));
  const database = join(folder, "traces.db");
  const first = await launchCollector("--port", "0", "--db", database);
  const page = await openPage(first.url);
  await expectText(liveButton(page), "Live");

  await first.stop();
  await expectText(liveButton(page), "Reconnecting");
  const second = await launchCollector("--port", new URL(first.url).port, "--db", database);
  await sendSpans(second.url, [span({ traceId: newTraceId(), name: "while away" })]);

  await expectTexts(names(page), ["while away"]);
  await expectText(liveButton(page), "Live");
});
