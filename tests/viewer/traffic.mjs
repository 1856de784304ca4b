// Traces as programs send them: a retrieval pipeline through Langfuse's OTLP intake, an agent with a failing
// tool by GenAI conventions, and a chain through LangSmith's runs. Each function sends one trace; `pace` stretches
// it in time.
import { kLangfuseKeys, kLangSmithKey, post } from "./collector.mjs";
import { newSpanId, newTraceId, sendSpans, span, traceBody } from "./otlp.mjs";

const kAnswer = `\`OBSERVE\` marks a function as one observation: its name, arguments, times and parent are recorded.

\`\`\`cpp
std::string answer(const std::string& question) {
  OBSERVE(question);
  return complete(question);
}
\`\`\`

Nothing else changes in the function.`;

/// -> {traceId, ids: {root, embed, retrieve, generate, check}}
export async function sendRag(collector, { user = "ada", session = "chat-7", epoch = Date.now() - 60_000, question = "What does OBSERVE do?", pace = 1 } = {}) {
  const traceId = newTraceId();
  const ids = Object.fromEntries(["root", "embed", "retrieve", "generate", "check"].map((name) => [name, newSpanId()]));
  const common = { "langfuse.trace.name": "answer question", "user.id": user, "session.id": session, "langfuse.trace.tags": ["rag", "docs"], "langfuse.environment": "production" };
  const one = (fields) => span({ traceId, epoch, ...fields, start: fields.start * pace, end: fields.end * pace, attributes: { ...common, ...fields.attributes } });
  const passages = [{ id: "observe.md#1", score: 0.91, text: "One OBSERVE per function, as its first statement." }, { id: "design.md#4", score: 0.77, text: "A macro declares an ObservedScope." }];
  const messages = [
    { role: "system", content: "Answer from the passages. Quote code where it helps." },
    { role: "user", content: question },
  ];
  await sendToLangfuse(collector, [
    one({ id: ids.root, name: "answer question", start: 0, end: 1840, attributes: { "langfuse.observation.type": "chain", "langfuse.observation.input": JSON.stringify({ question }), "langfuse.observation.output": kAnswer, "langfuse.observation.metadata.corpus": "docs", "langfuse.observation.metadata.attempt": 1 } }),
    one({ id: ids.embed, parent: ids.root, name: "embed query", start: 12, end: 96, attributes: { "langfuse.observation.type": "embedding", "langfuse.observation.model.name": "text-embedding-3-small", "langfuse.observation.input": question, "langfuse.observation.usage_details": JSON.stringify({ input: 7, total: 7 }) } }),
    one({ id: ids.retrieve, parent: ids.root, name: "retrieve passages", start: 98, end: 152, attributes: { "langfuse.observation.type": "retriever", "langfuse.observation.input": JSON.stringify({ query: question, k: 2 }), "langfuse.observation.output": JSON.stringify(passages) } }),
    one({ id: ids.generate, parent: ids.root, name: "compose answer", start: 158, end: 1702, attributes: {
      "langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-4o", "langfuse.observation.model.parameters": JSON.stringify({ temperature: 0.2, max_tokens: 400 }),
      "langfuse.observation.input": JSON.stringify(messages), "langfuse.observation.output": JSON.stringify({ role: "assistant", content: kAnswer }),
      "langfuse.observation.usage_details": JSON.stringify({ input: 412, output: 96, total: 508 }), "langfuse.observation.cost_details": JSON.stringify({ input: 0.00103, output: 0.00096, total: 0.00199 }),
      "langfuse.observation.completion_start_time": JSON.stringify(new Date(epoch + 610 * pace).toISOString()),
      "langfuse.observation.prompt.name": "rag-answer", "langfuse.observation.prompt.version": 3,
    } }),
    one({ id: ids.check, parent: ids.root, name: "check grounding", start: 1706, end: 1832, attributes: { "langfuse.observation.type": "guardrail", "langfuse.observation.output": JSON.stringify({ grounded: true, score: 0.94 }) } }),
  ]);
  return { traceId, ids };
}

async function sendToLangfuse(collector, spans) {
  const authorization = "Basic " + Buffer.from(kLangfuseKeys).toString("base64");
  await post(`${collector}/api/public/otel/v1/traces`, traceBody(spans), { Authorization: authorization });
}

const part = (content) => [{ type: "text", content }];

