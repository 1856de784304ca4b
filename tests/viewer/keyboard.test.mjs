// Everything by the keyboard: lists, the tree, search, help, and back.
import { before, test } from "node:test";
import assert from "node:assert/strict";
import { assertNoFaults, openPage } from "./browser.mjs";
import { startCollector } from "./collector.mjs";
import { expectAttribute, expectCount, expectText, expectValue } from "./expect.mjs";
import { sendAgent, sendRag } from "./traffic.mjs";

let collector, rag, agent;
before(async () => {
  collector = await startCollector();
  agent = await sendAgent(collector);
  rag = await sendRag(collector);
});

const chosenNode = (page) => page.locator('[role="treeitem"][aria-selected="true"] .node-name');
const press = async (page, ...keys) => {
  for (const key of keys) await page.keyboard.press(key);
};

test("j, k and Enter choose and open a trace, Escape leads back", async () => {
  const page = await openPage(collector);
  await expectCount(page.locator(".trace-name"), 2);

  await press(page, "j", "j");
  await expectText(page.locator('[role="row"][aria-selected="true"] .trace-name'), "plan a trip");
  await press(page, "k", "Enter");
  await expectText(page.locator(".trace-title h1"), "answer question");
  await press(page, "Escape");

  await expectCount(page.getByRole("grid", { name: "Traces" }), 1);
  assertNoFaults(page);
});

test("the arrows walk the tree, fold and unfold it", async () => {
  const page = await openPage(collector, `#/traces/${rag.traceId}`);
  await expectText(chosenNode(page), "answer question");

  await press(page, "ArrowDown");
  await expectText(chosenNode(page), "embed query");
  await press(page, "ArrowLeft");
  await expectText(chosenNode(page), "answer question");
  await press(page, "ArrowLeft");
  await expectCount(page.getByRole("treeitem"), 1);
  await press(page, "ArrowRight");
  await expectCount(page.getByRole("treeitem"), 5);
  await press(page, "ArrowRight");
  await expectText(chosenNode(page), "embed query");
  await press(page, "End");

  await expectText(chosenNode(page), "check grounding");
});

test("the tree says which node is chosen", async () => {
  const page = await openPage(collector, `#/traces/${rag.traceId}`);
  await expectText(chosenNode(page), "answer question");
  await press(page, "j", "j");
  await expectText(chosenNode(page), "retrieve passages");

  const id = await page.locator('[role="treeitem"][aria-selected="true"]').getAttribute("id");

  await expectAttribute(page.getByRole("tree"), "aria-activedescendant", id);
});

test("e goes to what failed", async () => {
  const page = await openPage(collector, `#/traces/${agent.traceId}`);
  await expectText(chosenNode(page), "plan a trip");

  await press(page, "e");

  await expectText(chosenNode(page), "search_trains");
});

test("Enter goes to the details, Escape back to the tree and then to the list", async () => {
  const page = await openPage(collector, `#/traces/${rag.traceId}`);
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute("role"));
  await expectText(chosenNode(page), "answer question");

  await press(page, "Enter");
  await expectValue(focused, "details", "focus");
  await press(page, "Escape");
  await expectValue(focused, "tree", "focus");
  await press(page, "Escape");

  await expectCount(page.getByRole("grid", { name: "Traces" }), 1);
});

test("/ searches, and keys that are typed are text", async () => {
  const page = await openPage(collector);
  await expectCount(page.locator(".trace-name"), 2);

  await press(page, "/", "j", "k", "?");

  await expectValue(() => page.getByRole("searchbox").inputValue(), "jk?", "the field");
  await expectCount(page.getByRole("dialog"), 0);
  await press(page, "Escape");
  await expectValue(() => page.getByRole("searchbox").inputValue(), "", "the field");
  await expectCount(page.locator(".trace-name"), 2);
});

test("? shows the keys, Escape closes them, and the page below hears none meanwhile", async () => {
  const page = await openPage(collector);
  await expectCount(page.locator(".trace-name"), 2);

  await press(page, "?");
  await expectText(page.getByRole("dialog").getByRole("heading", { level: 1 }), "Keys");
  await press(page, "j");
  await press(page, "Escape");

  await expectCount(page.getByRole("dialog"), 0);
  await expectCount(page.locator('[role="row"][aria-selected="true"]'), 0);
});

test("g and a letter go to a view", async () => {
  const page = await openPage(collector);
  await expectText(page.locator(".toolbar h1"), "Traces");
  for (const [key, title] of [["s", "Sessions"], ["d", "Dashboard"], ["t", "Traces"]]) {
    await press(page, "g", key);
    await expectText(page.locator(".toolbar h1"), title);
  }
});

test("c copies the chosen node and all below as JSON", async () => {
  const page = await openPage(collector, `#/traces/${rag.traceId}?node=${rag.ids.retrieve}`, { permissions: ["clipboard-read", "clipboard-write"] });
  await expectText(chosenNode(page), "retrieve passages");

  await press(page, "c");

  await expectText(page.locator(".notice"), "Copied as JSON");
  await expectValue(async () => (await page.evaluate(() => navigator.clipboard.readText())).slice(0, 1), "{", "the clipboard");
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  assert.deepEqual([copied.name, copied.children], ["retrieve passages", []]);
});

test("what has the focus is outlined", async () => {
  const page = await openPage(collector);
  await expectCount(page.locator(".trace-name"), 2);

  await press(page, "Tab");

  await expectValue(() => page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "solid", "outline");
});
