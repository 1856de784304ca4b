// node shown.mjs URL VARIANT: sends a trace with a vendor's own client and reads from /api/, as the web page
// does, what the collector shows of it. Variants: langfuse3 (the legacy batch), otel5 (@langfuse/otel),
// langsmith. Exit status 1 and a line per difference.
import { isDeepStrictEqual } from "node:util";

const [url, variant] = process.argv.slice(2);
const keys = { publicKey: "pk-lf-local", secretKey: "sk-lf-local", baseUrl: url };
const messages = [{ role: "user", content: 'Wer? "да" 🦜' }];

let compared = 0;
let differences = 0;
function same(what, got, wanted) {
  ++compared;
  if (isDeepStrictEqual(got, wanted)) return;
  ++differences;
  console.error(`${what}\n  shown: ${JSON.stringify(got)}\n  sent:  ${JSON.stringify(wanted)}`);
}

async function fetched(path) {
  const reply = await fetch(url + path);
  if (reply.status !== 200) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
  return reply.json();
}

// Each sends a root with a model call and a tool that fails below it, and returns the trace's id.
const senders = {
  async langfuse3() {
    const { Langfuse } = await import("langfuse");
    const client = new Langfuse({ ...keys, baseUrl: url, flushAt: 1000 });
    const trace = client.trace({
      name: "answer", userId: "ada", sessionId: "s1", tags: ["npm", "rag"], input: { question: "Wer?" },
      output: "Niemand", metadata: { k: [1, { a: null }] }, release: "r1", version: "v1",
    });
    const root = trace.span({ name: "root", input: "in" });
    const call = root.generation({
      name: "model", model: "gpt-4o", modelParameters: { temperature: 0.5 }, input: messages,
      usage: { input: 1000, output: 100, unit: "TOKENS" },
    });
    call.end({ output: { role: "assistant", content: "Niemand" } });
    const tool = root.span({ name: "tool", input: { a: 1 } });
    tool.end({ level: "ERROR", statusMessage: "no such tool" });
    root.end({ output: "out" });
    trace.score({ name: "quality", value: 0.75, comment: "gut" });
    await client.shutdownAsync();
    return trace.id;
  },

  async otel5() {
    const { NodeTracerProvider } = await import("@opentelemetry/sdk-trace-node");
    const { LangfuseSpanProcessor } = await import("@langfuse/otel");
    const { startActiveObservation, startObservation, propagateAttributes } = await import("@langfuse/tracing");
    const processor = new LangfuseSpanProcessor({ ...keys });
    const provider = new NodeTracerProvider({ spanProcessors: [processor] });
    provider.register();
    const attributes = { userId: "ada", sessionId: "s1", tags: ["npm", "rag"], traceName: "answer", version: "v1" };
    const trace = await propagateAttributes(attributes, () =>
      startActiveObservation("root", async (root) => {
        root.update({ input: "in", output: "out" });
        const call = startObservation("model", {
          model: "gpt-4o", modelParameters: { temperature: 0.5 }, input: messages,
          output: { role: "assistant", content: "Niemand" }, usageDetails: { input: 1000, output: 100 },
        }, { asType: "generation" });
        call.end();
        const tool = startObservation("tool", { input: { a: 1 }, level: "ERROR", statusMessage: "no such tool" }, { asType: "tool" });
        tool.end();
        return root.traceId;
      }));
    await processor.forceFlush();
    await provider.shutdown();
    return trace;
  },

  async langsmith() {
    const { Client } = await import("langsmith");
    const { RunTree } = await import("langsmith/run_trees");
    const client = new Client({ apiUrl: url, apiKey: "lsv2_pt_local" });
    const root = new RunTree({
      client, name: "root", run_type: "chain", inputs: { question: "Wer?" }, tags: ["npm", "rag"],
      metadata: { user_id: "ada", thread_id: "s1" },
    });
    await root.postRun();
    const call = root.createChild({
      name: "model", run_type: "llm", inputs: { messages },
      extra: { metadata: { ls_provider: "openai", ls_model_name: "gpt-4o" }, invocation_params: { temperature: 0.5 } },
    });
    await call.postRun();
    await call.end({
      message: { role: "assistant", content: "Niemand" },
      usage_metadata: { input_tokens: 1000, output_tokens: 100, total_tokens: 1100 },
    });
    await call.patchRun();
    const tool = root.createChild({ name: "tool", run_type: "tool", inputs: { a: 1 } });
    await tool.postRun();
    await tool.end(undefined, "no such tool\n    at tool.js:1");
    await tool.patchRun();
    await root.end({ answer: "Niemand" });
    await root.patchRun();
    await client.awaitPendingTraceBatches();
    await client.createFeedback({ runId: root.id, traceId: root.trace_id, key: "quality", score: 0.75, comment: "gut" });
    await client.awaitPendingTraceBatches();
    return root.trace_id;
  },
};

const source = variant === "langsmith" ? "langsmith" : "langfuse";
const sentId = await senders[variant]();
const traceId = sentId.replaceAll("-", "");
const { traces } = await fetched("/api/traces");
same("traces", traces.map((trace) => trace.trace_id), [traceId]);
const { trace, nodes, scores } = await fetched(`/api/traces/${encodeURIComponent(sentId)}?content=full`);
const node = (name) => nodes.find((one) => one.name === name) ?? {};
const [root, call, tool] = [node("root"), node("model"), node("tool")];

same("name", trace.name, source === "langsmith" ? "root" : "answer");
// What starts in one millisecond has no order.
same("nodes", nodes.map(({ name, depth }) => [name, depth]).sort(), [["model", 1], ["root", 0], ["tool", 1]]);
same("parents", [root.parent_id, call.parent_id, tool.parent_id], [null, root.id, root.id]);
same("sources", trace.sources, [source]);
same("user, session, tags", [trace.user_id, trace.session_id, [...trace.tags].sort()], ["ada", "s1", ["npm", "rag"]]);
same("tokens", [trace.input_tokens, trace.output_tokens, trace.total_tokens], [1000, 100, 1100]);
same("cost", [Math.round(trace.cost_usd * 1e6), trace.cost_is_estimated], [3500, true]);  // 2.50 and 10 dollars for a million
same("model", [call.type, call.model, call.model_parameters], ["GENERATION", "gpt-4o", { temperature: 0.5 }]);
same("input", source === "langsmith" ? call.input.messages : call.input, messages);
same("output", source === "langsmith" ? call.output.message : call.output, { role: "assistant", content: "Niemand" });
same("error", [tool.level, tool.status_message.split("\n")[0], tool.error.message], ["ERROR", "no such tool", "no such tool"]);
same("errors of the trace", [trace.level, trace.error_count], ["ERROR", 1]);
for (const one of nodes) same(`${one.name} has ended`, typeof one.duration_ms, "number");
if (variant !== "otel5") {
  same("scores", scores.map((score) => [score.name, score.value, score.comment, score.trace_id]), [["quality", 0.75, "gut", traceId]]);
}
if (variant === "langfuse3") {
  same("the trace's own", [trace.input, trace.output, trace.metadata, trace.release], [{ question: "Wer?" }, "Niemand", { k: [1, { a: null }] }, "r1"]);
}
if (variant === "otel5") same("type of the tool", tool.type, "TOOL");
console.log(`${variant}: ${nodes.length} nodes, ${compared} values compared, ${differences} differ`);
process.exitCode = differences === 0 ? 0 : 1;
