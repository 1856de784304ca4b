// What a model or a user wrote is a stranger's text. A corpus of markup and scripts in every field that can be
// sent, on every view: it is shown as the text that it is, nothing of it runs, and nothing is fetched for it.
import { before, test } from "node:test";
import assert from "node:assert/strict";
import { assertNoFaults, openPage } from "./browser.mjs";
import { kLangfuseKeys, kLangSmithKey, post, startCollector } from "./collector.mjs";
import { expectCount, expectText, expectValue } from "./expect.mjs";
import { newSpanId, newTraceId, sendLogs, span, traceBody } from "./otlp.mjs";

const kPayloads = {
  "an image with a handler": "<img src=x onerror=alert(1)>",
  "a script": "<script>alert(1)</script>",
  "the end of an attribute": `"><svg onload=alert(1)>'`,
  "the end of a script": "</script><script>alert(1)</script>",
  "the end of a style": "</style></title></textarea><img src=x onerror=alert(1)>",
  "a frame": `<iframe srcdoc="<script>parent.alert(1)</script>"></iframe>`,
  "a link that runs": "<a href=javascript:alert(1)>javascript:alert(1)</a>",
  "an address that runs": "javascript:alert(1)",
  "a picture from elsewhere": "![x](http://evil.example/p.png) <img src=http://evil.example/p.png>",
  "a style sheet from elsewhere": "<link rel=stylesheet href=http://evil.example/x.css><style>*{display:none}</style>",
  "a base": "<base href=http://evil.example/><form action=http://evil.example/><input type=submit>",
  "a template": "${alert(1)} {{constructor.constructor('alert(1)')()}} #{alert(1)}",
  "mutating markup": "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=alert(1)>'>",
  "a preact object": `{"constructor":null,"type":"script","props":{"dangerouslySetInnerHTML":{"__html":"<img src=x onerror=alert(1)>"}}}`,
  "names of prototypes": "__proto__",
  "another direction": "\u202e<b>txet\u202c",
};

let collector;
before(async () => (collector = await startCollector()));

// One trace with `text` wherever a sender may put text.
async function sendEverywhere(text) {
  const traceId = newTraceId();
  const ids = { root: newSpanId(), chat: newSpanId(), failed: newSpanId() };
  const of = (id, more) => span({
    traceId, id, name: text, epoch: Date.now() - 1000, end: 100,
    events: [{ name: text, attributes: { [text]: text, other: text } }],
    ...more,
    attributes: {
      "langfuse.trace.name": text, "user.id": text, "session.id": text, "langfuse.trace.tags": [text, "tag"], "langfuse.environment": text, "langfuse.release": text, "langfuse.version": text,
      [`langfuse.observation.metadata.${text}`]: text, "langfuse.observation.metadata.value": text, [text]: text, "langfuse.trace.metadata.value": text, ...more.attributes,
    },
  });
  const messages = [
    { role: text, name: text, content: text },
    { role: "user", content: [{ type: "text", text }, { type: "image_url", image_url: { url: text } }, { type: text, [text]: text }] },
    { role: "assistant", content: "```" + text + "\n" + text + "\n```", reasoning_content: text, tool_calls: [{ id: text, function: { name: text, arguments: JSON.stringify({ [text]: text }) } }] },
    { role: "tool", tool_call_id: text, content: text },
  ];
  const spans = [
    of(ids.root, { attributes: { "langfuse.observation.type": "agent", "langfuse.observation.input": text, "langfuse.observation.output": JSON.stringify({ [text]: [text, { [text]: text }] }), "langfuse.trace.input": text, "langfuse.trace.output": text } }),
    of(ids.chat, { parent: ids.root, attributes: { "langfuse.observation.type": "generation", "langfuse.observation.model.name": text, "gen_ai.provider.name": text, "langfuse.observation.input": JSON.stringify(messages), "langfuse.observation.output": JSON.stringify({ role: "assistant", content: text }),
      "langfuse.observation.model.parameters": JSON.stringify({ [text]: text }), "langfuse.observation.prompt.name": text, "langfuse.observation.usage_details": JSON.stringify({ input: 1, output: 1, [text]: 3 }), "langfuse.observation.cost_details": JSON.stringify({ total: 0.5, [text]: 0.25 }) } }),
    of(ids.failed, { parent: ids.root, error: text, events: [{ name: "exception", attributes: { "exception.type": text, "exception.message": text, "exception.stacktrace": text } }], attributes: { "langfuse.observation.type": text, "langfuse.observation.level": "ERROR", "langfuse.observation.status_message": text } }),
  ];
  const authorization = "Basic " + Buffer.from(kLangfuseKeys).toString("base64");
  await post(`${collector}/api/public/otel/v1/traces`, traceBody(spans, { "service.name": text, [text]: text }), { Authorization: authorization });
  for (const score of [{ node_id: ids.chat, value: text }, { node_id: ids.root, value: 1 }, { value: text }]) {
    await post(`${collector}/api/scores`, { trace_id: traceId, name: text, comment: text, ...score });
  }
  await sendLogs(collector, Object.values(ids).map((spanId) => ({ traceId, spanId, at: Date.now() - 950, severity: text, body: text, attributes: { [text]: text } })));
  return { traceId, ids };
}

