// The page's modules that need no page: which values are chats, how a tree is made of nodes, how figures are
// written.
import { test } from "node:test";
import assert from "node:assert/strict";

const source = (name) => import(`${process.env.VIEWER_SOURCE}/${name}.js`);
const { chatOf } = await source("messages");
const { buildTree, subtree, visibleRows } = await source("trace_tree");
const { formatCost, formatDuration, tickStep } = await source("format");
const { parseRoute, routeTo } = await source("address");

const text = (words) => ({ kind: "text", text: words });
const roles = (value) => chatOf(value)?.map((message) => message.role) ?? null;
const parts = (value) => chatOf(value)?.map((message) => message.parts) ?? null;

for (const [what, value, expected] of [
  ["OpenAI's list", [{ role: "system", content: "a" }, { role: "user", content: "b" }], [[text("a")], [text("b")]]],
  ["OpenAI's request", { model: "gpt-4o", messages: [{ role: "user", content: "b" }] }, [[text("b")]]],
  ["OpenAI's reply", { choices: [{ finish_reason: "stop", message: { role: "assistant", content: "c" } }] }, [[text("c")]]],
  ["content in parts", [{ role: "user", content: [{ type: "text", text: "look" }, { type: "image_url", image_url: { url: "data:," } }] }], [[text("look"), { kind: "image", url: "data:," }]]],
  ["OpenAI's tool call", { role: "assistant", content: null, tool_calls: [{ id: "c1", function: { name: "f", arguments: '{"x":1}' } }] }, [[{ kind: "call", id: "c1", name: "f", arguments: { x: 1 } }]]],
  ["Responses' items", { output: [{ type: "reasoning", summary: [{ text: "hm" }] }, { type: "function_call", call_id: "c1", name: "f", arguments: "{}" }, { type: "message", role: "assistant", content: [{ type: "output_text", text: "d" }] }] }, [[{ kind: "reasoning", text: "hm" }], [{ kind: "call", id: "c1", name: "f", arguments: {} }], [text("d")]]],
  ["Anthropic's request", { system: "be brief", messages: [{ role: "user", content: "e" }] }, [[text("be brief")], [text("e")]]],
  ["Anthropic's blocks", { role: "assistant", content: [{ type: "thinking", thinking: "hm" }, { type: "tool_use", id: "t1", name: "f", input: { x: 1 } }] }, [[{ kind: "reasoning", text: "hm" }, { kind: "call", id: "t1", name: "f", arguments: { x: 1 } }]]],
  ["Anthropic's tool result", [{ role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "42" }] }], [[{ kind: "result", id: "t1", value: "42" }]]],
  ["GenAI's parts", [{ role: "user", parts: [{ type: "text", content: "f" }] }, { role: "assistant", parts: [{ type: "tool_call", id: "c", name: "f", arguments: { x: 1 } }] }], [[text("f")], [{ kind: "call", id: "c", name: "f", arguments: { x: 1 } }]]],
  ["LangChain's serialized messages", { messages: [[{ id: ["langchain", "HumanMessage"], kwargs: { content: "g" } }]] }, [[text("g")]]],
  ["LangChain's typed messages", { messages: [{ type: "human", content: "h" }, { type: "ai", content: "i" }] }, [[text("h")], [text("i")]]],
  ["LangChain's generations", { generations: [[{ text: "j" }]] }, [[text("j")]]],
  ["an unknown part", [{ role: "user", content: [{ type: "video", url: "v" }] }], [[{ kind: "json", value: { type: "video", url: "v" } }]]],
]) {
  test(`${what} is a chat`, () => assert.deepEqual(parts(value), expected));
}

for (const [what, value] of [["text", "hello"], ["null", null], ["a number", 7], ["an empty list", []], ["arguments", { question: "x", k: 3 }], ["documents", [{ id: "1", text: "passage" }]], ["a list of numbers", [1, 2]], ["messages that are none", { messages: "none" }], ["a mixed list", [{ role: "user", content: "a" }, 3]]]) {
  test(`${what} is no chat`, () => assert.equal(chatOf(value), null));
}

