// What the keys do, and where to read on.
import { html } from "./html.js";
import { Dialog } from "./dialog.js";

const kEverywhere = [
  ["g t", "Traces"], ["g s", "Sessions"], ["g d", "Dashboard"], ["/", "Search"],
  ["Shift T", "Light or dark"], ["?", "This help"], ["Esc", "Close, or go back"],
];
const kLists = [["j ↓", "Next"], ["k ↑", "Previous"], ["Enter", "Open"], ["l", "Live on or off"], ["f", "Filters"]];
const kTrace = [
  ["j ↓", "Next node"], ["k ↑", "Previous node"], ["→", "Unfold, or first child"], ["←", "Fold, or parent"],
  ["Enter", "To the node's details"], ["e", "Next error"], ["c", "Copy node and below as JSON"], ["m", "The same as Markdown"],
];
const kGroups = [["Everywhere", kEverywhere], ["Lists", kLists], ["Trace", kTrace]];

export function HelpDialog({ onClose }) {
  return html`<${Dialog} title="Keys" onClose=${onClose}>
    <div class="help">
      ${kGroups.map(([title, keys]) => html`<section key=${title}>
        <h2>${title}</h2>
        <dl>${keys.map(([key, does]) => html`<div key=${key} class="help-line">
          <dt>${key.split(" ").map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${does}</dd>
        </div>`)}</dl>
      </section>`)}
    </div>
    <p class="muted">Scripts can read all of this under <a class="link" href="api/traces">/api/traces</a>; docs/collector.md describes it.</p>
  <//>`;
}
