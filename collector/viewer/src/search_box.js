// A text field that "/" puts the focus into. What is typed counts once the reader pauses, or on Enter.
import { html, useEffect, useRef, useState } from "./html.js";
import { Icon } from "./icons.js";
import { useKeys } from "./keys.js";

const kPause = 250;

export function SearchBox({ value, placeholder, onSearch, onLeave }) {
  const [typed, setTyped] = useState(value);
  const field = useRef();
  const latest = useRef();
  latest.current = onSearch;
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => latest.current(typed), kPause);
    return () => clearTimeout(timer);
  }, [typed, value]);
  useKeys({
    "/": () => field.current.focus(),
    Escape: (event) => {
      if (event.target !== field.current) return false;
      if (typed) latest.current("");
      setTyped("");
      field.current.blur();
      onLeave?.();
    },
  });
  const keyDown = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    latest.current(typed);
    field.current.blur();
    onLeave?.();
  };
  return html`<label class="search grow">
    <${Icon} name="search" size=${14} />
    <input ref=${field} class="field" type="text" inputmode="search" role="searchbox" autocomplete="off" spellcheck=${false} aria-label=${placeholder}
      placeholder=${placeholder} value=${typed} onInput=${(event) => setTyped(event.target.value)} onKeyDown=${keyDown} />
    <kbd aria-hidden="true">/</kbd>
  </label>`;
}
