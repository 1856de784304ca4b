// Links llmtrace::otlp and nothing else.
#include <llmtrace/observe.h>
#include <llmtrace/otlp_exporter.h>

int work(int number) {
  OBSERVE(number);
  return number + 1;
}

int main() {
  llmtrace::OtlpExporter exporter({.endpoint = "http://127.0.0.1:9", .enabled = false});
  return work(1) == 2 && !exporter.enabled() && exporter.flush() ? 0 : 1;
}