/// -> {traceId, ids: {root, plan, search, reply}}; the search fails.
export async function sendAgent(collector, { user = "grace", epoch = Date.now() - 120_000 } = {}) {
  const traceId = newTraceId();
  const ids = Object.fromEntries(["root", "plan", "search", "reply"].map((name) => [name, newSpanId()]));
  const one = (fields) => span({ traceId, epoch, ...fields, attributes: { "user.id": user, ...fields.attributes } });
  const asked = [{ role: "user", parts: part("Find me a train to Vienna tomorrow morning.") }];
  const call = { role: "assistant", parts: [{ type: "tool_call", id: "call_9", name: "search_trains", arguments: { to: "Vienna", date: "2026-11-28" } }] };
  const failed = { role: "tool", parts: [{ type: "tool_call_response", id: "call_9", result: { error: "timeout" } }] };
  const chat = (model, input, output, inputTokens, outputTokens) => ({
    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": model, "gen_ai.request.temperature": 0.5,
    "gen_ai.input.messages": JSON.stringify(input), "gen_ai.output.messages": JSON.stringify([output]),
    "gen_ai.usage.input_tokens": inputTokens, "gen_ai.usage.output_tokens": outputTokens,
  });
  await sendSpans(collector, [
    one({ id: ids.root, name: "plan a trip", start: 0, end: 5230, attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "trip planner" } }),
    one({ id: ids.plan, parent: ids.root, name: "chat claude-sonnet-4", start: 20, end: 1480, attributes: chat("claude-sonnet-4", asked, call, 180, 42) }),
    one({ id: ids.search, parent: ids.root, name: "search_trains", start: 1490, end: 4490, error: "timeline.example did not answer within 3 s", attributes: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search_trains", "gen_ai.tool.call.arguments": JSON.stringify({ to: "Vienna" }) },
      events: [{ name: "retry", at: 2500, attributes: { attempt: 2 } }, { name: "exception", at: 4490, attributes: { "exception.type": "TimeoutError", "exception.message": "timeline.example did not answer within 3 s", "exception.stacktrace": "search_trains at trains.cpp:41\nrun_tool at agent.cpp:88" } }] }),
    one({ id: ids.reply, parent: ids.root, name: "chat claude-sonnet-4", start: 4500, end: 5220, attributes: chat("claude-sonnet-4", [...asked, call, failed], { role: "assistant", parts: part("The timetable did not answer. Shall I try again?"), finish_reason: "stop" }, 260, 18) }),
  ]);
  return { traceId, ids };
}

/// A chain of two runs. -> {traceId (32 hex digits), runs: {root, model} (UUIDs)}
export async function sendLangSmith(collector, { epoch = Date.now() - 180_000 } = {}) {
  const root = crypto.randomUUID();
  const model = crypto.randomUUID();
  const at = (offset) => new Date(epoch + offset).toISOString().replace("Z", "000Z");
  const order = (offset, id) => at(offset).replace(/[-:.]/g, "") + id;
  const runs = [
    { id: root, trace_id: root, dotted_order: order(0, root), name: "summarise report", run_type: "chain", session_name: "reports", start_time: at(0), end_time: at(2100), inputs: { report: "Q3" }, outputs: { summary: "Sales rose." } },
    { id: model, trace_id: root, parent_run_id: root, dotted_order: `${order(0, root)}.${order(40, model)}`, name: "ChatOpenAI", run_type: "llm", session_name: "reports", start_time: at(40), end_time: at(2000),
      inputs: { messages: [[{ id: ["langchain", "schema", "SystemMessage"], kwargs: { content: "Be brief." } }, { id: ["langchain", "schema", "HumanMessage"], kwargs: { content: "Summarise Q3." } }]] },
      outputs: { generations: [[{ text: "Sales rose.", message: { id: ["langchain", "schema", "AIMessage"], kwargs: { content: "Sales rose." } } }]] },
      extra: { metadata: { ls_model_name: "gpt-4o-mini", ls_provider: "openai", usage_metadata: { input_tokens: 640, output_tokens: 85, total_tokens: 725 } } } },
  ];
  await post(`${collector}/runs/batch`, { post: runs, patch: [] }, { "x-api-key": kLangSmithKey });
  return { traceId: root.replaceAll("-", ""), runs: { root, model } };
}
