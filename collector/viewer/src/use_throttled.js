import { useEffect, useRef } from "preact/hooks";

const kEvery = 400;

/// A function that calls `call` soon: at most once per kEvery, and once after the last time it was asked to.
export function useThrottled(call) {
  const timer = useRef(null);
  const latest = useRef();
  latest.current = call;
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    if (timer.current) return;
    timer.current = setTimeout(() => {
      timer.current = null;
      latest.current();
    }, kEvery);
  };
}
