// Copies text and says so. The text is made when it is asked for.
import { html, useEffect, useState } from "./html.js";
import { Icon } from "./icons.js";

export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  throw new Error("this browser lets only pages on localhost or https copy");
}

const kShownFor = 1500;

export function CopyButton({ what, text, label, icon = "copy" }) {
  const [state, setState] = useState(null); // null, "copied", or why not
  useEffect(() => {
    if (state === null) return undefined;
    const timer = setTimeout(() => setState(null), kShownFor);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => {
    try {
      await copyText(await text());
      setState("copied");
    } catch (error) {
      setState(`not copied: ${error.message}`);
    }
  };
  const done = state === "copied";
  return html`<button type="button" class=${`button plain ${label ? "" : "only"}`} title=${state ?? `Copy ${what}`} aria-label=${`Copy ${what}`} onClick=${copy}>
    <${Icon} name=${done ? "check" : icon} />${label && html`<span>${done ? "Copied" : label}</span>`}
    <span class="hidden-text" role="status">${state ?? ""}</span>
  </button>`;
}
