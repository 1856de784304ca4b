// All that is known of one node, in the order in which one asks: what was said, what went wrong, what it cost,
// how it was judged, and then everything else that was sent.
import { html } from "./html.js";
import { readNode } from "./api.js";
import { CopyButton } from "./copy.js";
import { Problem } from "./empty.js";
import { formatCost, formatCount, formatDuration, formatTime } from "./format.js";
import { Icon, TypeIcon } from "./icons.js";
import { JsonView } from "./json_view.js";
import { EventLines, LogLines, TraceLogs } from "./log_lines.js";
import { Scores } from "./scores.js";
import { subtreeText } from "./subtree_text.js";
import { TextView } from "./text_view.js";
import { Sources } from "./trace_head.js";
import { UsageTable } from "./usage_table.js";
import { useData } from "./use_data.js";
import { ValueView } from "./value_view.js";

export function NodeDetails({ data, node, tree, onChanged, onClose }) {
  const { trace } = data;
  const key = `${trace.trace_id} ${node.id} ${trace.updated_time}`;
  const loaded = useData(key, (signal) => readNode(trace.trace_id, node.id, signal));
  const full = loaded.data;
  const isRoot = node.index === 0;
  return html`<article class="details">
    <${Head} trace=${trace} node=${node} tree=${tree} onClose=${onClose} />
    <${Facts} summary=${node.summary} full=${full} />
    ${loaded.error && html`<${Problem} error=${loaded.error} onRetry=${loaded.reload} />`}
    ${node.summary.level === "ERROR" || full?.error ? html`<${ErrorPart} summary=${node.summary} error=${full?.error} />` : null}
    ${full && html`<${Content} full=${full} />`}
    <${Scores} traceId=${trace.trace_id} nodeId=${node.id} scores=${data.scores.filter((score) => score.node_id === node.id)} onChanged=${onChanged} />
    ${full && html`<${More} full=${full} />`}
    ${isRoot && html`<${OfTheTrace} data=${data} full=${full} onChanged=${onChanged} />`}
  </article>`;
}

function Head({ trace, node, tree, onClose }) {
  const copy = (form) => () => subtreeText(trace.trace_id, tree, node, form);
  return html`<header class="details-head row">
    <button type="button" class="button plain only close-details" aria-label="Back to the tree" onClick=${onClose}><${Icon} name="back" /></button>
    <${TypeIcon} type=${node.summary.type} size=${16} />
    <h1 class="grow clip" title=${node.summary.name}>${node.summary.name || "unnamed"}</h1>
    <${CopyButton} what="this node and all below as JSON" label="JSON" text=${copy("json")} />
    <${CopyButton} what="this node and all below as Markdown" label="Markdown" text=${copy("markdown")} />
  </header>`;
}

function Facts({ summary, full }) {
  const { level } = summary;
  return html`<div class="facts row wrap">
    <span class="chip type-chip">${String(summary.type).toLowerCase()}</span>
    ${level !== "DEFAULT" && html`<span class=${`chip ${level === "ERROR" ? "error" : level === "WARNING" ? "warning" : ""}`}>${level.toLowerCase()}</span>`}
    <span class="chip number">${summary.duration_ms == null ? "running" : formatDuration(summary.duration_ms)}</span>
    ${summary.time_to_first_token_ms != null && html`<span class="chip number" title="Until the first token">first token ${formatDuration(summary.time_to_first_token_ms)}</span>`}
    ${summary.model && html`<span class="chip"><span>${full?.provider ? html`<span class="faint">${full.provider}</span> ` : null}${summary.model}</span></span>`}
    ${summary.total_tokens > 0 && html`<span class="chip number">${formatCount(summary.input_tokens)} → ${formatCount(summary.output_tokens)} tokens</span>`}
    ${summary.cost_usd != null && html`<span class="chip number" title=${summary.cost_is_estimated ? "By the price table" : "As sent"}>${formatCost(summary.cost_usd)}</span>`}
    ${full?.prompt && html`<span class="chip"><span><span class="faint">prompt</span> ${full.prompt.name} v${full.prompt.version}</span></span>`}
    <${Sources} sources=${summary.sources} />
  </div>`;
}

function ErrorPart({ summary, error }) {
  const message = error?.message ?? summary.status_message ?? "It failed; no text was sent.";
  return html`<section class="part error-part" role="group" aria-label="Error">
    <header class="part-head danger"><${Icon} name="error" /><h2 class="grow">${error?.type ?? "Error"}</h2><${CopyButton} what="error" text=${() => [error?.type, message, error?.stack_trace].filter(Boolean).join("\n")} /></header>
    <${TextView} text=${message} fences=${false} />
    ${error?.stack_trace && html`<details><summary>Stack trace</summary><pre class="stack">${error.stack_trace}</pre></details>`}
  </section>`;
}

function Content({ full }) {
  return html`
    ${full.input != null && html`<${ValueView} title="Input" value=${full.input} />`}
    ${full.output != null && html`<${ValueView} title="Output" value=${full.output} />`}
    ${full.input == null && full.output == null && html`<p class="quiet">Neither input nor output was sent.</p>`}`;
}

const isEmpty = (value) => value == null || Object.keys(value).length === 0;

function More({ full }) {
  return html`
    ${!isEmpty(full.usage) || !isEmpty(full.cost) ? html`<${UsageTable} usage=${full.usage} cost=${full.cost} estimated=${full.cost_is_estimated} />` : null}
    <${Values} title="Model parameters" value=${full.model_parameters} />
    <${Values} title="Metadata" value=${full.metadata} />
    ${full.events.length > 0 && html`<${EventLines} events=${full.events} />`}
    ${full.logs.length > 0 && html`<${LogLines} title="Log" lines=${full.logs} />`}
    <${Values} title="Attributes" value=${full.attributes} />
    <${Values} title="Resource" value=${full.resource} />
    <${Values} title="Scope" value=${full.scope} />
    <${Values} title="Identity" value=${identity(full)} />`;
}

function Values({ title, value }) {
  if (isEmpty(value)) return null;
  return html`<section class="part" aria-label=${title}>
    <header class="part-head"><h2 class="grow">${title}</h2><${CopyButton} what=${title.toLowerCase()} text=${() => JSON.stringify(value, null, 2)} /></header>
    <${JsonView} value=${value} />
  </section>`;
}

function identity(full) {
  const all = {
    id: full.id, parent: full.parent_id, started: formatTime(Date.parse(full.start_time)), user: full.user_id, session: full.session_id,
    environment: full.environment, release: full.release, version: full.version, tags: full.tags?.length ? full.tags : null,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value != null));
}

// What is said of the trace as a whole stands with its first node, as far as the node does not say the same.
function OfTheTrace({ data, full, onChanged }) {
  const { trace } = data;
  const differs = (key) => trace[key] != null && full && JSON.stringify(trace[key]) !== JSON.stringify(full[key]);
  const scores = data.scores.filter((score) => score.node_id == null);
  return html`<div class="of-the-trace">
    <h2 class="faint">The trace as a whole</h2>
    ${differs("input") && html`<${ValueView} title="Trace input" value=${trace.input} />`}
    ${differs("output") && html`<${ValueView} title="Trace output" value=${trace.output} />`}
    ${differs("metadata") && html`<${Values} title="Trace metadata" value=${trace.metadata} />`}
    <${Scores} title="Trace scores" traceId=${trace.trace_id} nodeId=${null} scores=${scores} onChanged=${onChanged} />
    ${data.logs_count > 0 && html`<${TraceLogs} traceId=${trace.trace_id} count=${data.logs_count} />`}
  </div>`;
}
