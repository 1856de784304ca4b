#include <langsmith/client.h>
#include <llmtrace/propagation.h>

#include <utility>

#include "common/src/client_core.h"
#include "common/src/guard.h"
#include "common/src/http_text.h"
#include "common/src/json_value.h"
#include "common/src/masking.h"
#include "common/src/registry.h"
#include "langsmith/src/feedback_fields.h"
#include "langsmith/src/propagator.h"
#include "langsmith/src/run_fields.h"
#include "langsmith/src/run_params.h"
#include "langsmith/src/wire.h"

namespace langsmith {
inline namespace v0 {
namespace {

using llmtrace::Cell;
using llmtrace::Error;
using llmtrace::JsonValue;
using llmtrace::LogLevel;
using llmtrace::Observation;
using llmtrace::Ref;
using llmtrace::Result;

StoredRun stored_run(const JsonValue& body) {
  const auto text = [&](std::string_view key) { return body[key].as_string(); };
  const auto json = [&](std::string_view key) {
    const JsonValue& value = body[key];
    return value.is_null() ? Json() : Json::from_text(value.to_text());
  };
  StoredRun run;
  run.id = text("id");
  run.trace_id = text("trace_id");
  run.parent_run_id = text("parent_run_id");
  run.dotted_order = text("dotted_order");
  run.name = text("name");
  run.run_type = text("run_type");
  run.status = text("status");
  run.start_time = text("start_time");
  run.end_time = text("end_time");
  run.error = text("error");
  run.session_id = text("session_id");
  run.app_path = text("app_path");
  run.inputs = json("inputs");
  run.outputs = json("outputs");
  run.extra = json("extra");
  run.feedback_stats = json("feedback_stats");
  for (const JsonValue& tag : body["tags"].elements()) run.tags.push_back(tag.as_string());
  run.prompt_tokens = body["prompt_tokens"].as_integer();
  run.completion_tokens = body["completion_tokens"].as_integer();
  run.total_tokens = body["total_tokens"].as_integer();
  return run;
}

// The web application stands beside the API: https://api.smith.langchain.com and
// https://smith.langchain.com, or one host with /api/v1.
std::string web_host(const std::string& endpoint) {
  std::string url = endpoint;
  for (const std::string_view path : {"/api/v1", "/api"}) {
    if (url.ends_with(path)) return url.substr(0, url.size() - path.size());
  }
  for (const std::string_view prefix : {"://api.", ".api."}) {
    const std::size_t at = url.find(prefix);
    if (at == std::string::npos) continue;
    url.erase(at + (prefix.front() == '.' ? 0 : 3), 4);
    break;
  }
  return url;
}

}  // namespace

class Client::Impl {
 public:
  explicit Impl(const Config& config)
      : core("langsmith", config.transport, config.shutdown_timeout),
        config_(std::make_shared<const ResolvedConfig>(resolve(config))),
        anonymizer_(config.anonymizer) {
    for (const std::string& warning : config_->warnings) core.log(LogLevel::Warning, warning);
    if (config_->debug) core.log(LogLevel::Debug, banner());
    for (std::size_t i = 0; i < config_->endpoints.size(); ++i) {
      wires_.push_back(std::make_shared<const Wire>(config_, i));
    }
    if (!config_->enabled) return;
    std::vector<llmtrace::DestinationOptions> destinations;
    for (const auto& wire : wires_) {
      destinations.push_back(destination_options(wire));
    }
    core.open(std::move(destinations));
  }

  /// One request with the credentials, on the calling thread.
  Result<JsonValue> call(std::string_view method, const std::string& path,
                         const std::string& body = {}) {
    if (wire().endpoint().api_key.empty()) return Error{"set LANGSMITH_API_KEY", 0};
    return fetch(wire().request(method, path, {{"Content-Type", "application/json"}}), body);
  }

  Result<JsonValue> fetch(llmtrace::HttpRequest request, const std::string& body) {
    return core.fetch(std::move(request), body,
                      "check LANGSMITH_API_KEY and LANGSMITH_WORKSPACE_ID");
  }

  /// The body of feedback that is sent at once, with what the masks leave of it.
  std::string masked_text(TokenFeedback feedback) const {
    auto fields = std::make_shared<llmtrace::FeedbackFields>();
    fields->value = std::move(feedback.value);
    fields->correction = std::move(feedback.correction);
    fields->source_info = std::move(feedback.metadata);
    llmtrace::Score score;
    score.comment = std::move(feedback.comment);
    score.feedback = std::move(fields);
    std::uint64_t failures = 0;
    if (const auto mask = llmtrace::process_mask()) failures += llmtrace::apply_mask(score, *mask);
    if (anonymizer_) failures += llmtrace::apply_mask(score, anonymizer_);
    if (core.enabled()) {
      core.set().destinations().front()->counters().user_code_failures.fetch_add(failures);
    }
    JsonObject body;
    if (feedback.score) body.set("score", rounded(*feedback.score));
    body.set_json("value", score.feedback->value);
    body.set_text("comment", score.comment);
    body.set_json("correction", score.feedback->correction);
    body.set_json("metadata", score.feedback->source_info);
    return body.text();
  }

  const Wire& wire() const noexcept { return *wires_.front(); }

  llmtrace::ClientCore core;

 private:
  std::string banner() const {
    const Endpoint& endpoint = config_->endpoints.front();
    return std::string(config_->enabled ? "sends to " : "disabled; would send to ") + endpoint.url +
           ", project " + endpoint.project + ", key " + endpoint.api_key.masked() + ", " +
           std::to_string(config_->endpoints.size() - 1) + " replicas, sample rate " +
           std::to_string(config_->sample_rate);
  }

  llmtrace::DestinationOptions destination_options(const std::shared_ptr<const Wire>& wire) const {
    llmtrace::DestinationOptions options;
    options.name = "langsmith";
    if (wire != wires_.front()) options.name += " (" + wire->endpoint().url + ")";
    options.sample_rate = config_->sample_rate;
    options.observe = config_->observe;
    options.debug = config_->debug;
    options.hide_metadata = config_->hide_metadata;
    options.mask = anonymizer_;
    options.run_tree = true;
    if (config_->post_open_runs_after > std::chrono::milliseconds(0)) {
      options.open_after = config_->post_open_runs_after;
    }
    options.unauthorized_hint =
        "check LANGSMITH_API_KEY, LANGSMITH_WORKSPACE_ID and that they belong to " +
        wire->endpoint().url;
    options.propagator = make_propagator();
    options.make_encoders = [wire] {
      auto server = std::make_shared<ServerInfo>();
      std::vector<std::unique_ptr<llmtrace::Encoder>> encoders;
      encoders.push_back(make_runs_encoder(wire, server));
      encoders.push_back(make_feedback_encoder(wire, server));
      return encoders;
    };
    return options;
  }

  std::shared_ptr<const ResolvedConfig> config_;
  const llmtrace::Mask anonymizer_;
  std::vector<std::shared_ptr<const Wire>> wires_;  // one for each endpoint
};

Client::Client(Config config) : impl_(std::make_unique<Impl>(config)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;

bool Client::enabled() const noexcept { return impl_->core.enabled(); }

Run Client::start_run(RunParams params) noexcept {
  return impl_->core.handle([&] {
    llmtrace::StartOptions options = start_options(params, impl_->core.transport().log());
    return impl_->core.start(observation_params(params), std::move(options));
  });
}

std::string Client::create_feedback(FeedbackParams params) noexcept {
  std::string id;
  if (!enabled()) return id;
  llmtrace::guarded(impl_->core.set(), [&] {
    std::string project = std::move(params.project_name);
    id = submit_feedback(std::move(params), std::move(project), impl_->core.set());
  });
  return id;
}

Result<bool> Client::update_feedback(std::string_view feedback_id, FeedbackUpdate update) {
  TokenFeedback feedback{.score = update.score,
                         .value = std::move(update.value),
                         .comment = std::move(update.comment),
                         .correction = std::move(update.correction)};
  const auto reply = impl_->call("PATCH", "/feedback/" + llmtrace::percent_encoded(feedback_id),
                                 impl_->masked_text(std::move(feedback)));
  if (!reply) return reply.error();
  return true;
}

Result<PresignedFeedback> Client::create_presigned_feedback_token(PresignedFeedbackParams params) {
  JsonObject expires;
  expires.set("minutes", std::to_string(params.expires_in.count()));
  JsonObject body;
  body.set_text("run_id", params.run_id);
  body.set_text("feedback_key", params.feedback_key);
  body.set("expires_in", expires.text());
  body.set_json("feedback_config", config_json(params.feedback_config));
  const auto reply = impl_->call("POST", "/feedback/tokens", body.text());
  if (!reply) return reply.error();
  return PresignedFeedback{(*reply)["id"].as_string(), (*reply)["url"].as_string(),
                           (*reply)["expires_at"].as_string()};
}

Result<bool> Client::create_feedback_from_token(std::string_view url, TokenFeedback feedback) {
  llmtrace::HttpRequest request = impl_->wire().foreign_request("POST", url);
  request.headers.push_back({"Content-Type", "application/json"});
  auto reply = impl_->fetch(std::move(request), impl_->masked_text(std::move(feedback)));
  if (reply) return true;
  Error error = reply.error();  // who has the URL may give feedback: it is not repeated
  for (std::size_t at = 0; !url.empty() && (at = error.message.find(url)) != std::string::npos;) {
    error.message.replace(at, url.size(), "the presigned URL");
  }
  return error;
}

Result<StoredRun> Client::read_run(std::string_view run_id) {
  const auto reply = impl_->call("GET", "/runs/" + llmtrace::percent_encoded(run_id));
  if (!reply) return reply.error();
  return stored_run(*reply);
}

Result<std::string> Client::run_url(std::string_view run_id) {
  const auto run = read_run(run_id);
  if (!run) return run.error();
  const std::string host = web_host(impl_->wire().endpoint().url);
  if (!run->app_path.empty()) return host + run->app_path;
  return host + "/projects/p/" + run->session_id + "/r/" + run->id;
}

llmtrace::ContextScope Client::activate() const noexcept { return impl_->core.activate(); }

bool Client::flush(std::chrono::milliseconds timeout) noexcept {
  return impl_->core.flush(timeout);
}

bool Client::shutdown(std::chrono::milliseconds timeout) noexcept {
  return impl_->core.shutdown(timeout);
}

llmtrace::DestinationStats Client::stats() const { return impl_->core.stats(); }

}  // namespace v0
}  // namespace langsmith
