// Conversations and other sessions, the newest activity first.
import { html } from "./html.js";
import { read } from "./api.js";
import { Nothing, Problem } from "./empty.js";
import { formatAgo, formatCompact, formatCost, formatTime } from "./format.js";
import { Icon } from "./icons.js";
import { navigate, routeTo } from "./router.js";
import { RangePicker, startOf } from "./ranges.js";
import { SearchBox } from "./search_box.js";
import { useData } from "./use_data.js";
import { useTitle } from "./use_title.js";
import { useListKeys } from "./list_keys.js";
import { useNow } from "./use_now.js";

const kPageSize = 50;
const kUsersShown = 3;

export function SessionList({ query }) {
  const { range, ...rest } = query;
  const load = (signal) => read("sessions", { limit: kPageSize, from: startOf(range), ...rest }, signal);
  const sessions = useData(JSON.stringify(query), load);
  const change = (changes) => navigate(["sessions"], { ...query, cursor: "", ...changes });
  useTitle("Sessions");
  return html`<div class="list-view">
    <header class="toolbar">
      <h1>Sessions</h1>
      <${SearchBox} value=${query.q ?? ""} placeholder="Search session ids" onSearch=${(q) => change({ q })} />
      <${RangePicker} value=${range ?? "all"} onChange=${(wanted) => change({ range: wanted === "all" ? "" : wanted })} />
    </header>
    <${Found} sessions=${sessions} query=${query} onChange=${change} />
  </div>`;
}

function Found({ sessions, query, onChange }) {
  const { data, error } = sessions;
  if (error) return html`<${Problem} error=${error} onRetry=${sessions.reload} />`;
  if (!data) return html`<p class="quiet" role="status">Loading…</p>`;
  if (data.sessions.length === 0) {
    return html`<${Nothing} title="No sessions" text="A session joins the traces of one conversation: give them the same session id, as with llmtrace::propagate({.session_id = …})." />`;
  }
  return html`<${SessionTable} sessions=${data.sessions} />
    ${(data.next_cursor || query.cursor) && html`<nav class="row pager" aria-label="Pages">
      ${query.cursor && html`<button type="button" class="button" onClick=${() => onChange({ cursor: "" })}>First page</button>`}
      <span class="grow"></span>
      <button type="button" class="button" disabled=${!data.next_cursor} onClick=${() => onChange({ cursor: data.next_cursor })}>Next page</button>
    </nav>`}`;
}

function SessionTable({ sessions }) {
  const now = useNow();
  const { grid, active } = useListKeys(sessions.length, (index) => navigate(["sessions", sessions[index].session_id]));
  return html`<div class="trace-table" ref=${grid} role="grid" aria-label="Sessions">
    <div class="session-row trace-head" role="row">
      ${["Session", "Last activity", "Traces", "Tokens", "Cost", "Users"].map((name) => html`<div class="cell" role="columnheader">${name}</div>`)}
    </div>
    ${sessions.map((session, index) => html`<div key=${session.session_id} class="session-row" role="row" aria-selected=${String(index === active)}
        onClick=${(event) => !event.target.closest("a") && navigate(["sessions", session.session_id])}>
      <div class="cell cell-name" role="gridcell"><${Icon} name="session" size=${14} /><a class="clip trace-name" href=${routeTo(["sessions", session.session_id])}>${session.session_id}</a>
        ${session.error_count > 0 && html`<span class="chip error"><${Icon} name="error" size=${12} />${session.error_count}</span>`}</div>
      <div class="cell number" role="gridcell" title=${formatTime(Date.parse(session.last_time))}>${formatAgo(Date.parse(session.last_time), now)}</div>
      <div class="cell number" role="gridcell">${formatCompact(session.trace_count)}</div>
      <div class="cell number" role="gridcell">${session.total_tokens ? formatCompact(session.total_tokens) : "–"}</div>
      <div class="cell number" role="gridcell">${formatCost(session.cost_usd)}</div>
      <div class="cell" role="gridcell">${session.user_ids.slice(0, kUsersShown).map((user) => html`<span key=${user} class="chip"><span>${user}</span></span>`)}
        ${session.user_ids.length > kUsersShown && html`<span class="faint">+${session.user_ids.length - kUsersShown}</span>`}</div>
    </div>`)}
  </div>`;
}
