// LangSmith's wire: one Encoder per kind of request to one endpoint. Facts are those of LangSmith's
// public sources (langsmith-sdk 0.11.1, its OpenAPI description of 2026-05-21).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/encoder.h"
#include "langsmith/src/resolved_config.h"
#include "langsmith/src/session_ids.h"

namespace langsmith {
inline namespace v0 {

/// What all requests to one endpoint have in common. Immutable, shared by the encoders.
class Wire {
 public:
  Wire(std::shared_ptr<const ResolvedConfig> config, std::size_t endpoint);
  const ResolvedConfig& config() const noexcept { return *config_; }
  const Endpoint& endpoint() const noexcept { return config_->endpoints[endpoint_]; }
  /// The compression that the configuration wants, should the server take it.
  Compression wanted_compression() const noexcept;
  /// The client's own endpoint, not a replica.
  bool is_primary() const noexcept { return endpoint_ == 0; }
  /// Where a run, or feedback on one, that names `project` is shown here.
  std::string_view project_or_own(std::string_view project) const noexcept;
  /// A request with the credentials and `headers`; `path` with its leading slash. The endpoint's
  /// additional headers replace those of the same name.
  llmtrace::HttpRequest request(std::string_view method, std::string_view path,
                                std::vector<llmtrace::HttpHeader> headers = {}) const;
  /// The same without credentials, for /info.
  llmtrace::HttpRequest open_request(std::string_view method, std::string_view path) const;
  /// A request to whatever URL: without credentials, and with the endpoint's additional headers
  /// only when it goes there.
  llmtrace::HttpRequest foreign_request(std::string_view method, std::string_view url) const;

 private:
  llmtrace::HttpRequest plain_request(std::string_view method, std::string url) const;
  void add_headers(llmtrace::HttpRequest& request) const;

  std::shared_ptr<const ResolvedConfig> config_;
  std::size_t endpoint_;
};

/// What the server told of itself, by /info and by its answers. One per endpoint, flusher thread
/// only.
class ServerInfo {
 public:
  bool zstd = false;           ///< takes zstd bodies
  bool gzip = false;           ///< takes gzip bodies
  bool needs_session = false;  ///< feedback must name its project's UUID
  SessionIds sessions;         ///< those UUIDs
  std::size_t max_items = 100;
  std::size_t max_bytes = 20'971'520;

  /// /runs/multipart; else /runs/batch.
  bool multipart() const noexcept { return told_multipart_ && !lacks_multipart_; }
  /// Whether feedback may be a part of a multipart body.
  bool feedback_rides() const noexcept { return told_feedback_rides_ && multipart(); }
  /// There is no /runs/multipart: /runs/batch serves, for an hour.
  void miss_multipart(llmtrace::Timestamp now) noexcept;
  /// Nor is there /runs/batch, which proves that neither answer came from such a server.
  void miss_batch() noexcept { lacks_multipart_ = false; }
  /// It said 415 to a compressed body.
  void refuse_compression() noexcept { refuses_compression_ = true; }
  bool refuses_compression() const noexcept { return refuses_compression_; }

  /// GET /info, unless its answer is known or asking failed a moment ago.
  std::optional<llmtrace::HttpRequest> ask(const Wire& wire, llmtrace::Timestamp now);
  void learn(const llmtrace::HttpReply& reply, llmtrace::Timestamp now);
  /// Whether items wait for the answer: for the first one, a moment.
  bool is_awaited() const noexcept { return asked_ && !answered_; }

 private:
  bool told_multipart_ = true;
  bool told_feedback_rides_ = false;
  bool lacks_multipart_ = false;
  bool refuses_compression_ = false;
  bool known_ = false;
  bool asked_ = false;
  bool answered_ = false;  // or not, in time
  llmtrace::Timestamp ask_again_{};
  llmtrace::Timestamp try_multipart_again_{};
};

/// Runs, and feedback beside them: /runs/multipart, or /runs/batch where that is not known.
std::unique_ptr<llmtrace::Encoder> make_runs_encoder(std::shared_ptr<const Wire> wire,
                                                     std::shared_ptr<ServerInfo> server);
/// All other feedback: POST /feedback, one each.
std::unique_ptr<llmtrace::Encoder> make_feedback_encoder(std::shared_ptr<const Wire> wire,
                                                         std::shared_ptr<ServerInfo> server);
/// A fragment of that encoder: feedback on something in a project.
void append_feedback_fragment(std::string& out, std::string_view project, std::string_view json);

/// What a reply to runs or feedback means; see the table in docs/langsmith.md.
llmtrace::Verdict judge_reply(const llmtrace::HttpReply& reply, llmtrace::Timestamp now);

/// "multipart/form-data; boundary=..." bodies. The boundary is random, so no part holds it.
class Multipart {
 public:
  Multipart();
  const std::string& content_type() const noexcept { return content_type_; }
  void append(std::string& out, std::string_view name, std::string_view content_type,
              std::string_view data) const;
  /// What ends a body.
  std::string_view end() const noexcept { return end_; }

  /// Reads parts that `append` wrote, one after the other.
  struct Part {
    std::string_view name;
    std::string_view data;
  };
  static bool next(std::string_view& rest, Part& part);

 private:
  std::string begin_;
  std::string end_;
  std::string content_type_;
};

}  // namespace v0
}  // namespace langsmith
