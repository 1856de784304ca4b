// Prints the table of environment variables for docs/configuration.md, from the one place that
// reads them.
#include <cstdio>
#include <string>

#include "langfuse/src/resolved_config.h"

int main() {
  std::puts("| variable | option in `langfuse::Config` | meaning; default |");
  std::puts("|---|---|---|");
  for (const llmtrace::VariableInfo& variable : langfuse::variables()) {
    const std::string option =
        *variable.option == '\0' ? "–" : "`" + std::string(variable.option) + "`";
    std::printf("| `%s` | %s | %s |\n", variable.name, option.c_str(), variable.meaning);
  }
  return 0;
}
