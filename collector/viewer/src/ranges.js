// Spans of time that lists and the dashboard can be limited to; the last is no limit.
import { html } from "./html.js";

const kMinute = 60_000;

const kRanges = [
  { key: "15m", name: "Last 15 minutes", length: 15 * kMinute },
  { key: "1h", name: "Last hour", length: 60 * kMinute },
  { key: "24h", name: "Last 24 hours", length: 24 * 60 * kMinute },
  { key: "7d", name: "Last 7 days", length: 7 * 24 * 60 * kMinute },
  { key: "30d", name: "Last 30 days", length: 30 * 24 * 60 * kMinute },
  { key: "all", name: "All time", length: null },
];

/// The first instant of the range as Unix milliseconds; undefined for all time.
export function startOf(key, now = Date.now()) {
  const range = kRanges.find((one) => one.key === key);
  return range?.length ? now - range.length : undefined;
}

export function RangePicker({ value, onChange }) {
  return html`<select class="field" aria-label="Time" value=${value} onChange=${(event) => onChange(event.target.value)}>
    ${kRanges.map(({ key, name }) => html`<option key=${key} value=${key}>${name}</option>`)}
  </select>`;
}
