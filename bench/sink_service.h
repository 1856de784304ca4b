// SinkService answers the requests of the sink: it reads every body as a server would, counts what
// is in it, and tells the counts at GET /stats. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/sink_stats.h"
#include "bench/span_id_set.h"
#include "bench/unpacker.h"

namespace llmtrace::bench {

struct SinkRequest {
  std::string_view method;
  std::string_view path;
  std::string_view content_type;
  std::string_view content_encoding;
  char* body = nullptr;  ///< may be overwritten; body[body_size] is a zero byte
  std::size_t body_size = 0;
};

struct SinkReply {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string body{};
};

class SinkService {
 public:
  SinkReply answer(const SinkRequest& request);
  void count_connection() noexcept { ++stats_.connections; }

 private:
  SinkReply answer_post(std::string_view path, std::string_view content_type, char* body,
                        std::size_t size);
  SinkReply take_spans(std::string_view content_type, char* body, std::size_t size);
  SinkReply take_scores(std::string_view body);
  SinkReply take_ingestion(std::string_view body);
  SinkReply take_runs(std::string_view content_type, std::string_view body);
  void insert(const std::vector<std::uint64_t>& span_ids);
  SinkReply refuse(std::string_view why);
  std::string stats_text() const;

  Unpacker unpacker_;
  SpanIdSet seen_;
  std::vector<std::uint64_t> span_ids_;  // of one body; kept for its memory
  SinkStats stats_;
};

}  // namespace llmtrace::bench
