// Sums and courses over a span of time: latency, cost, tokens and errors, over time and by model and name.
import { html, useEffect, useMemo, useState } from "./html.js";
import { read } from "./api.js";
import { Chart } from "./chart.js";
import { FirstTrace, Problem } from "./empty.js";
import { formatCompact, formatCost, formatDuration, formatPercent } from "./format.js";
import { TypeIcon } from "./icons.js";
import { RangePicker, startOf } from "./ranges.js";
import { navigate, routeTo } from "./router.js";
import { useData } from "./use_data.js";
import { useTitle } from "./use_title.js";

const kSteps = 60;
const kReloadEvery = 15_000;

export function Dashboard({ query }) {
  const range = query.range ?? "24h";
  const change = (changes) => navigate(["dashboard"], { ...query, ...changes });
  const parameters = { environment: query.environment, name: query.name, buckets: kSteps };
  const stats = useData(JSON.stringify(query), (signal) => read("stats", { ...parameters, from: startOf(range) ?? 0 }, signal));
  useEffect(() => {
    const timer = setInterval(stats.reload, kReloadEvery);
    return () => clearInterval(timer);
  }, []);
  const { data, error } = stats;
  useTitle("Dashboard");
  return html`<div class="list-view">
    <header class="toolbar">
      <h1 class="grow">Dashboard</h1>
      <${FacetPicker} name="Environment" facet="environments" value=${query.environment} onChange=${(environment) => change({ environment })} />
      <${FacetPicker} name="Trace name" facet="names" value=${query.name} onChange=${(name) => change({ name })} />
      <${RangePicker} value=${range} onChange=${(wanted) => change({ range: wanted === "24h" ? "" : wanted })} />
    </header>
    ${error && html`<${Problem} error=${error} onRetry=${stats.reload} />`}
    ${!data && !error && html`<p class="quiet" role="status">Loading…</p>`}
    ${data && (data.collector.trace_count === 0 ? html`<${FirstTrace} />` : html`<${Figures} stats=${data} />`)}
  </div>`;
}

function FacetPicker({ name, facet, value, onChange }) {
  const { data } = useData("facets", (signal) => read("facets", {}, signal));
  const offers = [...new Set([...(value ? [value] : []), ...(data?.[facet] ?? [])])];
  return html`<select class="field facet" aria-label=${name} value=${value ?? ""} onChange=${(event) => onChange(event.target.value)}>
    <option value="">${name}: any</option>
    ${offers.map((offer) => html`<option key=${offer} value=${offer}>${offer}</option>`)}
  </select>`;
}

function Figures({ stats }) {
  const { totals } = stats;
  const courses = useMemo(() => coursesOf(stats), [stats]);
  return html`<div class="dashboard">
    <dl class="tiles">
      <${Tile} name="Traces" value=${formatCompact(totals.count)} />
      <${Tile} name="Latency p50" value=${formatDuration(totals.latency_ms.p50)} />
      <${Tile} name="Latency p95" value=${formatDuration(totals.latency_ms.p95)} />
      <${Tile} name="Cost" value=${formatCost(totals.cost_usd)} />
      <${Tile} name="Tokens" value=${formatCompact(totals.total_tokens)} detail=${`${formatCompact(totals.input_tokens)} in, ${formatCompact(totals.output_tokens)} out`} />
      <${Tile} name="Errors" value=${formatPercent(totals.error_count, totals.count)} detail=${`${formatCompact(totals.error_count)} of ${formatCompact(totals.count)}`} bad=${totals.error_count > 0} />
    </dl>
    <div class="charts">${courses.map((course) => html`<${Chart} key=${course.title} ...${course} />`)}</div>
    <${FigureTable} title="By model" rows=${stats.by_model} first=${(row) => html`<a class="clip" href=${routeTo(["traces"], { model: row.model })}>${row.model}</a>`} />
    <${FigureTable} title="By name" rows=${stats.by_name} first=${(row) => html`<${TypeIcon} type=${row.type} /><span class="clip">${row.name}</span>`} />
    <${CollectorLine} collector=${stats.collector} />
  </div>`;
}

function Tile({ name, value, detail, bad }) {
  return html`<div class="tile"><dt>${name}</dt><dd class=${`number ${bad ? "danger" : ""}`}>${value}</dd>${detail && html`<dd class="tile-detail faint number">${detail}</dd>`}</div>`;
}

function coursesOf({ over_time: steps }) {
  const times = steps.map((step) => Date.parse(step.time) / 1000);
  const course = (title, format, lines) => ({ title, times, format, lines });
  const column = (of) => steps.map(of);
  return [
    course("Latency", formatDuration, [
      { name: "p50", colour: "--c-span", values: column((step) => step.latency_ms.p50) },
      { name: "p95", colour: "--c-generation", values: column((step) => step.latency_ms.p95) },
      { name: "p99", colour: "--c-agent", values: column((step) => step.latency_ms.p99) },
    ]),
    course("Cost", formatCost, [{ name: "cost", colour: "--c-retriever", values: column((step) => step.cost_usd ?? 0), bars: true }]),
    course("Tokens", formatCompact, [
      { name: "output", colour: "--c-generation", values: column((step) => step.output_tokens), drawn: column((step) => step.total_tokens), bars: true },
      { name: "input", colour: "--c-chain", values: column((step) => step.input_tokens), bars: true },
    ]),
    course("Traces and errors", formatCompact, [
      { name: "traces", colour: "--c-event", values: column((step) => step.count), bars: true },
      { name: "errors", colour: "--danger", values: column((step) => step.error_count), bars: true },
    ]),
  ];
}

const kColumns = [
  ["Count", (row) => formatCompact(row.count)],
  ["Errors", (row) => (row.error_count ? html`<span class="danger">${formatCompact(row.error_count)}</span>` : "0")],
  ["p50", (row) => formatDuration(row.latency_ms.p50)],
  ["p95", (row) => formatDuration(row.latency_ms.p95)],
  ["p99", (row) => formatDuration(row.latency_ms.p99)],
  ["Input", (row) => formatCompact(row.input_tokens)],
  ["Output", (row) => formatCompact(row.output_tokens)],
  ["Cost", (row) => formatCost(row.cost_usd)],
];

function FigureTable({ title, rows, first }) {
  const [all, setAll] = useState(false);
  if (rows.length === 0) return null;
  const shown = all ? rows : rows.slice(0, 10);
  return html`<section class="card" aria-label=${title}>
    <header class="row card-head"><h2 class="grow">${title}</h2>${rows.length > shown.length && html`<button type="button" class="button plain" onClick=${() => setAll(true)}>All ${rows.length}</button>`}</header>
    <div class="scroll-x"><table class="figures wide">
      <thead><tr><th scope="col">${title.replace("By ", "")}</th>${kColumns.map(([name]) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${shown.map((row, index) => html`<tr key=${index}><th scope="row"><span class="row">${first(row)}</span></th>${kColumns.map(([, of]) => html`<td class="number">${of(row)}</td>`)}</tr>`)}</tbody>
    </table></div>
  </section>`;
}

function CollectorLine({ collector }) {
  const pending = collector.text_index?.pending ?? 0;
  return html`<p class="faint number collector-line">
    llmtrace-collector ${collector.version} · ${formatCompact(collector.trace_count)} traces, ${formatCompact(collector.node_count)} nodes ·
    ${" "}${(collector.database_size_bytes / 1048576).toFixed(1)} MiB · up ${formatDuration(collector.uptime_ms)}
    ${pending > 0 && ` · text index ${formatCompact(pending)} behind`}
  </p>`;
}
