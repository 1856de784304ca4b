// A JSON value that can be folded. Only what is unfolded has elements, and of a long array or object the first
// hundred, so that a large value costs what is seen of it.
import { html, useState } from "./html.js";

const kAtOnce = 100;
const kOpenDepth = 2;
const kShortText = 600;

export function JsonView({ value }) {
  return html`<div class="json-view"><${Value} value=${value} depth=${0} /></div>`;
}

function Value({ name, value, depth, last = true }) {
  const label = name !== undefined && html`<span class="json-key">${name}</span><span class="json-mark">: </span>`;
  if (value !== null && typeof value === "object") {
    return html`<${Group} label=${label} value=${value} depth=${depth} last=${last} />`;
  }
  return html`<div class="json-line">${label}<${Scalar} value=${value} />${!last && html`<span class="json-mark">,</span>`}</div>`;
}

function Group({ label, value, depth, last }) {
  const isArray = Array.isArray(value);
  const entries = Object.entries(value);
  const [open, setOpen] = useState(depth < kOpenDepth && entries.length <= kAtOnce);
  const [limit, setLimit] = useState(kAtOnce);
  const [begin, end] = isArray ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0) return html`<div class="json-line">${label}<span class="json-mark">${begin}${end}${!last && ","}</span></div>`;
  const shown = entries.slice(0, limit);
  return html`<div class="json-group">
    <button type="button" class="json-line json-fold" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}>
      <span class="json-arrow" aria-hidden="true"></span>${label}<span class="json-mark">${begin}</span>
      ${!open && html`<span class="json-count">${entries.length} ${isArray ? "items" : "keys"}</span><span class="json-mark">${end}${!last && ","}</span>`}
    </button>
    ${open && html`<div class="json-inner">
      ${shown.map(([key, item], index) => html`<${Value} key=${key} name=${isArray ? undefined : key} value=${item} depth=${depth + 1} last=${index === entries.length - 1} />`)}
      ${limit < entries.length && html`<button type="button" class="button" onClick=${() => setLimit(limit + 10 * kAtOnce)}>
        ${entries.length - limit} more
      </button>`}
    </div><div class="json-line json-mark">${end}${!last && ","}</div>`}
  </div>`;
}

function Scalar({ value }) {
  const [whole, setWhole] = useState(false);
  if (typeof value !== "string") return html`<span class=${`json-${value === null ? "null" : typeof value}`}>${String(value)}</span>`;
  if (whole || value.length <= kShortText) return html`<span class="json-string">"${value}"</span>`;
  return html`<span class="json-string">"${value.slice(0, kShortText)}…</span>
    <button type="button" class="chip" onClick=${() => setWhole(true)}>all ${value.length.toLocaleString("en-US")} characters</button>`;
}
