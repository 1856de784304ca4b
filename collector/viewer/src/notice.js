// A line at the foot of the page that says what a key has done, for a moment.
import { html, useEffect, useState } from "./html.js";

const kShownFor = 2000;

/// -> [element, tell]: put the element on the page, and call `tell(text)`.
export function useNotice() {
  const [text, setText] = useState("");
  useEffect(() => {
    if (!text) return undefined;
    const timer = setTimeout(() => setText(""), kShownFor);
    return () => clearTimeout(timer);
  }, [text]);
  return [html`<div class=${`notice ${text ? "is-shown" : ""}`} role="status">${text}</div>`, setText];
}
