// One icon and one colour per type of observation, and the few others that the page needs. 16 units square,
// stroked with the text's colour.
import { html } from "./html.js";

const kPaths = {
  AGENT: ["M5 3.5h6a1.5 1.5 0 0 1 1.5 1.5v5a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 10V5A1.5 1.5 0 0 1 5 3.5z", "M6.2 7v1", "M9.8 7v1", "M8 3.5V1.7", "M6 14h4"],
  CHAIN: ["M6.8 9.2a2.6 2.6 0 0 1 0-3.7l1.7-1.7a2.6 2.6 0 0 1 3.7 3.7l-.8.8", "M9.2 6.8a2.6 2.6 0 0 1 0 3.7l-1.7 1.7a2.6 2.6 0 0 1-3.7-3.7l.8-.8"],
  EMBEDDING: ["M3 3h2v2H3z", "M11 3h2v2h-2z", "M3 11h2v2H3z", "M11 11h2v2h-2z", "M7 7h2v2H7z"],
  EVALUATOR: ["M8 2.2l1.8 3.6 4 .6-2.9 2.8.7 4L8 11.3l-3.6 1.9.7-4-2.9-2.8 4-.6z"],
  EVENT: ["M9 2L4 9h4l-1 5 5-7H8z"],
  GENERATION: ["M8 2c.5 3.6 2.4 5.5 6 6-3.6.5-5.5 2.4-6 6-.5-3.6-2.4-5.5-6-6 3.6-.5 5.5-2.4 6-6z"],
  GUARDRAIL: ["M8 2l5 1.8v3.7c0 3.1-2 5.2-5 6.5-3-1.3-5-3.4-5-6.5V3.8z", "M6 8l1.5 1.5L10.3 6.5"],
  RETRIEVER: ["M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z", "M10.3 10.3L13.5 13.5"],
  SPAN: ["M2.5 5h7", "M5 8h8.5", "M7.5 11h4"],
  TOOL: ["M9.7 4.2a3 3 0 0 1 3.9 3.6l-1.9-1.9-1.4 1.4L12.2 9.2A3 3 0 0 1 8.5 8l-4.3 4.3a1.2 1.2 0 0 1-1.7-1.7L6.8 6.3"],
  PROMPT: ["M3 4.5h10", "M3 8h10", "M3 11.5h6"],
  PARSER: ["M6 3c-2 0-1 4.5-3 5 2 .5 1 5 3 5", "M10 3c2 0 1 4.5 3 5-2 .5-1 5-3 5"],

  trace: ["M2.5 4h7", "M5 8h8.5", "M7.5 12h4"],
  session: ["M3 4.5A1.5 1.5 0 0 1 4.5 3h7A1.5 1.5 0 0 1 13 4.5v5a1.5 1.5 0 0 1-1.5 1.5H7l-3 2.5V11A1 1 0 0 1 3 10z"],
  dashboard: ["M3 13V8", "M6.3 13V4", "M9.7 13V6.5", "M13 13V3"],
  search: ["M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z", "M10.3 10.3L13.5 13.5"],
  filter: ["M2.5 4h11", "M4.5 8h7", "M6.5 12h3"],
  sun: ["M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6z", "M8 1.5v1", "M8 13.5v1", "M1.5 8h1", "M13.5 8h1", "M3.4 3.4l.7.7", "M11.9 11.9l.7.7", "M3.4 12.6l.7-.7", "M11.9 4.1l.7-.7"],
  moon: ["M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z"],
  help: ["M6 6a2 2 0 1 1 2.7 1.9c-.5.2-.7.5-.7 1.1", "M8 11.6v.1"],
  copy: ["M6 5.5h6A.5.5 0 0 1 12.5 6v7a.5.5 0 0 1-.5.5H6a.5.5 0 0 1-.5-.5V6a.5.5 0 0 1 .5-.5z", "M3.5 10.5V3A.5.5 0 0 1 4 2.5h6"],
  link: ["M6.8 9.2a2.6 2.6 0 0 1 0-3.7l1.7-1.7a2.6 2.6 0 0 1 3.7 3.7l-.8.8", "M9.2 6.8a2.6 2.6 0 0 1 0 3.7l-1.7 1.7a2.6 2.6 0 0 1-3.7-3.7l.8-.8"],
  chevron: ["M6 4l4 4-4 4"],
  close: ["M4 4l8 8", "M12 4l-8 8"],
  up: ["M5.5 7L8 2.5c1 0 1.7.7 1.5 1.7L9.2 6H12a1.2 1.2 0 0 1 1.2 1.5l-1 4.3a1.5 1.5 0 0 1-1.4 1.2H5.5z", "M5.5 7H3v6h2.5"],
  down: ["M10.5 9L8 13.5c-1 0-1.7-.7-1.5-1.7l.3-1.8H4a1.2 1.2 0 0 1-1.2-1.5l1-4.3A1.5 1.5 0 0 1 5.2 3h5.3z", "M10.5 9H13V3h-2.5"],
  error: ["M8 2.2l6 11H2z", "M8 6.5v3", "M8 11.4v.1"],
  download: ["M8 2.5v7.5", "M5 7.5l3 3 3-3", "M3 13.5h10"],
  upload: ["M8 10V2.5", "M5 5.5l3-3 3 3", "M3 13.5h10"],
  check: ["M3.5 8.5l3 3 6-7"],
  back: ["M10 4L6 8l4 4"],
};

export function Icon({ name, size = 16 }) {
  const paths = kPaths[name] ?? kPaths.SPAN;
  return html`<svg class="icon" viewBox="0 0 16 16" width=${size} height=${size} aria-hidden="true">
    ${paths.map((d) => html`<path d=${d} />`)}
  </svg>`;
}

const kTypes = new Set(["AGENT", "CHAIN", "EMBEDDING", "EVALUATOR", "EVENT", "GENERATION", "GUARDRAIL", "RETRIEVER", "SPAN", "TOOL", "PROMPT", "PARSER"]);

/// The type whose icon and colour stand for `type`, which the sender may have made up.
export function knownType(type) {
  const upper = String(type ?? "SPAN").toUpperCase();
  if (upper === "LLM") return "GENERATION";
  return kTypes.has(upper) ? upper : "SPAN";
}

export function TypeIcon({ type, size = 14 }) {
  const known = knownType(type);
  return html`<span class=${`type-icon type-${known.toLowerCase()}`} title=${String(type ?? "SPAN")}>
    <${Icon} name=${known} size=${size} />
  </span>`;
}
