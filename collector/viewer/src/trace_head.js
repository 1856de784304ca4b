// The head of a trace's page: what it is, its sums, and what can be done with all of it.
import { html } from "./html.js";
import { exportTrace } from "./api.js";
import { CopyButton } from "./copy.js";
import { formatCompact, formatCost, formatDuration, formatTime } from "./format.js";
import { Icon } from "./icons.js";
import { routeTo } from "./router.js";

export function TraceHead({ data }) {
  const { trace } = data;
  return html`<header class="trace-title">
    <div class="row">
      <a class="button plain only back" href=${routeTo(["traces"])} aria-label="All traces" title="All traces (Esc)"><${Icon} name="back" /></a>
      <h1 class="clip" title=${trace.name}>${trace.name || "unnamed"}</h1>
      <span class="faint mono clip trace-id">${trace.trace_id}</span>
      <span class="grow"></span>
      <${CopyButton} what="link to this view" icon="link" label="Link" text=${() => location.href} />
      <button type="button" class="button plain" title="Export as OTLP JSON" onClick=${() => download(trace.trace_id)}><${Icon} name="download" /><span>OTLP</span></button>
    </div>
    <div class="facts row wrap">
      <${Fact} name="Started" value=${formatTime(Date.parse(trace.start_time))} />
      <${Fact} name="Latency" value=${trace.latency_ms == null ? "running" : formatDuration(trace.latency_ms)} />
      <${Fact} name="Nodes" value=${formatCompact(trace.node_count)} />
      ${trace.total_tokens > 0 && html`<${Fact} name="Tokens" value=${`${formatCompact(trace.input_tokens)} → ${formatCompact(trace.output_tokens)}`} />`}
      ${trace.cost_usd != null && html`<${Fact} name=${trace.cost_is_estimated ? "Cost (by table)" : "Cost"} value=${formatCost(trace.cost_usd)} />`}
      ${trace.error_count > 0 && html`<span class="chip error"><${Icon} name="error" size=${12} />${trace.error_count} ${trace.error_count === 1 ? "error" : "errors"}</span>`}
      ${trace.user_id && html`<a class="chip" href=${routeTo(["traces"], { user: trace.user_id })} title="Traces of this user"><span><span class="faint">user</span> ${trace.user_id}</span></a>`}
      ${trace.session_id && html`<a class="chip" href=${routeTo(["sessions", trace.session_id])} title="This session"><span><span class="faint">session</span> ${trace.session_id}</span></a>`}
      ${trace.environment && trace.environment !== "default" && html`<span class="chip"><span><span class="faint">env</span> ${trace.environment}</span></span>`}
      ${trace.release && html`<span class="chip"><span><span class="faint">release</span> ${trace.release}</span></span>`}
      ${trace.version && html`<span class="chip"><span><span class="faint">version</span> ${trace.version}</span></span>`}
      ${trace.tags.map((tag) => html`<a key=${tag} class="chip outline" href=${routeTo(["traces"], { tag })}><span>${tag}</span></a>`)}
      <${Sources} sources=${trace.sources} />
    </div>
  </header>`;
}

function Fact({ name, value }) {
  return html`<span class="fact"><span class="faint">${name}</span> <span class="number">${value}</span></span>`;
}

const kSourceNames = new Map([["langfuse", "Langfuse"], ["langsmith", "LangSmith"], ["otlp", "OTLP"]]);

/// By which intake something came.
export function Sources({ sources }) {
  return sources.map((source) => html`<span key=${source} class="chip outline source" title="Came by this intake">${kSourceNames.get(source) ?? source}</span>`);
}

async function download(id) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await exportTrace(id));
  link.download = `${id}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}
