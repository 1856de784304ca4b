// What an observation says of a call, from what is known on either side of the wire.
#pragma once

#include <llmtrace/observation.h>
#include <llmtrace/openai/recording.h>

#include <string>
#include <string_view>

#include "common/src/json_value.h"

namespace llmtrace {
inline namespace v0 {
namespace openai {

/// By the endpoint's host, as OpenTelemetry names providers; "openai" for one that is not known.
std::string_view provider_of(std::string_view endpoint) noexcept;

/// What a request says.
struct RequestFacts {
  ObservationType as_type = ObservationType::Generation;  ///< or Embedding
  std::string model{};
  Json said{};        ///< messages, or input
  Json tools{};       ///< absent: none
  Json parameters{};  ///< absent: none
};
ObservationParams generation_of(RequestFacts request, std::string_view provider);

/// Of a reply that is none, for whoever looks into it.
constexpr std::size_t kMaxShownBytes = std::size_t{16} << 10;

/// What a finished call says; `model` is that of the request.
ObservationUpdate update_of(const ChatCompletion& completion);
/// The estimate, or what the endpoint stated.
CostDetails cost_of(std::optional<double> stated, const std::optional<Usage>& usage,
                    const PriceQuery& query, const PriceTable& prices);

/// "http_429: too many requests", from the status and the body of a failed reply.
std::string http_error(int status, std::string_view body);

}  // namespace openai
}  // namespace v0
}  // namespace llmtrace
