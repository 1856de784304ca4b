// Prints a vendor's table of environment variables for docs/configuration.md, from the one place
// that reads them.
#include <cstdio>
#include <string>

#include "langfuse/src/resolved_config.h"
#include "langsmith/src/resolved_config.h"

int main(int count, char** arguments) {
  const std::string vendor = count > 1 ? arguments[1] : "";
  if (vendor != "langfuse" && vendor != "langsmith") {
    std::fputs("usage: llmtrace_configuration_table langfuse|langsmith\n", stderr);
    return 2;
  }
  std::printf("| variable | option in `%s::Config` | meaning; default |\n|---|---|---|\n",
              vendor.c_str());
  for (const llmtrace::VariableInfo& variable :
       vendor == "langfuse" ? langfuse::variables() : langsmith::variables()) {
    const std::string option =
        *variable.option == '\0' ? "–" : "`" + std::string(variable.option) + "`";
    std::printf("| `%s` | %s | %s |\n", variable.name, option.c_str(), variable.meaning);
  }
  return 0;
}
