// Tokens and money by kind: input, output, cached, reasoning, ...; what they add up to stands last.
import { html } from "./html.js";
import { formatCost, formatCount } from "./format.js";

export function UsageTable({ usage, cost, estimated }) {
  const kinds = [...new Set([...Object.keys(usage), ...Object.keys(cost)])].filter((kind) => kind !== "total");
  const hasTotal = "total" in usage || "total" in cost;
  return html`<section class="part" aria-label="Usage and cost">
    <header class="part-head"><h2>Usage and cost</h2>${estimated && html`<span class="chip">cost by the price table</span>`}</header>
    <table class="figures">
      <thead><tr><th scope="col">Kind</th><th scope="col">Units</th><th scope="col">Cost</th></tr></thead>
      <tbody>${kinds.map((kind) => html`<${Line} key=${kind} name=${kind} units=${usage[kind]} cost=${cost[kind]} />`)}</tbody>
      ${hasTotal && html`<tfoot><${Line} name="total" units=${usage.total} cost=${cost.total} /></tfoot>`}
    </table>
  </section>`;
}

function Line({ name, units, cost }) {
  return html`<tr><th scope="row">${name}</th><td class="number">${formatCount(units)}</td><td class="number">${formatCost(cost)}</td></tr>`;
}
