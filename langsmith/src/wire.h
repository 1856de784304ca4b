// LangSmith's wire: one Encoder per kind of request to one endpoint. Facts are those of LangSmith's
// public sources (langsmith-sdk 0.11.1, its OpenAPI description of 2026-05-21).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/encoder.h"
#include "langsmith/src/resolved_config.h"

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
  /// A request with the credentials and `headers`; `path` with its leading slash. The user's
  /// additional headers replace those of the same name.
  llmtrace::HttpRequest request(std::string_view method, std::string_view path,
                                std::vector<llmtrace::HttpHeader> headers = {}) const;
  /// The same without credentials, for /info.
  llmtrace::HttpRequest open_request(std::string_view method, std::string_view path) const;

 private:
  std::shared_ptr<const ResolvedConfig> config_;
  std::size_t endpoint_;
};

/// What the server told of itself, by /info and by its answers. One per endpoint, flusher thread
/// only.
class ServerInfo {
 public:
  bool multipart = true;        ///< /runs/multipart; else /runs/batch
  bool zstd = false;            ///< takes zstd bodies
  bool gzip = false;            ///< takes gzip bodies
  bool feedback_rides = false;  ///< feedback may be a part of a multipart body
  bool needs_session = false;   ///< feedback must name its project's UUID
  std::string session_id;       ///< of the project, when it is needed and known
  std::size_t max_items = 100;
  std::size_t max_bytes = 20'971'520;

  /// GET /info, unless its answer is known or asking failed a moment ago.
  std::optional<llmtrace::HttpRequest> ask(const Wire& wire, llmtrace::Timestamp now);
  void learn(const llmtrace::HttpReply& reply, llmtrace::Timestamp now);
  /// Whether one of the encoders has asked and there is no answer yet.
  bool is_asked() const noexcept { return asked_; }

 private:
  bool known_ = false;
  bool asked_ = false;
  llmtrace::Timestamp ask_again_{};
};

/// Runs: /runs/multipart, or /runs/batch where that is not known.
std::unique_ptr<llmtrace::Encoder> make_runs_encoder(std::shared_ptr<const Wire> wire,
                                                     std::shared_ptr<ServerInfo> server);
/// Feedback that names its trace, many in one multipart body.
std::unique_ptr<llmtrace::Encoder> make_feedback_batch_encoder(std::shared_ptr<const Wire> wire,
                                                               std::shared_ptr<ServerInfo> server);
/// All other feedback: POST /feedback, one each.
std::unique_ptr<llmtrace::Encoder> make_feedback_encoder(std::shared_ptr<const Wire> wire,
                                                         std::shared_ptr<ServerInfo> server);

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
