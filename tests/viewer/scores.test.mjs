// Scores: those that were sent are shown, new ones are added from the page and are stored.
import { before, test } from "node:test";
import assert from "node:assert/strict";
import { assertNoFaults, openPage } from "./browser.mjs";
import { post, read, startCollector } from "./collector.mjs";
import { expectAttribute, expectCount, expectText, expectValue } from "./expect.mjs";
import { sendRag } from "./traffic.mjs";

let collector;
before(async () => (collector = await startCollector()));

const scoresOf = (page) => page.getByRole("region", { name: "Scores", exact: true });
const stored = async (traceId) => (await read(collector, `scores?trace_id=${traceId}`)).scores;

test("a score that was sent is shown with its node, and with no other", async () => {
  const rag = await sendRag(collector);
  await post(`${collector}/api/scores`, { trace_id: rag.traceId, node_id: rag.ids.generate, name: "faithful", value: 0.75, comment: "by a judge" });
  const page = await openPage(collector, `#/traces/${rag.traceId}?node=${rag.ids.generate}`);

  await expectText(scoresOf(page).locator(".score"), /^faithful0\.75by a judge/);
  await page.getByRole("treeitem").filter({ hasText: "retrieve passages" }).click();

  await expectText(page.getByRole("region", { name: "Details" }).getByRole("heading", { level: 1 }), "retrieve passages");
  await expectCount(scoresOf(page).locator(".score"), 0);
});

test("a thumb up is stored, a thumb down replaces it, the same again takes it back", async () => {
  const rag = await sendRag(collector);
  const page = await openPage(collector, `#/traces/${rag.traceId}?node=${rag.ids.generate}`);
  const up = scoresOf(page).getByRole("button", { name: "Thumb up" });
  const down = scoresOf(page).getByRole("button", { name: "Thumb down" });

  await up.click();
  await expectAttribute(up, "aria-pressed", "true");
  let [score, ...others] = await stored(rag.traceId);
  assert.deepEqual([score.name, score.data_type, score.value, score.node_id, others.length], ["thumbs", "BOOLEAN", 1, rag.ids.generate, 0]);

  await down.click();
  await expectAttribute(down, "aria-pressed", "true");
  await expectAttribute(up, "aria-pressed", "false");
  [score, ...others] = await stored(rag.traceId);
  assert.deepEqual([score.value, others.length], [0, 0]);

  await down.click();
  await expectAttribute(down, "aria-pressed", "false");
  assert.deepEqual(await stored(rag.traceId), []);
  assertNoFaults(page);
});

for (const [kind, typed, expected] of [
  ["number", "0.875", { data_type: "NUMERIC", value: 0.875, string_value: null }],
  ["text", "mostly right", { data_type: "CATEGORICAL", string_value: "mostly right" }],
]) {
  test(`a score that is ${kind} is added by the form`, async () => {
    const rag = await sendRag(collector);
    const page = await openPage(collector, `#/traces/${rag.traceId}?node=${rag.ids.root}`);
    await scoresOf(page).getByRole("button", { name: "Add score" }).click();
    const form = page.getByRole("form", { name: "New score" });

    await form.getByLabel("Name").fill("quality");
    await form.getByLabel("Kind").selectOption(kind);
    await form.getByLabel("Value").fill(typed);
    await form.getByLabel("Comment").fill("read by me");
    await form.getByRole("button", { name: "Add score" }).click();

    await expectText(scoresOf(page).locator(".score"), new RegExp(`^quality${typed}read by me`));
    const [score] = await stored(rag.traceId);
    for (const [key, value] of Object.entries({ name: "quality", comment: "read by me", node_id: rag.ids.root, ...expected })) assert.deepEqual(score[key], value, key);
    assertNoFaults(page);
  });
}

test("true and false are chosen, not typed", async () => {
  const rag = await sendRag(collector);
  const page = await openPage(collector, `#/traces/${rag.traceId}?node=${rag.ids.root}`);
  await scoresOf(page).getByRole("button", { name: "Add score" }).click();
  const form = page.getByRole("form", { name: "New score" });

  await form.getByLabel("Name").fill("right");
  await form.getByLabel("Kind").selectOption("true or false");
  await form.getByLabel("Value").selectOption("false");
  await form.getByRole("button", { name: "Add score" }).click();

  await expectText(scoresOf(page).locator(".score"), /^rightfalse/);
});

test("a score of the page can be deleted", async () => {
  const rag = await sendRag(collector);
  await post(`${collector}/api/scores`, { trace_id: rag.traceId, node_id: rag.ids.root, name: "wrong", value: 1 });
  const page = await openPage(collector, `#/traces/${rag.traceId}?node=${rag.ids.root}`);

  await page.getByRole("button", { name: "Delete score wrong" }).click();

  await expectCount(scoresOf(page).locator(".score"), 0);
  await expectValue(async () => (await stored(rag.traceId)).length, 0, "stored scores");
});

test("the trace as a whole has scores of its own", async () => {
  const rag = await sendRag(collector);
  const page = await openPage(collector, `#/traces/${rag.traceId}`);
  const ofTrace = page.getByRole("region", { name: "Trace scores" });

  await ofTrace.getByRole("button", { name: "Thumb down" }).click();

  await expectText(ofTrace.locator(".score"), /^thumbsfalse/);
  assert.equal((await stored(rag.traceId))[0].node_id, null);
});

test("what the collector refuses is said", async () => {
  const rag = await sendRag(collector);
  const page = await openPage(collector, `#/traces/${rag.traceId}?node=${rag.ids.root}`);
  await expectCount(page.getByRole("treeitem"), 5);
  await page.context().setOffline(true);

  await scoresOf(page).getByRole("button", { name: "Thumb up" }).click();

  await expectText(page.getByRole("alert"), /The collector does not answer/);
});
