// The keyboard. A view says what its keys do while it is shown; of two that take the same key the later one
// has it. Keys that go to a text field are the field's, Escape excepted; so are those with Ctrl, Alt or Meta.
import { useLayoutEffect, useRef } from "preact/hooks";

const kChordWithin = 1000;
const listeners = [];
let prefix = null; // {key, at}: "g" awaiting its second key

/// `keys`: {"j": handler, "g t": handler, "shift+t": handler, "Escape": handler, ...}. A handler that returns
/// false leaves the key to the next one.
export function useKeys(keys) {
  const current = useRef(keys);
  current.current = keys;
  useLayoutEffect(() => {  // what is seen takes keys: not a frame later
    const listener = { keys: () => current.current };
    listeners.push(listener);
    return () => listeners.splice(listeners.indexOf(listener), 1);
  }, []);
}

function nameOf(event) {
  if (event.shiftKey && /^[A-Z]$/.test(event.key)) return "shift+" + event.key.toLowerCase();
  return event.key;
}

function isTyping(target) {
  return target instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);
}

// Enter and the space bar press the button or follow the link that has the focus.
function isControls(event) {
  return (event.key === "Enter" || event.key === " ") && event.target.closest?.("button, a, summary");
}

function handle(event) {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
  if (isTyping(event.target) && event.key !== "Escape") return;
  if (isControls(event)) return;
  const name = nameOf(event);
  const chord = prefix && event.timeStamp - prefix.at < kChordWithin ? `${prefix.key} ${name}` : null;
  prefix = null;
  if (run(chord, event) || run(name, event)) return;
  if (name === "g") prefix = { key: name, at: event.timeStamp };
}

function run(name, event) {
  if (name === null) return false;
  for (let i = listeners.length - 1; i >= 0; --i) {
    const handler = listeners[i].keys()[name];
    if (!handler || handler(event) === false) continue;
    event.preventDefault();
    return true;
  }
  return false;
}

addEventListener("keydown", handle);