test("roles are those of the field", () => {
  assert.deepEqual(roles({ messages: [{ type: "human", content: "a" }, { type: "ai", content: "b" }, { role: "tool", content: "c" }] }), ["user", "assistant", "tool"]);
});

test("a role that names a prototype's property is text", () => {
  assert.deepEqual(roles([{ role: "__proto__", content: "a" }, { role: "constructor", content: "b" }]), ["__proto__", "constructor"]);
});

test("what is no text where text belongs is left out of headings", () => {
  const [message] = chatOf([{ role: "tool", name: { type: "b" }, tool_call_id: ["x"], finish_reason: {}, content: [{ type: "tool_call", id: {}, name: {}, arguments: 1 }] }]);

  assert.deepEqual(message, { role: "tool", name: undefined, answers: undefined, finish: undefined, parts: [{ kind: "call", id: undefined, name: "function", arguments: 1 }] });
});

const summary = (id, depth, more = {}) => ({ id, depth, name: id, type: "SPAN", level: "DEFAULT", start_offset_ms: 0, duration_ms: 1, ...more });
const ids = (nodes) => nodes.map((node) => node.id);

test("a tree knows parents, children and sizes", () => {
  const tree = buildTree([summary("a", 0), summary("b", 1), summary("c", 2), summary("d", 1), summary("e", 0)]);

  assert.deepEqual(tree.nodes.map((node) => [node.id, node.parent?.id ?? null, node.size]), [["a", null, 4], ["b", "a", 2], ["c", "b", 1], ["d", "a", 1], ["e", null, 1]]);
  assert.deepEqual(ids(subtree(tree, tree.byId.get("a"))), ["a", "b", "c", "d"]);
});

test("nothing below a folded node is a row", () => {
  const tree = buildTree([summary("a", 0), summary("b", 1), summary("c", 2), summary("d", 1)]);

  assert.deepEqual(ids(visibleRows(tree, new Set(["b"]))), ["a", "b", "d"]);
});

test("a search keeps what leads to what it found, folded or not", () => {
  const tree = buildTree([summary("a", 0), summary("b", 1), summary("c", 2, { model: "GPT-4o" }), summary("d", 1)]);

  assert.deepEqual(ids(visibleRows(tree, new Set(["b"]), "gpt")), ["a", "b", "c"]);
});

test("a tree 100,000 deep is no problem", () => {
  const tree = buildTree(Array.from({ length: 100_000 }, (_, depth) => summary(String(depth), depth)));

  assert.equal(tree.nodes[0].size, 100_000);
});

for (const [milliseconds, expected] of [[null, "–"], [0, "0 ms"], [0.25, "250 µs"], [1.25, "1.3 ms"], [84, "84 ms"], [999.6, "1.00 s"], [1840, "1.84 s"], [59_999, "1m 0s"], [61_000, "1m 1s"], [3_600_000, "1h 0m"]]) {
  test(`${milliseconds} ms is written ${expected}`, () => assert.equal(formatDuration(milliseconds), expected));
}

for (const [dollars, expected] of [[null, "–"], [0, "$0"], [0.0000001, "<$0.000001"], [0.00199, "$0.00199"], [0.0421, "$0.0421"], [1234.5, "$1,234.50"]]) {
  test(`${dollars} dollars are written ${expected}`, () => assert.equal(formatCost(dollars), expected));
}

test("a time axis has round steps", () => {
  assert.deepEqual([812, 7, 0.3, 5400].map((span) => tickStep(span, 4)), [500, 2, 0.1, 2000]);
});

test("an address is read as it was written, whatever is in it", () => {
  const given = { tag: ["a&b", "c#d"], q: "100 % <b>", user: "ü/?" };

  const { parts: path, query } = parseRoute(routeTo(["sessions", "a/b?c#d %"], given));

  assert.deepEqual([path, query], [["sessions", "a/b?c#d %"], given]);
});
