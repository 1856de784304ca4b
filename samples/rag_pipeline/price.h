// What a generation costs, for the models whose price is known. Without a known price there is no
// cost: a guess would be worse than none (Langfuse prices many models by itself).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "samples/rag_pipeline/answerer.h"

namespace rag {

/// US dollars by usage type ("input", "input_cached_tokens", "output") and in "total". The
/// extractive answerer costs nothing.
std::optional<std::map<std::string, double>> price_of(const std::string& model,
                                                      const Tokens& tokens);

}  // namespace rag
