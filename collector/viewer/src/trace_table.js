// Traces as rows, of the list or of one session. A grid for screen readers; the arrow keys, j and k move the
// row that Enter opens.
import { html, useRef } from "./html.js";
import { formatAgo, formatCompact, formatCost, formatDuration, formatTime } from "./format.js";
import { Icon, TypeIcon } from "./icons.js";
import { useListKeys } from "./list_keys.js";
import { navigate, routeTo } from "./router.js";
import { useNow } from "./use_now.js";

const kColumns = [
  { key: "name", name: "Name" },
  { key: "time", name: "Started", sort: "time" },
  { key: "latency", name: "Latency", sort: "latency", number: true },
  { key: "tokens", name: "Tokens", sort: "tokens", number: true },
  { key: "cost", name: "Cost", sort: "cost", number: true },
  { key: "who", name: "User and session" },
  { key: "tags", name: "Tags" },
];
const kIconsShown = 4;
const kTagsShown = 3;

export function TraceTable({ traces, query, busy, onChange }) {
  const { grid, active } = useListKeys(traces.length, (index) => navigate(["traces", traces[index].trace_id]));
  const fresh = useFresh(traces);
  const now = useNow();
  return html`<div class=${`trace-table ${busy ? "is-busy" : ""}`} ref=${grid} role="grid" aria-label="Traces" aria-rowcount=${traces.length + 1} aria-busy=${String(Boolean(busy))}>
    <div class="trace-row trace-head" role="row">${kColumns.map((column) => html`<${Head} key=${column.key} column=${column} query=${query} onChange=${onChange} />`)}</div>
    ${traces.map((trace, index) => html`<${Row} key=${trace.trace_id} trace=${trace} now=${now} selected=${index === active} fresh=${fresh.has(trace.trace_id)} onChange=${onChange} />`)}
  </div>`;
}

function Head({ column, query, onChange }) {
  const sorted = (query?.sort ?? "time") === column.sort;
  const ascending = query?.order === "asc";
  const kind = `cell cell-${column.key} ${column.number ? "number" : ""}`;
  if (!column.sort || !onChange) return html`<div class=${kind} role="columnheader">${column.name}</div>`;
  const turn = () => onChange({ sort: column.sort === "time" ? "" : column.sort, order: sorted && !ascending ? "asc" : "" });
  return html`<div class=${kind} role="columnheader" aria-sort=${sorted ? (ascending ? "ascending" : "descending") : "none"}>
    <button type="button" class="sort" onClick=${turn}>${column.name}<span class="sort-arrow" aria-hidden="true"></span></button>
  </div>`;
}

function Row({ trace, now, selected, fresh, onChange }) {
  const failed = trace.error_count > 0;
  const open = (event) => {
    if (event.target.closest("a, button")) return;
    navigate(["traces", trace.trace_id]);
  };
  return html`<div class=${`trace-row ${fresh ? "is-fresh" : ""} ${failed ? "has-error" : ""}`} role="row" aria-selected=${String(selected)} onClick=${open}>
    <div class="cell cell-name" role="gridcell">
      <span class="type-icons">${trace.types.slice(0, kIconsShown).map((type) => html`<${TypeIcon} key=${type} type=${type} />`)}</span>
      <a class="clip trace-name" href=${routeTo(["traces", trace.trace_id])}>${trace.name || "unnamed"}</a>
      ${failed && html`<span class="chip error" title="Nodes with an error"><${Icon} name="error" size=${12} />${trace.error_count}</span>`}
      ${trace.level === "WARNING" && html`<span class="chip warning">warning</span>`}
      ${trace.score_count > 0 && html`<span class="faint number row score-count" title="Scores"><${Icon} name="EVALUATOR" size=${12} />${trace.score_count}</span>`}
      <span class="faint number node-count" title="Nodes">${trace.node_count}</span>
    </div>
    <div class="cell cell-time number" role="gridcell" title=${formatTime(Date.parse(trace.start_time))}>${formatAgo(Date.parse(trace.start_time), now)}</div>
    <div class="cell cell-latency number" role="gridcell">${trace.latency_ms == null ? html`<span class="faint">running</span>` : formatDuration(trace.latency_ms)}</div>
    <div class="cell cell-tokens number" role="gridcell" title=${`${trace.input_tokens} in, ${trace.output_tokens} out`}>${trace.total_tokens ? formatCompact(trace.total_tokens) : "–"}</div>
    <div class="cell cell-cost number" role="gridcell" title=${trace.cost_is_estimated ? "By the price table" : undefined}>${formatCost(trace.cost_usd)}</div>
    <div class="cell cell-who" role="gridcell">
      <${Value} filter="user" value=${trace.user_id} onChange=${onChange} />
      ${trace.session_id && html`<a class="chip outline" href=${routeTo(["sessions", trace.session_id])} title="Session"><${Icon} name="session" size=${11} /><span>${trace.session_id}</span></a>`}
    </div>
    <div class="cell cell-tags" role="gridcell">
      ${trace.environment && trace.environment !== "default" && html`<${Value} filter="environment" value=${trace.environment} onChange=${onChange} />`}
      ${trace.tags.slice(0, kTagsShown).map((tag) => html`<${Value} key=${tag} filter="tag" value=${tag} onChange=${onChange} />`)}
      ${trace.tags.length > kTagsShown && html`<span class="faint" title=${trace.tags.slice(kTagsShown).join(", ")}>+${trace.tags.length - kTagsShown}</span>`}
    </div>
  </div>`;
}

// A value that a click filters by.
function Value({ filter, value, onChange }) {
  if (!value) return null;
  if (!onChange) return html`<span class="chip"><span>${value}</span></span>`;
  return html`<button type="button" class="chip" title=${`Only ${filter} ${value}`} onClick=${() => onChange({ [filter]: value })}><span>${value}</span></button>`;
}

// The traces that were not there when the rows were shown before; none the first time.
function useFresh(traces) {
  const known = useRef(null);
  const fresh = useRef(new Set());
  const shown = useRef(null);
  if (shown.current !== traces) {
    fresh.current = new Set(known.current ? traces.map((one) => one.trace_id).filter((id) => !known.current.has(id)) : []);
    known.current = new Set(traces.map((one) => one.trace_id));
    shown.current = traces;
  }
  return fresh.current;
}
