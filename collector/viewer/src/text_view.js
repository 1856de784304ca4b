// Text as it was sent, white space kept, fenced code set apart. Nothing in it is markup. The first part of a
// very long text is shown until the reader asks for the rest.
import { html, useState } from "./html.js";

const kFirst = 20_000;

export function TextView({ text, fences = true }) {
  const [whole, setWhole] = useState(false);
  const cut = !whole && text.length > kFirst * 1.2;
  const shown = cut ? text.slice(0, kFirst) : text;
  return html`<div class="text-view">
    ${fences ? fenced(shown) : html`<p class="prose">${shown}</p>`}
    ${cut && html`<button type="button" class="button" onClick=${() => setWhole(true)}>
      Show all ${text.length.toLocaleString("en-US")} characters
    </button>`}
  </div>`;
}

// Odd pieces are inside ``` fences; their first line is the language's name.
function fenced(text) {
  const pieces = text.split(/^[ \t]*```/m);
  if (pieces.length === 1) return html`<p class="prose">${text}</p>`;
  return pieces.map((piece, index) => {
    if (index % 2 === 0) {
      const prose = piece.replace(/^\n+/, "").replace(/\n+$/, "");
      return prose === "" ? null : html`<p class="prose">${prose}</p>`;
    }
    const [, language, code] = /^([^\n]*)\n?([^]*)$/.exec(piece);
    return html`<figure class="code">
      ${language.trim() && html`<figcaption>${language.trim()}</figcaption>`}
      <pre>${code.replace(/\n$/, "")}</pre>
    </figure>`;
  });
}
