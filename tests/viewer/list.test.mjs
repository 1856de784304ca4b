// The list of traces: what it shows, how it is searched, filtered, sorted and paged.
import { before, test } from "node:test";
import assert from "node:assert/strict";
import { assertNoFaults, openPage } from "./browser.mjs";
import { startCollector } from "./collector.mjs";
import { expectCount, expectText, expectTexts, expectValue } from "./expect.mjs";
import { newTraceId, sendSpans, span } from "./otlp.mjs";
import { sendAgent, sendLangSmith, sendRag } from "./traffic.mjs";

let collector;
before(async () => {
  collector = await startCollector();
  await sendRag(collector);
  await sendAgent(collector);
  await sendLangSmith(collector);
});

const names = (page) => page.getByRole("grid", { name: "Traces" }).locator(".trace-name");
const row = (page, name) => page.getByRole("row").filter({ hasText: name });

test("shows the newest trace first, with its sums", async () => {
  const page = await openPage(collector);

  await expectTexts(names(page), ["answer question", "plan a trip", "summarise report"]);
  const first = row(page, "answer question");
  await expectText(first.locator(".cell-latency"), "1.84 s");
  await expectText(first.locator(".cell-tokens"), "515");
  await expectText(first.locator(".cell-cost"), /^\$0\.00\d+$/);
  await expectText(first.locator(".cell-who"), "adachat-7");
  await expectText(first.locator(".cell-tags"), "productionragdocs");
  assertNoFaults(page);
});

test("marks a trace that failed", async () => {
  const page = await openPage(collector);

  await expectText(row(page, "plan a trip").locator(".chip.error"), "1");
  await expectCount(row(page, "answer question").locator(".chip.error"), 0);
});

test("full text finds what a model wrote", async () => {
  const page = await openPage(collector);

  await page.getByRole("searchbox").fill("timetable");

  await expectTexts(names(page), ["plan a trip"]);
  assert.match(page.url(), /q=timetable/);
  assertNoFaults(page);
});

test("a search that nothing fits says so and leads back", async () => {
  const page = await openPage(collector, "#/traces?q=nosuchword");

  await expectText(page.getByRole("heading", { name: "No trace fits" }), "No trace fits");
  await page.getByRole("link", { name: "Show all traces" }).click();

  await expectCount(names(page), 3);
});

for (const [what, parameters, expected] of [
  ["name", { name: "plan a trip" }, ["plan a trip"]],
  ["user", { user: "ada" }, ["answer question"]],
  ["session", { session: "chat-7" }, ["answer question"]],
  ["tag", { tag: "rag" }, ["answer question"]],
  ["environment", { environment: "production" }, ["answer question"]],
  ["model", { model: "gpt-4o-mini" }, ["summarise report"]],
  ["source", { source: "langsmith" }, ["summarise report"]],
  ["level", { level: "ERROR" }, ["plan a trip"]],
  ["type", { type: "GUARDRAIL" }, ["answer question"]],
  ["latency", { min_latency_ms: 2000 }, ["plan a trip", "summarise report"]],
]) {
  test(`the filter by ${what} is part of the address`, async () => {
    const page = await openPage(collector, "#/traces?" + new URLSearchParams(parameters));

    await expectTexts(names(page), expected);
    await expectCount(page.locator(".filter-chips .chip.outline"), 1);
    assertNoFaults(page);
  });
}

test("filters are set in the panel and taken away by their chips", async () => {
  const page = await openPage(collector);
  await page.getByRole("button", { name: "Filters" }).click();
  const panel = page.getByRole("form", { name: "Filters" });

  await panel.getByRole("button", { name: "error" }).click();
  await expectTexts(names(page), ["plan a trip"]);
  await panel.getByLabel("User").fill("ada");
  await panel.getByLabel("User").press("Enter");
  await expectText(page.getByRole("heading", { name: "No trace fits" }), "No trace fits");
  await page.getByRole("button", { name: "Remove filter Level ERROR" }).click();

  await expectTexts(names(page), ["answer question"]);
  assert.match(page.url(), /#\/traces\?user=ada$/);
});

test("a click on a user shows only this user's traces", async () => {
  const page = await openPage(collector);

  await page.getByRole("button", { name: "grace" }).click();

  await expectTexts(names(page), ["plan a trip"]);
});

test("a span of time leaves out what is older", async () => {
  const old = await startCollector();
  await sendRag(old, { epoch: Date.now() - 3 * 3_600_000 });
  await sendAgent(old);
  const page = await openPage(old);
  await expectCount(names(page), 2);

  await page.getByLabel("Time").selectOption("1h");

  await expectTexts(names(page), ["plan a trip"]);
});

test("sorts by latency, both ways", async () => {
  const page = await openPage(collector);
  const latency = page.getByRole("button", { name: "Latency" });

  await latency.click();
  await expectTexts(names(page), ["plan a trip", "summarise report", "answer question"]);
  await latency.click();

  await expectTexts(names(page), ["answer question", "summarise report", "plan a trip"]);
  await expectValue(() => page.getByRole("columnheader", { name: "Latency" }).getAttribute("aria-sort"), "ascending", "aria-sort");
});

test("pages through what does not fit on one", async () => {
  const many = await startCollector();
  const epoch = Date.now() - 600_000;
  const spans = Array.from({ length: 120 }, (_, index) => span({ traceId: newTraceId(), name: `trace ${index}`, epoch: epoch + 1000 * index }));
  await sendSpans(many, spans);
  const page = await openPage(many);
  await expectCount(names(page), 50);
  await expectText(names(page), "trace 119");

  await page.getByRole("button", { name: "Next page" }).click();
  await expectText(names(page), "trace 69");
  await page.getByRole("button", { name: "Next page" }).click();
  await expectText(names(page), "trace 19");
  await expectCount(names(page), 20);
  await page.getByRole("button", { name: "First page" }).click();

  await expectText(names(page), "trace 119");
});

test("an empty collector tells how to send a first trace, and shows it when it comes", async () => {
  const empty = await startCollector();
  const page = await openPage(empty);
  await expectText(page.locator(".program pre"), /langfuse::Client client;/);
  await expectText(page.locator(".program pre"), new RegExp(empty.replaceAll(".", "\\.")));

  await sendAgent(empty);

  await expectTexts(names(page), ["plan a trip"]);
  assertNoFaults(page);
});

test("a collector that is gone is said, not shown as an empty list", async () => {
  const page = await openPage(collector);
  await expectCount(names(page), 3);
  await page.context().setOffline(true);

  await page.getByRole("button", { name: "Latency" }).click();

  await expectText(page.getByRole("alert"), /The collector does not answer/);
  await expectCount(names(page), 3);
});
