// Messages as a conversation: who says what, the tools that are called and what they answered.
import { html, useState } from "./html.js";
import { parsedOr } from "./messages.js";
import { JsonView } from "./json_view.js";
import { TextView } from "./text_view.js";

const kFirst = 40;

export function ChatView({ messages }) {
  const [all, setAll] = useState(false);
  const hidden = all ? 0 : Math.max(0, messages.length - kFirst);
  return html`<ol class="chat">
    ${messages.slice(0, hidden ? kFirst / 2 : undefined).map(message)}
    ${hidden > 0 && html`<li><button type="button" class="button" onClick=${() => setAll(true)}>${hidden} messages between</button></li>`}
    ${hidden > 0 && messages.slice(-kFirst / 2).map(message)}
  </ol>`;
}

const kKnownRoles = new Set(["system", "developer", "user", "assistant", "tool"]);

function message({ role, name, answers, finish, parts }, index) {
  const known = kKnownRoles.has(role) ? role : "other";
  return html`<li key=${index} class=${`message from-${known}`}>
    <div class="message-head">
      <span class="message-role">${role}</span>
      ${name && html`<span class="muted clip">${name}</span>`}
      ${answers && html`<span class="faint mono clip">${answers}</span>`}
      ${finish && finish !== "stop" && html`<span class="chip outline">${finish}</span>`}
    </div>
    ${parts.length === 0 && html`<p class="faint">empty</p>`}
    ${parts.map((part) => html`<${Part} part=${part} fromTool=${role === "tool"} />`)}
  </li>`;
}

function Part({ part, fromTool }) {
  switch (part.kind) {
    case "text":
      return fromTool ? html`<${Result} value=${part.text} />` : html`<${TextView} text=${part.text} />`;
    case "reasoning":
      return html`<details class="reasoning"><summary>Reasoning</summary><${TextView} text=${part.text} /></details>`;
    case "call":
      return html`<div class="call">
        <div class="row"><span class="call-name mono">${part.name}</span>${part.id && html`<span class="faint mono clip">${part.id}</span>`}</div>
        <${Result} value=${part.arguments} />
      </div>`;
    case "result":
      return html`<${Result} value=${part.value} />`;
    case "image":
      return html`<${Image} url=${part.url} />`;
    default:
      return html`<${JsonView} value=${part.value} />`;
  }
}

// What tools get and give is often JSON in a string.
function Result({ value }) {
  const parsed = parsedOr(value);
  if (parsed !== null && typeof parsed === "object") return html`<${JsonView} value=${parsed} />`;
  return html`<${TextView} text=${parsed == null ? "" : String(value)} />`;
}

// Only pictures that came with the trace: fetching one from elsewhere would tell that it is being looked at.
function Image({ url }) {
  if (/^data:image\/(png|jpeg|gif|webp);base64,/.test(url)) return html`<img class="picture" src=${url} alt="" />`;
  return html`<p class="mono muted clip">image: ${url}</p>`;
}
