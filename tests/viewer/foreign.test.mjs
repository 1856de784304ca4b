// Other sites in the same browser: they can neither read what the collector stores nor add to it, and a name
// that they let point to this machine is refused.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { newContext } from "./browser.mjs";
import { post, read, startCollector } from "./collector.mjs";
import { expectText } from "./expect.mjs";
import { newTraceId, span, traceBody } from "./otlp.mjs";
import { sendRag } from "./traffic.mjs";

let collector, rag, site, siteServer;
after(() => siteServer.close());
before(async () => {
  collector = await startCollector();
  rag = await sendRag(collector);
  site = await startSite();
});

// Another site, at another port of this machine.
async function startSite() {
  siteServer = createServer((request, reply) => reply.setHeader("Content-Type", "text/html").end("<!doctype html><title>elsewhere</title>"));
  await new Promise((resolve) => siteServer.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${siteServer.address().port}`;
}

async function openSite() {
  const page = await (await newContext()).newPage();
  await page.goto(site);
  return page;
}

// What a page of the other site gets.
const asked = (page, url, options) => page.evaluate(async ([address, how]) => {
  try {
    const reply = await fetch(address, how);
    return { type: reply.type, status: reply.status, text: await reply.text() };
  } catch (error) {
    return { refused: error.message };
  }
}, [url, options ?? {}]);

test("the collector's own page can read", async () => {
  const page = await (await newContext()).newPage();
  await page.goto(collector);

  for (const path of ["api/traces", "api/stats", ""]) assert.equal((await asked(page, `${collector}/${path}`)).status, 200, path);
});

for (const path of ["api/traces", "api/stats", "api/live", ""]) {
  test(`another site cannot read /${path}`, async () => {
    const page = await openSite();

    assert.deepEqual(await asked(page, `${collector}/${path}`), { refused: "Failed to fetch" });
    const blind = await asked(page, `${collector}/${path}`, { mode: "no-cors" });
    assert.ok(blind.refused || (blind.type === "opaque" && blind.text === ""), JSON.stringify(blind));
  });
}

for (const [what, options] of [
  ["by JSON", { method: "POST", headers: { "Content-Type": "application/json" } }],
  ["by a form's content type", { method: "POST", mode: "no-cors", headers: { "Content-Type": "text/plain" } }],
  ["by a request without a preflight", { method: "POST", mode: "no-cors" }],
]) {
  test(`another site cannot add a score ${what}`, async () => {
    const page = await openSite();
    const body = JSON.stringify({ trace_id: rag.traceId, name: "forged", value: 1 });

    await asked(page, `${collector}/api/scores`, { ...options, body });

    assert.deepEqual((await read(collector, `scores?trace_id=${rag.traceId}`)).scores, []);
  });
}

for (const [what, headers] of [["as JSON", { "Content-Type": "application/json" }], ["as plain text", { "Content-Type": "text/plain" }]]) {
  test(`another site cannot add a trace ${what}`, async () => {
    const page = await openSite();
    const traceId = newTraceId();
    const body = JSON.stringify(traceBody([span({ traceId, name: "forged" })]));

    for (const path of ["v1/traces", "api/import"]) await asked(page, `${collector}/${path}`, { method: "POST", mode: "no-cors", headers, body });

    assert.deepEqual((await read(collector, "traces?name=forged")).traces, []);
  });
}

test("another site cannot put the page into a frame", async () => {
  const page = await openSite();

  await page.evaluate((url) => new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.onload = resolve;
    frame.src = url;
    document.body.append(frame);
  }), collector);

  const text = await page.frames()[1].evaluate(() => document.body?.innerText ?? "").catch(() => "");
  assert.doesNotMatch(text, /Traces/);
});

for (const name of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example"]) {
  test(`the name ${name}, pointed at this machine, is refused`, async () => {
    const page = await (await newContext()).newPage();
    const { port } = new URL(collector);

    const reply = await page.goto(`http://${name}:${port}/`);

    assert.equal(reply.status(), 403);
    assert.deepEqual([await page.locator("#app").count(), await page.title()], [0, ""]);
    const inner = await asked(page, `http://${name}:${port}/api/traces`);
    assert.ok(inner.refused || inner.status === 403, JSON.stringify(inner));
    assert.doesNotMatch(inner.text ?? "", /trace_id/);
  });
}

test("localhost is this machine", async () => {
  const page = await (await newContext()).newPage();

  const reply = await page.goto(`http://localhost:${new URL(collector).port}/`);

  assert.equal(reply.status(), 200);
  await page.locator(".trace-name").first().waitFor();
});

test("with a token the page shows nothing to who has none, and everything to who opened the address with it", async () => {
  const closed = await startCollector("--token", "s3cret");
  const authorization = { Authorization: "Bearer s3cret" };
  await post(`${closed}/v1/traces`, traceBody([span({ traceId: newTraceId(), name: "behind the token" })]), authorization);

  const stranger = await (await newContext()).newPage();
  await stranger.goto(closed);
  await expectText(stranger.getByRole("alert"), /wants its token/);

  const owner = await (await newContext()).newPage();
  await owner.goto(`${closed}/#token=s3cret`);
  await expectText(owner.locator(".trace-name"), "behind the token");
  await expectText(owner.locator(".button.live"), "Live");
  assert.doesNotMatch(owner.url(), /s3cret/);
  await owner.reload();
  await expectText(owner.locator(".trace-name"), "behind the token");
});