async function sendRun(text) {
  const id = crypto.randomUUID();
  const start = new Date(Date.now() - 2000).toISOString().replace("Z", "000Z");
  const run = { id, trace_id: id, dotted_order: start.replace(/[-:.]/g, "") + id, name: text, run_type: "llm", session_name: text, start_time: start, end_time: start, error: text, tags: [text], inputs: { [text]: text, messages: [{ type: "human", content: text }] }, outputs: { [text]: text }, extra: { metadata: { [text]: text, ls_model_name: text } }, serialized: { [text]: text } };
  await post(`${collector}/runs/batch`, { post: [run], patch: [] }, { "x-api-key": kLangSmithKey });
  await post(`${collector}/feedback`, { id: crypto.randomUUID(), run_id: id, trace_id: id, key: text, score: 1, comment: text, value: text }, { "x-api-key": kLangSmithKey });
  return id.replaceAll("-", "");
}

// Elements that only markup of the sender could have made, and links that lead out.
function strangers() {
  const made = document.querySelectorAll("#app :is(script, iframe, object, embed, style, link, base, math, meta, b, table[background], img:not(.picture)), svg [onload], [onerror], [onload], [srcdoc], style:not([src])");
  const links = [...document.querySelectorAll("a[href], form[action]")].filter((link) => !/^(#\/|api\/)/.test(link.getAttribute("href") ?? link.getAttribute("action")));
  return [...made, ...links].map((element) => element.outerHTML.slice(0, 200));
}

async function assertHarmless(page, view) {
  assert.deepEqual(await page.evaluate(strangers), [], view);
  assert.deepEqual(await page.evaluate(() => [window.alerted ?? null, Object.keys(Object.prototype)]), [null, []], view);
  assertNoFaults(page);
}

// Every node, every form of its values, everything unfolded.
async function showAll(page) {
  for (const button of await page.getByRole("button", { name: /attributes?$|^Show \d+ log/ }).all()) await button.click();
  for (const summary of await page.locator("summary").all()) await summary.click();
  for (const form of ["JSON", "Text", "Chat"]) {
    for (const button of await page.getByRole("button", { name: form, exact: true }).all()) await button.click();
    for (let folded; (folded = page.locator('.json-fold[aria-expanded="false"]')), (await folded.count()) > 0; ) await folded.first().click();
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

for (const [what, text] of Object.entries(kPayloads)) {
  test(`${what} is shown as text, everywhere`, async () => {
    const { traceId, ids } = await sendEverywhere(text);
    const runTrace = await sendRun(text);
    const page = await openPage(collector, "#/traces?q=" + traceId);

    await expectText(page.locator(".trace-name"), text.trim());
    await expectText(page.locator(".cell-who .chip"), text.trim());
    await assertHarmless(page, "list");

    for (const id of Object.values(ids)) {
      await page.goto(`${collector}/#/traces/${traceId}?node=${id}`);
      await expectText(page.getByRole("region", { name: "Details" }).getByRole("heading", { level: 1 }), text.trim());
      await page.getByRole("region", { name: "Identity" }).waitFor();
      await showAll(page);
      await assertHarmless(page, `node ${id}`);
    }
    await expectText(page.getByRole("group", { name: "Error" }).locator(".prose").first(), text.trim());

    await page.goto(`${collector}/#/traces/${runTrace}`);
    await expectText(page.locator(".trace-title h1"), text.trim());
    await page.getByRole("region", { name: "Identity" }).waitFor();
    await showAll(page);
    await assertHarmless(page, "LangSmith's run");

    for (const [view, hash, landmark] of [["sessions", "#/sessions", ".session-row .trace-name"], ["a session", `#/sessions/${encodeURIComponent(text)}`, ".turn .part"], ["dashboard", "#/dashboard", ".chart canvas"], ["filters", "#/traces?" + new URLSearchParams({ user: text, tag: text }), ".filter-chips"]]) {
      await page.goto(`${collector}/${hash}`);
      await page.locator(landmark).first().waitFor();
      await assertHarmless(page, view);
    }
    await page.getByRole("button", { name: "Filters" }).click();
    await expectCount(page.getByRole("form", { name: "Filters" }), 1);
    await assertHarmless(page, "filter panel");
  });
}

test("a part that says it is a picture from elsewhere is not fetched", async () => {
  const { traceId, ids } = await sendEverywhere("http://evil.example/pixel.png");
  const page = await openPage(collector, `#/traces/${traceId}?node=${ids.chat}`);

  await expectText(page.locator(".message p.mono"), "image: http://evil.example/pixel.png");

  await assertHarmless(page, "picture");
});

test("an address of ours with markup in it shows no markup", async () => {
  for (const hash of ["#/traces/%3Cimg%20src=x%20onerror=alert(1)%3E", "#/%3Cscript%3Ealert(1)%3C/script%3E", "#/sessions/%3Cimg%20src=x%20onerror=alert(1)%3E", "#/traces?q=%3Cimg%20src=x%20onerror=alert(1)%3E&user=%22%3E%3Csvg%20onload=alert(1)%3E", "#/traces/%"]) {
    const page = await openPage(collector, hash);
    await page.locator(".view > *").first().waitFor();
    await expectValue(() => page.locator('[role="status"]:text("Loading")').count(), 0, "loading");

    assert.deepEqual(await page.evaluate(strangers), [], hash);
    assert.deepEqual(page.faults.filter((fault) => !/status of 40[04]/.test(fault)), []);
  }
});

test("the policy is in force: a script that got into the page would not run", async () => {
  const page = await openPage(collector);
  await page.locator(".toolbar").waitFor();

  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.alerted = true";
    document.body.append(script);
    document.body.insertAdjacentHTML("beforeend", "<img src=http://evil.example/p.png onerror='window.alerted = true'>");
  });

  await expectValue(() => page.faults.some((fault) => fault.startsWith("policy: script-src")), true, "a violation was reported");
  assert.equal(await page.evaluate(() => window.alerted), undefined);
});
