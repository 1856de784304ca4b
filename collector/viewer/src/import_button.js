// Takes a file with OTLP JSON, such as the export of a trace, and opens what was in it.
import { html, useRef, useState } from "./html.js";
import { importTraces } from "./api.js";
import { Icon } from "./icons.js";
import { navigate } from "./router.js";

export function ImportButton({ onDone }) {
  const field = useRef();
  const [problem, setProblem] = useState(null);
  const take = async () => {
    const [file] = field.current.files;
    if (!file) return;
    try {
      const { trace_ids: ids } = await importTraces(file);
      setProblem(null);
      onDone();
      if (ids.length === 1) navigate(["traces", ids[0]]);
    } catch (error) {
      setProblem(error.message);
    }
    field.current.value = "";
  };
  return html`<button type="button" class=${`button only import ${problem ? "danger" : ""}`} title=${problem ?? "Import OTLP JSON"} aria-label="Import OTLP JSON" onClick=${() => field.current.click()}>
      <${Icon} name="upload" size=${14} />
    </button>
    <input ref=${field} type="file" hidden aria-label="File to import" accept=".json,.gz,application/json" onChange=${take} />
    ${problem && html`<span class="hidden-text" role="alert">${problem}</span>`}`;
}
