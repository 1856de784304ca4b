#include "samples/rag_pipeline/answerer.h"

#include <cstdlib>

namespace rag {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::unique_ptr<Answerer> make_answerer() {
  const std::string base_url = variable("OPENAI_BASE_URL");
  if (base_url.empty()) return make_extractive_answerer();
  const std::string model = variable("OPENAI_MODEL");
  return make_openai_answerer(base_url, variable("OPENAI_API_KEY"),
                              model.empty() ? "gpt-4o-mini" : model);
}

}  // namespace rag
