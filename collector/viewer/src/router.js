// The address as the page's state: what is shown follows it, and whoever wants something else shown changes it.
import { useEffect, useState } from "preact/hooks";
import { parseRoute, routeTo } from "./address.js";

export { routeTo };

export function navigate(parts, query, { replace = false } = {}) {
  const target = routeTo(parts, query);
  if (target === location.hash) return;
  if (!replace) {
    location.hash = target;
    return;
  }
  history.replaceState(null, "", target);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

export function useRoute() {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const changed = () => setRoute(parseRoute(location.hash));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}
