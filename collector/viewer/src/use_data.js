// What a view shows of the collector: read when its key changes, the last answer kept until the next is there.
import { useCallback, useLayoutEffect, useState } from "preact/hooks";

/// `load(signal)` -> {data, error, loading, reload}. Answers to questions that nobody asks any more are dropped.
export function useData(key, load) {
  const [state, setState] = useState({ data: null, error: null, loading: true, of: null });
  const [turn, setTurn] = useState(0);
  // Before the first paint and not after it: the answer takes longest, so the question comes first.
  useLayoutEffect(() => {
    const stop = new AbortController();
    setState((old) => ({ ...old, loading: true }));
    load(stop.signal).then(
      (data) => !stop.signal.aborted && setState({ data, error: null, loading: false, of: key }),
      (error) => !stop.signal.aborted && setState((old) => ({ ...old, error, loading: false, of: key })),
    );
    return () => stop.abort();
  }, [key, turn]);
  const reload = useCallback(() => setTurn((old) => old + 1), []);
  return { ...state, isCurrent: state.of === key, reload };
}
