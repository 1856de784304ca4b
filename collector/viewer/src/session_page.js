// One session: its traces in the order in which they happened, each with what went in and what came out.
import { html } from "./html.js";
import { read, readTrace } from "./api.js";
import { Nothing, Problem } from "./empty.js";
import { formatCompact, formatCost, formatDuration, formatTime } from "./format.js";
import { Icon, TypeIcon } from "./icons.js";
import { useKeys } from "./keys.js";
import { navigate, routeTo } from "./router.js";
import { useData } from "./use_data.js";
import { useTitle } from "./use_title.js";
import { ValueView } from "./value_view.js";

const kMost = 50;

export function SessionPage({ id }) {
  const load = (signal) => read("traces", { session: id, sort: "time", order: "asc", limit: kMost }, signal);
  const { data, error, reload } = useData(id, load);
  useKeys({ Escape: () => navigate(["sessions"]) });
  useTitle(id);
  return html`<div class="list-view session-view">
    <header class="toolbar">
      <a class="button plain only" href=${routeTo(["sessions"])} aria-label="All sessions"><${Icon} name="back" /></a>
      <h1 class="clip grow" title=${id}>${id}</h1>
      <a class="button" href=${routeTo(["traces"], { session: id })}>As a list</a>
    </header>
    ${error && html`<${Problem} error=${error} onRetry=${reload} />`}
    ${!data && !error && html`<p class="quiet" role="status">Loading…</p>`}
    ${data?.traces.length === 0 && html`<${Nothing} title="No such session" text="No stored trace has this session id." />`}
    <ol class="turns">${data?.traces.map((trace) => html`<${Turn} key=${trace.trace_id} summary=${trace} />`)}</ol>
    ${data?.next_cursor && html`<p class="quiet">The first ${kMost} traces are shown; the list has them all.</p>`}
  </div>`;
}

function Turn({ summary }) {
  const { data, error, reload } = useData(`${summary.trace_id} ${summary.updated_time}`, (signal) => readTrace(summary.trace_id, {}, signal));
  const trace = data?.trace;
  return html`<li class="turn">
    <header class="row wrap">
      <${TypeIcon} type=${summary.types[0]} />
      <a class="trace-name clip" href=${routeTo(["traces", summary.trace_id])}>${summary.name || "unnamed"}</a>
      ${summary.error_count > 0 && html`<span class="chip error"><${Icon} name="error" size=${12} />${summary.error_count}</span>`}
      <span class="grow"></span>
      <span class="faint number">${figures(summary)}</span>
      <span class="faint number">${formatTime(Date.parse(summary.start_time))}</span>
    </header>
    ${error && html`<${Problem} error=${error} onRetry=${reload} />`}
    ${trace?.input != null && html`<${ValueView} title="Input" value=${trace.input} />`}
    ${trace?.output != null && html`<${ValueView} title="Output" value=${trace.output} />`}
  </li>`;
}

function figures({ latency_ms: latency, total_tokens: tokens, cost_usd: cost }) {
  const known = [latency != null && formatDuration(latency), tokens > 0 && `${formatCompact(tokens)} tok`, cost != null && formatCost(cost)];
  return known.filter(Boolean).join(" · ");
}
