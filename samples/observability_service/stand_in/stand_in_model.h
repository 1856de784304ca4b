// StandInModel answers as an OpenAI-compatible endpoint does (chat completions, streams,
// embeddings), without a model: the question comes back, with token counts made from the texts. It
// misbehaves as told, so that a program can be tried against what endpoints do.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "samples/observability_service/http_message.h"
#include "samples/observability_service/stand_in/pause.h"
#include "samples/support/json_reader.h"

namespace stand_in {

struct StandInOptions {
  std::string model{"stand-in"};  ///< for requests that name none
  /// US dollars for a million tokens; stated in the reply's usage.cost.
  double input_price = 0.15;
  double output_price = 0.6;
  std::chrono::milliseconds delay{0};        ///< before every answer
  std::chrono::milliseconds token_delay{0};  ///< before every piece of a stream
  double error_rate = 0;                     ///< this share of the requests fails, evenly spread
  int error_status = 500;
  std::optional<int> cut_after{};    ///< pieces; then a stream breaks off
  std::optional<int> stall_after{};  ///< pieces; then a stream is silent until the client goes
  bool garbage = false;              ///< what it sends is no JSON
};

class StandInModel final : public service::HttpHandler {
 public:
  explicit StandInModel(StandInOptions options) : options_(std::move(options)) {}

  service::HttpResponse handle(const service::HttpRequest& request) override;
  /// Ends all delays.
  void end() { pause_.end(); }

 private:
  service::HttpResponse complete(const rapidjson::Value& request);
  service::HttpResponse embed(const rapidjson::Value& request) const;
  bool is_to_fail();
  double cost(std::int64_t input_tokens, std::int64_t output_tokens) const;

  const StandInOptions options_;
  Pause pause_;
  std::atomic<std::uint64_t> requests_{0};
};

}  // namespace stand_in
