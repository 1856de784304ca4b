// A course over time, drawn by uPlot on a canvas; its figures stand in the legend for the step under the
// pointer, and for everybody else in a table that only screen readers see.
import uPlot from "uplot";
import { html, useEffect, useRef, useState } from "./html.js";
import { colourOf, onThemeChange } from "./theme.js";

const kHeight = 168;

export function Chart({ title, times, format, lines }) {
  const place = useRef();
  const [at, setAt] = useState(null);
  const [theme, setTheme] = useState(0);
  useEffect(() => onThemeChange(() => setTheme((old) => old + 1)), []);
  useEffect(() => draw(place.current, { times, format, lines }, setAt), [times, lines, theme]);
  return html`<figure class="card chart" aria-label=${title}>
    <figcaption class="row card-head">
      <h2 class="grow">${title}</h2>
      <span class="faint number">${at === null ? "" : stepName(times, at)}</span>
    </figcaption>
    <div class="legend row wrap">${lines.map((line) => html`<${Legend} key=${line.name} line=${line} at=${at} format=${format} />`)}</div>
    <div class="chart-place" ref=${place} aria-hidden="true"></div>
    <${Table} title=${title} times=${times} lines=${lines} format=${format} />
  </figure>`;
}

function Legend({ line, at, format }) {
  return html`<span class="row legend-item"><span class="swatch" style=${{ background: `var(${line.colour})` }}></span>
    <span class="muted">${line.name}</span>${at !== null && html`<span class="number">${format(line.values[at])}</span>`}</span>`;
}

const stepName = (times, at) => new Date(times[at] * 1000).toLocaleString("en-CA", { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });

function Table({ title, times, lines, format }) {
  const told = times.map((_, index) => index).filter((index) => lines.some((line) => line.values[index]));
  return html`<table class="hidden-text"><caption>${title}</caption>
    <thead><tr><th>time</th>${lines.map((line) => html`<th>${line.name}</th>`)}</tr></thead>
    <tbody>${told.map((index) => html`<tr key=${index}><td>${stepName(times, index)}</td>${lines.map((line) => html`<td>${format(line.values[index])}</td>`)}</tr>`)}</tbody>
  </table>`;
}

// Returns how to take the chart away again.
function draw(place, { times, format, lines }, onStep) {
  const plot = new uPlot(optionsOf(place, { format, lines }, onStep), [times, ...lines.map((line) => line.drawn ?? line.values)], place);
  const observer = new ResizeObserver(([entry]) => plot.setSize({ width: entry.contentRect.width, height: kHeight }));
  observer.observe(place);
  return () => {
    observer.disconnect();
    plot.destroy();
  };
}

function optionsOf(place, { format, lines }, onStep) {
  const axis = { stroke: colourOf("--faint"), grid: { stroke: colourOf("--line"), width: 1 }, ticks: { show: false }, font: "11px " + getComputedStyle(document.body).fontFamily };
  return {
    width: place.clientWidth || 300,
    height: kHeight,
    padding: [10, 6, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { setScale: false } },
    hooks: { setCursor: [(plot) => onStep(plot.cursor.idx ?? null)] },
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] } },
    axes: [{ ...axis, grid: { show: false }, space: 70, size: 26, values: (_, ticks, __, ___, step) => ticks.map((tick) => tickName(tick, step)) }, { ...axis, size: 62, space: 34, values: (_, ticks) => ticks.map((tick) => (tick === 0 ? "0" : format(tick))) }],
    series: [{}, ...lines.map(seriesOf)],
  };
}

const kDay = 86_400;

function tickName(tick, step) {
  const date = new Date(tick * 1000);
  if (step >= kDay) return date.toLocaleDateString("en-CA", { month: "short", day: "numeric" });
  return date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

function seriesOf({ name, colour, bars }) {
  const stroke = colourOf(colour);
  if (bars) return { label: name, stroke, fill: stroke, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.7, 18], radius: 0.15 }) };
  return { label: name, stroke, width: 1.75, spanGaps: true, points: { show: (plot, series) => sparse(plot.data[series]), size: 5, fill: stroke } };
}

// A lone value makes no line: then the values themselves are marked.
const sparse = (values) => values.filter((value) => value != null).length < 30;
