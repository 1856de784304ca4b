// Prints a table of environment variables for docs/configuration.md, a vendor's or OpenTelemetry's,
// from the one place that reads them.
#include <cstdio>
#include <string>
#include <vector>

#include "common/src/otlp_exporter/resolved_config.h"
#include "langfuse/src/resolved_config.h"
#include "langsmith/src/resolved_config.h"

namespace {

struct Table {
  const char* name;
  const char* config;
  const std::vector<llmtrace::VariableInfo>& variables;
};

void print(const Table& table) {
  std::printf("| variable | option in `%s` | meaning; default |\n|---|---|---|\n", table.config);
  for (const llmtrace::VariableInfo& variable : table.variables) {
    const std::string option =
        *variable.option == '\0' ? "–" : "`" + std::string(variable.option) + "`";
    std::printf("| `%s` | %s | %s |\n", variable.name, option.c_str(), variable.meaning);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const std::string name = count > 1 ? arguments[1] : "";
  for (const Table& table : {Table{"langfuse", "langfuse::Config", langfuse::variables()},
                             Table{"langsmith", "langsmith::Config", langsmith::variables()},
                             Table{"otlp", "llmtrace::OtlpConfig", llmtrace::otlp_variables()}}) {
    if (name != table.name) continue;
    print(table);
    return 0;
  }
  std::fputs("usage: llmtrace_configuration_table langfuse|langsmith|otlp\n", stderr);
  return 2;
}
