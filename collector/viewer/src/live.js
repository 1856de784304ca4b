// What arrives at the collector, as it arrives. A stream that breaks is opened again, and who listens hears a
// "reset" first: something may have been missed.
import { useEffect, useRef, useState } from "preact/hooks";
import { openLive } from "./api.js";

const kRetryAfter = 2000;

/// Calls `heard(event, data)` for each event while `on` and the page is in sight: a browser opens only six
/// connections to one address, so hidden tabs must not keep theirs. Returns "off", "connecting", "live" or "lost".
export function useLive(on, parameters, heard) {
  const [state, setState] = useState("off");
  const isVisible = useVisibility();
  const listener = useRef(heard);
  listener.current = heard;
  const key = JSON.stringify(parameters);
  const heardOf = useRef(null); // the key of the stream that was open before
  useEffect(() => {
    if (!on || !isVisible) {
      setState("off");
      return undefined;
    }
    const stop = new AbortController();
    setState("connecting");
    listen(parameters, stop.signal, setState, (event, data) => listener.current(event, data), heardOf.current === key);
    heardOf.current = key;
    return () => stop.abort();
  }, [on, isVisible, key]);
  return state;
}

function useVisibility() {
  const [isVisible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const changed = () => setVisible(!document.hidden);
    document.addEventListener("visibilitychange", changed);
    return () => document.removeEventListener("visibilitychange", changed);
  }, []);
  return isVisible;
}

async function listen(parameters, signal, setState, heard, mayHaveMissed) {
  for (let again = mayHaveMissed; !signal.aborted; again = true) {
    try {
      const lines = await openLive(parameters, signal);
      setState("live");
      if (again) heard("reset", {});
      await dispatch(lines, heard);
    } catch (error) {
      if (signal.aborted) return;
      setState("lost");
      await new Promise((resolve) => setTimeout(resolve, kRetryAfter));
    }
  }
}

// An empty line ends an event; a line that begins with a colon is a sign of life.
async function dispatch(lines, heard) {
  let event = "message";
  let data = "";
  for await (const line of lines) {
    if (line.startsWith("event:")) event = line.slice(6).trim();
    else if (line.startsWith("data:")) data += line.slice(5);
    else if (line.trim() === "" && data) {
      heard(event, JSON.parse(data));
      event = "message";
      data = "";
    }
  }
}
