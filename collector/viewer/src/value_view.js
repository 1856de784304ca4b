// An input or output: as a chat where it is one, else as JSON or text; the reader can choose.
import { html, useMemo, useState } from "./html.js";
import { ChatView } from "./chat_view.js";
import { CopyButton } from "./copy.js";
import { JsonView } from "./json_view.js";
import { chatOf } from "./messages.js";
import { TextView } from "./text_view.js";

export function ValueView({ title, value }) {
  const chat = useMemo(() => chatOf(value), [value]);
  const forms = formsOf(value, chat);
  const [wanted, setWanted] = useState(null);
  const form = forms.includes(wanted) ? wanted : forms[0];
  return html`<section class="part" aria-label=${title}>
    <header class="part-head">
      <h2 class="grow">${title}</h2>
      ${forms.length > 1 && html`<div class="segmented" role="group" aria-label=${`${title} as`}>
        ${forms.map((one) => html`<button type="button" aria-pressed=${String(one === form)} onClick=${() => setWanted(one)}>${one}</button>`)}
      </div>`}
      <${CopyButton} what=${title.toLowerCase()} text=${() => textOf(value)} />
    </header>
    ${form === "Chat" && html`<${ChatView} messages=${chat} />`}
    ${form === "JSON" && html`<${JsonView} value=${value} />`}
    ${form === "Text" && html`<${TextView} text=${textOf(value)} fences=${typeof value === "string"} />`}
  </section>`;
}

function formsOf(value, chat) {
  if (value === null || typeof value !== "object") return ["Text"];
  return chat ? ["Chat", "JSON", "Text"] : ["JSON", "Text"];
}

/// A string as itself, everything else as indented JSON.
export function textOf(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2) ?? "";
}
