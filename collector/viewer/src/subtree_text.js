// A node and all below it as text to take elsewhere: JSON for programs, Markdown for people and for models.
import { readTrace } from "./api.js";
import { formatCost, formatDuration } from "./format.js";
import { subtree } from "./trace_tree.js";
import { textOf } from "./value_view.js";

/// `form` is "json" or "markdown". Reads the trace with all content first.
export async function subtreeText(traceId, tree, node, form) {
  const { nodes } = await readTrace(traceId, { content: "full" });
  const wanted = new Set(subtree(tree, node).map((one) => one.id));
  const chosen = nodes.filter((one) => wanted.has(one.id));
  return form === "json" ? JSON.stringify(nested(chosen), null, 2) : markdown(chosen);
}

// The list in pre-order as an object with `children`.
function nested(nodes) {
  const path = [];
  for (const node of nodes) {
    const { depth, ...rest } = node;
    const item = { ...rest, children: [] };
    path.length = depth - nodes[0].depth;
    path.at(-1)?.children.push(item);
    path.push(item);
  }
  return path[0] ?? null;
}

const kDeepestHeading = 6;

function markdown(nodes) {
  return nodes.map((node) => section(node, Math.min(kDeepestHeading, 1 + node.depth - nodes[0].depth))).join("\n\n") + "\n";
}

function section(node, heading) {
  const parts = [`${"#".repeat(heading)} ${oneLine(node.name || "unnamed")} (${node.type.toLowerCase()})`, facts(node)];
  if (node.error) parts.push(`**Error** ${oneLine([node.error.type, node.error.message].filter(Boolean).join(": "))}`);
  for (const key of ["input", "output", "metadata"]) {
    const value = node[key];
    if (value == null || (typeof value === "object" && Object.keys(value).length === 0)) continue;
    parts.push(`**${key[0].toUpperCase()}${key.slice(1)}**\n\n${fenced(value)}`);
  }
  return parts.join("\n\n");
}

function facts(node) {
  const tokens = node.total_tokens > 0 && `${node.input_tokens} → ${node.output_tokens} tokens`;
  const cost = node.cost_usd != null && formatCost(node.cost_usd);
  const scores = node.scores?.map(({ name, value, string_value: text }) => `${name} = ${text ?? value}`) ?? [];
  return [formatDuration(node.duration_ms), node.model, tokens, cost, ...scores].filter(Boolean).map((fact) => `- ${oneLine(fact)}`).join("\n");
}

const oneLine = (text) => String(text).replace(/\s+/g, " ").trim();

// A fence longer than any inside.
function fenced(value) {
  const text = textOf(value);
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${typeof value === "string" ? "" : "json"}\n${text}\n${fence}`;
}
