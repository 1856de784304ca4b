// Makes the pictures of docs/images from real traffic to a real collector. No test: scripts/screenshots.sh runs it.
import { test } from "node:test";
import { join } from "node:path";
import { openPage } from "./browser.mjs";
import { post, startCollector } from "./collector.mjs";
import { sendAgent, sendLangSmith, sendRag } from "./traffic.mjs";

const output = process.env.OUTPUT;
const kDesk = { viewport: { width: 1280, height: 760 } };
const kPhone = { viewport: { width: 390, height: 780 } };
const kQuestions = ["What does OBSERVE do?", "Where do traces go?", "How is a score added?", "What does a dead server cost?", "Which types are there?"];
const kUsers = ["ada", "grace", "linus", "barbara"];

async function sendTraffic(collector) {
  const now = Date.now();
  for (let i = 47; i >= 0; --i) {
    const epoch = now - 20_000 - i * 1_740_000 * (0.6 + 0.4 * Math.sin(i));
    const fields = { user: kUsers[i % kUsers.length], epoch };
    if (i % 5 === 3) await sendAgent(collector, fields);
    else if (i % 5 === 4) await sendLangSmith(collector, fields);
    else await sendRag(collector, { ...fields, pace: 1 + 0.45 * Math.sin(3 * i), session: `chat-${Math.floor(i / 4)}`, question: kQuestions[i % kQuestions.length] });
  }
  const rag = await sendRag(collector, { epoch: now - 9_000 });
  const agent = await sendAgent(collector, { epoch: now - 15_000 });
  await post(`${collector}/api/scores`, { trace_id: rag.traceId, node_id: rag.ids.generate, name: "faithful", value: 0.94, comment: "quotes the passage" });
  return { rag, agent };
}

test("screenshots", async () => {
  const collector = await startCollector();
  const { rag, agent } = await sendTraffic(collector);
  for (const [name, hash, landmark, options] of [
    ["viewer-traces", "#/traces", ".trace-name", kDesk],
    ["viewer-trace", `#/traces/${rag.traceId}?node=${rag.ids.generate}`, ".message", kDesk],
    ["viewer-trace-dark", `#/traces/${agent.traceId}?node=${agent.ids.search}`, ".error-part", { ...kDesk, colorScheme: "dark" }],
    ["viewer-dashboard", "#/dashboard", ".chart canvas", kDesk],
    ["viewer-phone", `#/traces/${rag.traceId}`, ".tree-row", kPhone],
    ["viewer-phone-node", `#/traces/${rag.traceId}?node=${rag.ids.generate}`, ".message", { ...kPhone, colorScheme: "dark" }],
  ]) {
    const page = await openPage(collector, hash, { ...options, reducedMotion: "reduce" });
    await page.locator(landmark).first().waitFor();
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: join(output, `${name}.png`) });
  }
});
