// One trace: its tree, its waterfall, and the details of its nodes.
import { before, test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { assertNoFaults, openPage } from "./browser.mjs";
import { read, startCollector } from "./collector.mjs";
import { expectAttribute, expectCount, expectText, expectTexts, expectValue } from "./expect.mjs";
import { sendLogs } from "./otlp.mjs";
import { sendAgent, sendLangSmith, sendRag } from "./traffic.mjs";

let collector, rag, agent, chain;
before(async () => {
  collector = await startCollector();
  rag = await sendRag(collector);
  agent = await sendAgent(collector);
  chain = await sendLangSmith(collector);
});

const nodes = (page) => page.getByRole("tree").getByRole("treeitem");
const nodeNames = (page) => page.getByRole("tree").locator(".node-name");
const node = (page, name) => nodes(page).filter({ hasText: name });
const details = (page) => page.getByRole("region", { name: "Details" });
const part = (page, name) => details(page).getByRole("region", { name, exact: true });
const message = (page, section, index) => part(page, section).locator(".message").nth(index);

test("opens from the list as a tree, depth first", async () => {
  const page = await openPage(collector);
  await page.getByRole("link", { name: "answer question" }).click();

  await expectTexts(nodeNames(page), ["answer question", "embed query", "retrieve passages", "compose answer", "check grounding"]);
  await expectAttribute(node(page, "embed query"), "aria-level", "2");
  await expectText(page.locator(".trace-title"), /user ada/);
  assertNoFaults(page);
});

test("the waterfall's bars lie where the spans were", async () => {
  const page = await openPage(collector, `#/traces/${rag.traceId}`);
  const share = async (name) => {
    const bar = await node(page, name).locator(".bar").boundingBox();
    const lane = await node(page, name).locator(".tree-time").boundingBox();
    return { left: (bar.x - lane.x) / lane.width, width: bar.width / lane.width };
  };

  const generate = await share("compose answer");

  assert.ok(Math.abs(generate.left - 158 / 1840) < 0.01, `left ${generate.left}`);
  assert.ok(Math.abs(generate.width - 1544 / 1840) < 0.01, `width ${generate.width}`);
  await expectText(node(page, "embed query").locator(".bar-label"), "84 ms");
});

test("folds and unfolds what is below a node", async () => {
  const page = await openPage(collector, `#/traces/${rag.traceId}`);
  await expectCount(nodes(page), 5);

  await node(page, "answer question").getByRole("button", { name: "Fold" }).click();
  await expectCount(nodes(page), 1);
  await expectAttribute(nodes(page), "aria-expanded", "false");
  await node(page, "answer question").getByRole("button", { name: "Unfold" }).click();

  await expectCount(nodes(page), 5);
});

test("search keeps the nodes that have the words, and what leads there", async () => {
  const page = await openPage(collector, `#/traces/${rag.traceId}`);

  await page.getByRole("searchbox").fill("grounding");

  await expectTexts(nodeNames(page), ["answer question", "check grounding"]);
});

test("a chat is read as messages, code set apart", async () => {
  const page = await openPage(collector, `#/traces/${rag.traceId}`);
  await node(page, "compose answer").click();

  await expectText(message(page, "Input", 0).locator(".message-role"), "system");
  await expectText(message(page, "Input", 1), /userWhat does OBSERVE do\?/);
  await expectText(message(page, "Output", 0).locator(".code figcaption"), "cpp");
  await expectText(message(page, "Output", 0).locator(".code pre"), /OBSERVE\(question\);/);
  assertNoFaults(page);
});

test("the same value is there as JSON and as text", async () => {
  const page = await openPage(collector, `#/traces/${rag.traceId}?node=${rag.ids.generate}`);
  const form = part(page, "Input").getByRole("group", { name: "Input as" });

  await form.getByRole("button", { name: "JSON" }).click();
  await expectText(part(page, "Input").locator(".json-key"), "role");
  await form.getByRole("button", { name: "Text" }).click();

  await expectText(part(page, "Input").locator(".prose"), /"role": "system"/);
});

test("tool calls and their results are messages too", async () => {
  const page = await openPage(collector, `#/traces/${agent.traceId}?node=${agent.ids.reply}`);

  await expectText(message(page, "Input", 1).locator(".call-name"), "search_trains");
  await expectText(message(page, "Input", 1).locator(".json-view"), /to: "Vienna"/);
  await expectText(message(page, "Input", 2), /error: "timeout"/);
  await expectText(message(page, "Output", 0), /Shall I try again\?/);
});

test("LangChain's messages, by way of LangSmith, are a chat", async () => {
  const page = await openPage(collector, `#/traces/${chain.traceId}`);
  await node(page, "ChatOpenAI").click();

  await expectText(message(page, "Input", 0), "systemBe brief.");
  await expectText(message(page, "Input", 1), "userSummarise Q3.");
  await expectText(message(page, "Output", 0), "assistantSales rose.");
  await expectText(details(page).locator(".source"), "LangSmith");
});

test("model, parameters, usage, cost and prompt stand with the node", async () => {
  const page = await openPage(collector, `#/traces/${rag.traceId}?node=${rag.ids.generate}`);

  await expectText(details(page).locator(".facts"), /gpt-4o412 → 96 tokens\$0\.00199prompt rag-answer v3Langfuse/);
  await expectText(details(page).locator(".facts"), /first token 452 ms/);
  await expectTexts(part(page, "Usage and cost").locator("tfoot td"), ["508", "$0.00199"]);
  await expectText(part(page, "Model parameters"), /temperature: 0\.2/);
});

test("events stand with the node, with their time and attributes", async () => {
  const page = await openPage(collector, `#/traces/${agent.traceId}?node=${agent.ids.search}`);
  const line = part(page, "Events").getByRole("listitem").filter({ hasText: "retry" });

  await expectText(line, /^\+1\.01 sretry1 attribute$/);
  await line.getByRole("button", { name: "1 attribute" }).click();

  await expectText(line.locator(".json-view"), /attempt: "?2/);
});

test("log lines stand with the node that they were written in, all of them with the trace", async () => {
  const epoch = Date.now() - 60_000;
  const { traceId, ids } = await sendRag(collector, { epoch });
  await sendLogs(collector, [
    { traceId, spanId: ids.retrieve, at: epoch + 120, body: "2 passages found", attributes: { index: "docs" } },
    { traceId, spanId: ids.retrieve, at: epoch + 140, severity: "WARN", number: 13, body: "the index is old" },
    { traceId, spanId: ids.generate, at: epoch + 1600, body: "answered" },
  ]);
  const page = await openPage(collector, `#/traces/${traceId}?node=${ids.retrieve}`);

  await expectTexts(part(page, "Log").locator(".line-text"), ["2 passages found", "the index is old"]);
  await expectTexts(part(page, "Log").locator(".line-severity"), ["INFO", "WARN"]);
  await node(page, "answer question").click();
  await page.getByRole("button", { name: "Show 3 log lines of the trace" }).click();

  await expectTexts(part(page, "Log of the trace").locator(".line-text"), ["2 passages found", "the index is old", "answered"]);
  assertNoFaults(page);
});

test("metadata that was sent is shown", async () => {
  const page = await openPage(collector, `#/traces/${rag.traceId}?node=${rag.ids.root}`);

  await expectText(part(page, "Metadata"), /corpus: "docs"/);
});

test("an error has its type, text and stack", async () => {
  const page = await openPage(collector, `#/traces/${agent.traceId}?node=${agent.ids.search}`);
  const error = details(page).getByRole("group", { name: "Error" });

  await expectText(error.getByRole("heading"), "TimeoutError");
  await expectText(error.locator(".prose"), "timeline.example did not answer within 3 s");
  await error.getByText("Stack trace").click();
  await expectText(error.locator(".stack"), /search_trains at trains\.cpp:41/);
});

test("the address leads back to the same node", async () => {
  const first = await openPage(collector, `#/traces/${rag.traceId}`);
  await node(first, "retrieve passages").click();
  await expectText(details(first).getByRole("heading", { level: 1 }), "retrieve passages");
  const address = first.url();

  const second = await openPage(collector, new URL(address).hash);

  await expectText(details(second).getByRole("heading", { level: 1 }), "retrieve passages");
  await expectAttribute(node(second, "retrieve passages"), "aria-selected", "true");
});

test("a node and all below it are copied as JSON and as Markdown", async () => {
  const page = await openPage(collector, `#/traces/${rag.traceId}`, { permissions: ["clipboard-read", "clipboard-write"] });
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await expectCount(nodes(page), 5);

  await details(page).getByRole("button", { name: "Copy this node and all below as JSON" }).click();
  await expectText(details(page).getByRole("status").first(), "copied");
  const copied = JSON.parse(await clipboard());
  assert.equal(copied.name, "answer question");
  assert.deepEqual(copied.children.map((child) => child.name), ["embed query", "retrieve passages", "compose answer", "check grounding"]);
  assert.equal(copied.children[2].input[1].content, "What does OBSERVE do?");

  await details(page).getByRole("button", { name: "Copy this node and all below as Markdown" }).click();
  await expectValue(async () => (await clipboard()).split("\n")[0], "# answer question (chain)", "the first line");
  assert.match(await clipboard(), /## compose answer \(generation\)[^]*- gpt-4o\n- 412 → 96 tokens[^]*\*\*Input\*\*\n\n```json\n\[/);
});

test("the trace is exported as OTLP JSON", async () => {
  const page = await openPage(collector, `#/traces/${agent.traceId}`);
  const waiting = page.waitForEvent("download");

  await page.getByRole("button", { name: "OTLP" }).click();

  const download = await waiting;
  assert.equal(download.suggestedFilename(), `${agent.traceId}.json`);
  assertNoFaults(page);
});

test("a trace that is not there is said", async () => {
  const page = await openPage(collector, `#/traces/${"0".repeat(31)}1`);

  await expectText(page.getByRole("alert"), /\S/);
});

test("the sample program's trace is shown as the program made it", async () => {
  const [publicKey, secretKey] = ["pk-lf-local", "sk-lf-local"];
  const environment = { ...process.env, LANGFUSE_BASE_URL: collector, LANGFUSE_PUBLIC_KEY: publicKey, LANGFUSE_SECRET_KEY: secretKey };
  const ran = spawnSync(process.env.QUICKSTART, { env: environment, encoding: "utf8" });
  assert.equal(ran.status, 0, ran.stderr);
  const { traces } = await read(collector, "traces?name=quickstart");
  assert.equal(traces.length, 1);

  const page = await openPage(collector, `#/traces/${traces[0].trace_id}`);

  await expectTexts(nodeNames(page), ["quickstart", "answer", "complete"]);
  await node(page, "complete").click();
  await expectText(details(page).locator(".facts"), /my-model5 → 7 tokens/);
  await expectText(part(page, "Output"), /You asked: What is a span\?/);
  await node(page, "quickstart").click();
  await expectText(details(page).locator(".score"), /helpfultrue/);
  assertNoFaults(page);
});

test("an exported trace is imported elsewhere and opened", async () => {
  const elsewhere = await startCollector();
  const from = await openPage(collector, `#/traces/${rag.traceId}`);
  const waiting = from.waitForEvent("download");
  await from.getByRole("button", { name: "OTLP" }).click();
  const file = await (await waiting).path();
  const page = await openPage(elsewhere);

  await page.getByLabel("File to import").setInputFiles(file);

  await expectTexts(nodeNames(page), ["answer question", "embed query", "retrieve passages", "compose answer", "check grounding"]);
  assertNoFaults(page);
});

test("a file that is no trace is refused with the reason", async () => {
  const page = await openPage(collector);
  await page.locator(".trace-name").first().waitFor();

  await page.getByLabel("File to import").setInputFiles({ name: "notes.json", mimeType: "application/json", buffer: Buffer.from("no JSON") });

  await expectText(page.getByRole("alert"), /\S/);
});
