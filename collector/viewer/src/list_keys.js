// The keys of every list: j, k and the arrows move the chosen row, Enter opens it.
import { useEffect, useRef, useState } from "preact/hooks";
import { useKeys } from "./keys.js";

/// -> {grid, active}: `grid` is the ref of the element that holds the rows, `active` the chosen one's index.
export function useListKeys(count, open) {
  const [active, setActive] = useState(-1);
  const grid = useRef();
  const move = (step) => () => setActive((old) => Math.max(0, Math.min(count - 1, old + step)));
  useKeys({
    j: move(1), ArrowDown: move(1), k: move(-1), ArrowUp: move(-1),
    Enter: () => (active >= 0 && active < count ? open(active) : false),
  });
  useEffect(() => grid.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" }), [active]);
  return { grid, active };
}
