// Events of a node, and log lines that were written while it ran.
import { html, useState } from "./html.js";
import { read } from "./api.js";
import { Problem } from "./empty.js";
import { formatDuration, formatTime } from "./format.js";
import { JsonView } from "./json_view.js";
import { useData } from "./use_data.js";
import { textOf } from "./value_view.js";

export function EventLines({ events }) {
  return html`<section class="part" aria-label="Events"><header class="part-head"><h2>Events</h2></header>
    <ol class="lines">${events.map(({ time, offset_ms: offset, name, attributes }, index) => html`<${Line} key=${index} time=${time} offset=${offset} text=${name} attributes=${attributes} />`)}</ol>
  </section>`;
}

export function LogLines({ title, lines }) {
  return html`<section class="part" aria-label=${title}><header class="part-head"><h2>${title}</h2></header>
    <ol class="lines">${lines.map((line, index) => html`<${Line} key=${index} time=${line.time} offset=${line.offset_ms} severity=${line.severity} text=${textOf(line.body)} attributes=${line.attributes} />`)}</ol>
  </section>`;
}

function kindOf(severity) {
  if (/^(ERROR|FATAL|CRITICAL)/i.test(severity)) return "danger";
  return /^WARN/i.test(severity) ? "warning" : "muted";
}

function Line({ time, offset, severity, text, attributes }) {
  const [open, setOpen] = useState(false);
  const more = Object.keys(attributes ?? {}).length;
  return html`<li>
    <div class="line">
      <span class="faint number line-time" title=${formatTime(Date.parse(time))}>+${formatDuration(offset)}</span>
      ${severity && html`<span class=${`line-severity ${kindOf(severity)}`}>${severity}</span>`}
      <span class="grow line-text">${text}</span>
      ${more > 0 && html`<button type="button" class="chip" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}>${more} ${more === 1 ? "attribute" : "attributes"}</button>`}
    </div>
    ${open && html`<${JsonView} value=${attributes} />`}
  </li>`;
}

/// The lines of the whole trace, read when they are asked for.
export function TraceLogs({ traceId, count }) {
  const [open, setOpen] = useState(false);
  if (!open) return html`<button type="button" class="button" onClick=${() => setOpen(true)}>Show ${count} log ${count === 1 ? "line" : "lines"} of the trace</button>`;
  return html`<${LoadedLogs} traceId=${traceId} />`;
}

function LoadedLogs({ traceId }) {
  const logs = useData(traceId, (signal) => read(`traces/${encodeURIComponent(traceId)}/logs`, {}, signal));
  if (logs.error) return html`<${Problem} error=${logs.error} onRetry=${logs.reload} />`;
  return logs.data && html`<${LogLines} title="Log of the trace" lines=${logs.data.logs} />`;
}
