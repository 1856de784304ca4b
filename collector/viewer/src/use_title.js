import { useEffect } from "preact/hooks";

/// What the window is called while a view is shown.
export function useTitle(title) {
  useEffect(() => {
    document.title = `${title} · llmtrace`;
  }, [title]);
}
