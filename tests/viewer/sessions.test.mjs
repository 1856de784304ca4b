// Sessions, and the dashboard's figures.
import { before, test } from "node:test";
import assert from "node:assert/strict";
import { assertNoFaults, openPage } from "./browser.mjs";
import { startCollector } from "./collector.mjs";
import { expectCount, expectText, expectTexts, expectValue } from "./expect.mjs";
import { sendAgent, sendRag } from "./traffic.mjs";

let collector;
before(async () => {
  collector = await startCollector();
  await sendRag(collector, { session: "talk", question: "What is a span?", epoch: Date.now() - 90_000 });
  await sendRag(collector, { session: "talk", question: "And a trace?", epoch: Date.now() - 60_000 });
  await sendRag(collector, { session: "other", user: "linus", epoch: Date.now() - 200_000 });
  await sendAgent(collector);
});

const cells = (page, name) => page.getByRole("row").filter({ hasText: name }).getByRole("gridcell");

test("sessions are listed with what they add up to", async () => {
  const page = await openPage(collector, "#/sessions");

  await expectTexts(page.locator(".trace-name"), ["talk", "other"]);
  await expectText(cells(page, "talk").nth(2), "2");
  await expectText(cells(page, "talk").nth(3), "1,030");
  await expectText(cells(page, "other").nth(5), "linus");
  assertNoFaults(page);
});

test("a session shows its traces as they happened", async () => {
  const page = await openPage(collector, "#/sessions");
  await page.getByRole("link", { name: "talk" }).click();

  await expectCount(page.locator(".turn"), 2);
  await expectText(page.locator(".turn").nth(0), /What is a span\?/);
  await expectText(page.locator(".turn").nth(1), /And a trace\?/);
  assertNoFaults(page);
});

test("the dashboard counts traces, errors, tokens and latency", async () => {
  const page = await openPage(collector, "#/dashboard");
  const tile = (name) => page.locator(".tile").filter({ hasText: name }).locator("dd").first();

  await expectText(tile("Traces"), "4");
  await expectText(tile("Latency p50"), "1.84 s");
  await expectText(tile("Tokens"), "2,045");
  await expectText(tile("Errors"), "25 %");
  assertNoFaults(page);
});

test("the dashboard's tables say which model cost what", async () => {
  const page = await openPage(collector, "#/dashboard");
  const line = page.getByRole("region", { name: "By model" }).getByRole("row").filter({ hasText: "gpt-4o" });

  await expectText(line.getByRole("cell").nth(0), "3");
  await expectText(line.getByRole("cell").nth(7), "$0.00597");
  await page.getByRole("link", { name: "gpt-4o" }).click();

  await expectCount(page.locator(".trace-name"), 3);
});

test("the charts are drawn, and told to who cannot see them", async () => {
  const page = await openPage(collector, "#/dashboard?range=1h");
  await expectCount(page.locator(".chart canvas"), 4);

  const painted = await page.locator(".chart canvas").evaluateAll((all) => all.map((canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value !== 0)));

  assert.deepEqual(painted, [true, true, true, true]);
  await expectText(page.getByRole("figure", { name: "Latency" }).locator("tbody tr td").nth(1), /1\.84 s|5\.23 s/);
});

test("the dashboard can be of one environment", async () => {
  const page = await openPage(collector, "#/dashboard");

  await page.getByLabel("Environment").selectOption("production");

  await expectText(page.locator(".tile dd").first(), "3");
  await expectValue(() => new URL(page.url()).hash, "#/dashboard?environment=production", "address");
});
