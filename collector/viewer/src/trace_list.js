// All traces: search, filters, sorting, paging, and new ones as they arrive.
import { html, useState } from "./html.js";
import { read } from "./api.js";
import { FilterChips, FilterPanel, kFilters, setFilters } from "./filters.js";
import { FirstTrace, Nothing, Problem } from "./empty.js";
import { Icon } from "./icons.js";
import { ImportButton } from "./import_button.js";
import { useKeys } from "./keys.js";
import { useLive } from "./live.js";
import { RangePicker, startOf } from "./ranges.js";
import { navigate, routeTo } from "./router.js";
import { SearchBox } from "./search_box.js";
import { TraceTable } from "./trace_table.js";
import { useData } from "./use_data.js";
import { useThrottled } from "./use_throttled.js";
import { useTitle } from "./use_title.js";

const kPageSize = 50;

export function TraceList({ query }) {
  const [filtersOpen, setFiltersOpen] = useState(false);
  const change = (changes) => navigate(["traces"], { ...query, cursor: "", ...changes });
  const traces = useData(JSON.stringify(query), (signal) => read("traces", parametersOf(query), signal));
  const isFirstPage = !query.cursor;
  const live = useLive(query.live !== "off" && isFirstPage, {}, useThrottled(traces.reload));
  const toggleLive = () => change({ live: query.live === "off" ? "" : "off" });
  useKeys({ f: () => setFiltersOpen((open) => !open), l: toggleLive });
  const count = setFilters(query).length;
  useTitle("Traces");
  return html`<div class="list-view">
    <header class="toolbar">
      <h1>Traces</h1>
      <${SearchBox} value=${query.q ?? ""} placeholder="Search names, ids, users, inputs and outputs" onSearch=${(q) => change({ q })} />
      <${RangePicker} value=${query.range ?? "all"} onChange=${(range) => change({ range: range === "all" ? "" : range })} />
      <button type="button" class="button" aria-expanded=${String(filtersOpen)} title="Filters (f)" onClick=${() => setFiltersOpen(!filtersOpen)}>
        <${Icon} name="filter" size=${14} /><span>Filters</span>${count > 0 && html`<span class="badge">${count}</span>`}
      </button>
      <${ImportButton} onDone=${traces.reload} />
      <${LiveButton} state=${live} on=${query.live !== "off"} isFirstPage=${isFirstPage} onClick=${toggleLive} />
    </header>
    ${filtersOpen && html`<${FilterPanel} query=${query} onChange=${change} />`}
    <${FilterChips} query=${query} onChange=${change} />
    <${Found} traces=${traces} query=${query} onChange=${change} />
  </div>`;
}

function parametersOf({ range, live, ...rest }) {
  return { limit: kPageSize, from: startOf(range), ...rest };
}

function isLimited(query) {
  return query.q || query.range || query.cursor || kFilters.some(({ key }) => query[key]);
}

function Found({ traces, query, onChange }) {
  const { data, error, loading } = traces;
  if (error && !data) return html`<${Problem} error=${error} onRetry=${traces.reload} />`;
  if (!data) return html`<p class="quiet" role="status">Loading…</p>`;
  if (data.traces.length === 0) {
    if (!isLimited(query)) return html`<${FirstTrace} />`;
    return html`<${Nothing} title="No trace fits" text="Nothing that is stored fits the search and the filters.">
      <a class="button" href=${routeTo(["traces"])}>Show all traces</a>
    <//>`;
  }
  return html`
    ${error && html`<${Problem} error=${error} onRetry=${traces.reload} />`}
    <${TraceTable} traces=${data.traces} query=${query} busy=${loading && !traces.isCurrent} onChange=${onChange} />
    <${Pager} query=${query} next=${data.next_cursor} onChange=${onChange} />`;
}

function Pager({ query, next, onChange }) {
  if (!next && !query.cursor) return null;
  return html`<nav class="row pager" aria-label="Pages">
    ${query.cursor && html`<button type="button" class="button" onClick=${() => onChange({ cursor: "" })}>First page</button>`}
    <span class="grow"></span>
    <button type="button" class="button" disabled=${!next} onClick=${() => onChange({ cursor: next })}>Next page</button>
  </nav>`;
}

const kLiveWords = { off: "Paused", connecting: "Connecting", live: "Live", lost: "Reconnecting" };

function LiveButton({ state, on, isFirstPage, onClick }) {
  const title = isFirstPage ? "New traces as they arrive (l)" : "Only the first page is live";
  return html`<button type="button" class=${`button live is-${state}`} aria-pressed=${String(on && isFirstPage)} disabled=${!isFirstPage} title=${title} onClick=${onClick}>
    <span class="dot"></span><span>${kLiveWords[state]}</span>
  </button>`;
}
