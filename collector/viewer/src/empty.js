// What stands where nothing does: how to send a first trace, that nothing fits, what went wrong.
import { html, useState } from "./html.js";
import { CopyButton } from "./copy.js";
import { Icon } from "./icons.js";

const kPrograms = {
  "C++": (url) => `// export LANGFUSE_BASE_URL=${url}
//        LANGFUSE_PUBLIC_KEY=pk-lf-local LANGFUSE_SECRET_KEY=sk-lf-local
#include <langfuse/langfuse.h>
#include <llmtrace/observe.h>

std::string answer(const std::string& question) {
  OBSERVE_GENERATION(question);
  std::string text = "A timed operation.";
  llmtrace::current_observation().update({.output = text, .model = "gpt-4o-mini"});
  return text;
}

int main() {
  langfuse::Client client;
  answer("What is a span?");
  return client.flush() ? 0 : 1;
}`,
  OpenTelemetry: (url) => `# any program with an OpenTelemetry SDK
export OTEL_EXPORTER_OTLP_ENDPOINT=${url}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`,
  curl: (url) => `now=$(date +%s)
curl ${url}/v1/traces -H 'Content-Type: application/json' -d '{"resourceSpans":[{"scopeSpans":[{"spans":[{
  "traceId":"'$(openssl rand -hex 16)'", "spanId":"'$(openssl rand -hex 8)'", "name":"hello",
  "startTimeUnixNano":"'$now'000000000", "endTimeUnixNano":"'$now'250000000",
  "attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},
    {"key":"gen_ai.request.model","value":{"stringValue":"gpt-4o-mini"}},
    {"key":"gen_ai.usage.input_tokens","value":{"intValue":"12"}},
    {"key":"gen_ai.usage.output_tokens","value":{"intValue":"5"}}]}]}]}]}'`,
};

export function FirstTrace() {
  const [language, setLanguage] = useState("C++");
  const program = kPrograms[language](location.origin);
  return html`<section class="first-trace" aria-label="How to send a first trace">
    <span class="first-trace-icon"><${Icon} name="trace" size=${22} /></span>
    <h1>Waiting for the first trace</h1>
    <p class="muted">This page shows it the moment it arrives. The collector listens at <span class="mono">${location.origin}</span>.</p>
    <div class="program">
      <header class="row">
        <div class="segmented" role="group" aria-label="Send with">
          ${Object.keys(kPrograms).map((one) => html`<button type="button" aria-pressed=${String(one === language)} onClick=${() => setLanguage(one)}>${one}</button>`)}
        </div>
        <span class="grow"></span>
        <${CopyButton} what="program" text=${() => program} />
      </header>
      <pre>${program}</pre>
    </div>
  </section>`;
}

export function Nothing({ title, text, children }) {
  return html`<div class="nothing"><h1>${title}</h1><p class="muted">${text}</p>${children}</div>`;
}

export function Problem({ error, onRetry }) {
  return html`<div class="problem" role="alert">
    <${Icon} name="error" /><span class="grow">${error.message}</span>
    ${onRetry && html`<button type="button" class="button" onClick=${onRetry}>Try again</button>`}
  </div>`;
}
