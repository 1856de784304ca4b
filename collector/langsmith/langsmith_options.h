// How the LangSmith side of the collector behaves, and which server it says it is in GET /info.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace llmtrace::collector {

struct LangSmithOptions {
  std::string api_key = "lsv2_pt_local";
  /// Clients look at it: from 0.8.10 on they send feedback in multipart bodies, from 0.16 on they
  /// would ask for reads that are not here.
  std::string version = "0.15.0";
  bool takes_multipart = true;  // if not, POST /runs/multipart is a 404
  bool takes_zstd = true;
  bool takes_gzip = true;
  /// What /info advises for a batch.
  std::int64_t size_limit = 100;
  std::int64_t size_limit_bytes = std::int64_t{20} * 1024 * 1024;
  /// A larger body, counted as sent and again as unpacked, is a 413. Above the advice, because
  /// clients count neither part headers nor a single run that is too large.
  std::size_t body_limit_bytes = std::size_t{24} * 1024 * 1024;
  /// Longer names are refused, as older servers do from 128 characters on; 0 = no limit.
  std::size_t name_limit = 0;
  /// Feedback without session_id is refused, as by servers on the newer database.
  bool feedback_needs_session = false;
};

}  // namespace llmtrace::collector
