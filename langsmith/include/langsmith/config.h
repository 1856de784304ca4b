// Config: what a langsmith::Client is made from. Everything may be left out: code wins over the
// environment (LANGSMITH_X, else LANGCHAIN_X, see docs/configuration.md), which wins over the
// default.
#pragma once

#include <llmtrace/http_client.h>
#include <llmtrace/observation.h>
#include <llmtrace/secret.h>
#include <llmtrace/transport.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace langsmith {
inline namespace v0 {

using llmtrace::ConfigText;
using llmtrace::Secret;

/// One more place that gets every run, with a key of another workspace; see Config::replicas.
struct Replica {
  ConfigText endpoint{};
  Secret api_key{};
  ConfigText workspace_id{};
  ConfigText project{};  ///< of all runs there; default: as at the client's own endpoint
  std::vector<llmtrace::HttpHeader> additional_headers{};
};

enum class Compression : unsigned char { Zstd, Gzip, None };

struct Config {
  Secret api_key{};           ///< API_KEY; without a key the client is disabled
  ConfigText project{};       ///< HOSTED_LANGSERVE_PROJECT_NAME, PROJECT, SESSION; "default"
  ConfigText endpoint{};      ///< ENDPOINT; https://api.smith.langchain.com
  ConfigText workspace_id{};  ///< WORKSPACE_ID; needed with a key of an organization
  /// TRACING_V2, TRACING: true, True and 1 switch tracing on, another value off. Unset: on with a
  /// key.
  std::optional<bool> tracing{};
  std::optional<double>
      sample_rate{};  ///< TRACING_SAMPLING_RATE; 1. Drawn once per trace, by its id
  /// More endpoints, each with its own key, queue and retries: batches never mix. RUNS_ENDPOINTS: a
  /// JSON list of {"api_url", "api_key", "project_name"} or an object {url: key}, instead of
  /// ENDPOINT.
  std::vector<Replica> replicas{};
  /// False: only handles of this client and scopes of `activate` reach it, OBSERVE alone does not.
  bool observe = true;

  std::optional<bool> hide_inputs{};   ///< HIDE_INPUTS; false. True: inputs are sent as {}
  std::optional<bool> hide_outputs{};  ///< HIDE_OUTPUTS; false. True: events lose their fields, too
  std::optional<bool> hide_metadata{};  ///< HIDE_METADATA; false
  /// Runs over a copy of inputs, outputs, metadata, tags, model parameters, status messages and
  /// errors, fields of events, `extra` and `serialized`, and of feedback's value, correction,
  /// comment and source_info. Not over names, ids, model, user, session, version, release,
  /// environment and attachments. On the flusher thread; on the caller's for what is sent at once:
  /// update_feedback, create_feedback_from_token and the baggage of to_headers. See llmtrace::Mask
  /// and <langsmith/anonymizer.h>.
  llmtrace::Mask anonymizer{};
  /// True: runs tell the SDK's version, the platform and the compiler. Never environment variables.
  bool runtime_metadata = false;
  ConfigText revision_id{};  ///< REVISION_ID: metadata of every run; none

  /// A run that is still open is shown after this time; with several clients on one transport the
  /// smallest counts. Nothing or less: runs are sent at their end only.
  std::chrono::milliseconds post_open_runs_after{1000};
  std::optional<std::chrono::milliseconds> timeout{};  ///< 10 s, for one attempt
  std::optional<std::string> proxy{};  ///< empty: none; absent: as https_proxy and NO_PROXY say
  ConfigText ca_file{};                ///< PEM file of certificate authorities; empty: the system's
  /// Sent with every request to `endpoint`, or to the primary one of RUNS_ENDPOINTS; a replica has
  /// its own. Not for keys: x-api-key and X-Tenant-Id are refused.
  std::vector<llmtrace::HttpHeader> additional_headers{};
  /// What is allowed; the server says what it takes. zstd, none to loopback;
  /// DISABLE_RUN_COMPRESSION
  std::optional<Compression> compression{};
  std::optional<std::size_t>
      max_batch_items{};  ///< BATCH_INGEST_SIZE_LIMIT; the server's, else 100
  std::chrono::milliseconds batch_interval{250};  ///< how long a batch waits to become full
  std::optional<bool> debug{};                    ///< DEBUG; false

  /// How long the destructor drains.
  std::chrono::milliseconds shutdown_timeout{2000};
  /// Null: the process's default transport.
  std::shared_ptr<llmtrace::Transport> transport{};
};

}  // namespace v0
}  // namespace langsmith
