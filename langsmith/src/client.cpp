#include <langsmith/client.h>
#include <llmtrace/propagation.h>

#include <utility>

#include "common/src/client_core.h"
#include "common/src/guard.h"
#include "common/src/http_text.h"
#include "common/src/json_value.h"
#include "common/src/score.h"
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

std::string_view to_string(FeedbackSource source) noexcept {
  static constexpr std::string_view kNames[] = {"api", "model", "auto_eval", "app"};
  return kNames[static_cast<std::size_t>(source)];
}

std::string number_text(double value) {
  std::string text;
  llmtrace::append_json_number(text, value);
  return text;
}

Json config_json(const FeedbackConfig& config) {
  if (config.type == FeedbackConfig::Type::None) return {};
  static constexpr std::string_view kTypes[] = {"", "continuous", "categorical", "freeform"};
  JsonObject object;
  object.set_text("type", kTypes[static_cast<std::size_t>(config.type)]);
  if (config.min) object.set("min", number_text(*config.min));
  if (config.max) object.set("max", number_text(*config.max));
  if (!config.categories.empty()) {
    std::string list;
    for (const FeedbackConfig::Category& category : config.categories) {
      JsonObject item;
      item.set("value", number_text(category.value));
      item.set_text("label", category.label);
      list.append(list.empty() ? "[" : ",").append(item.text());
    }
    object.set("categories", list + "]");
  }
  return Json::from_text(object.text());
}

// What is wrong with the feedback, and the remedy; empty when it may be sent.
std::string_view problem_of(const FeedbackParams& params) {
  constexpr std::size_t kMaxKey = 180;
  if (params.key.empty()) return "it has no key; give .key";
  if (params.key.size() > kMaxKey) return "its key is longer than 180 characters";
  if (params.run_id.empty() && params.trace_id.empty() && params.project_id.empty()) {
    return "it needs a target: .run_id, .trace_id or .project_id";
  }
  if (params.score && !std::isfinite(*params.score)) return "its score is not a finite number";
  return {};
}

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
        config_(std::make_shared<const ResolvedConfig>(resolve(config))) {
    for (const std::string& warning : config_->warnings) core.log(LogLevel::Warning, warning);
    if (config_->debug) core.log(LogLevel::Debug, banner());
    for (std::size_t i = 0; i < config_->endpoints.size(); ++i) {
      wires_.push_back(std::make_shared<const Wire>(config_, i));
    }
    if (!config_->enabled) return;
    llmtrace::register_propagator(make_propagator());
    std::vector<llmtrace::DestinationOptions> destinations;
    for (const auto& wire : wires_) {
      destinations.push_back(destination_options(wire, config.anonymizer));
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

  const Wire& wire() const noexcept { return *wires_.front(); }
  const ResolvedConfig& config() const noexcept { return *config_; }

  llmtrace::ClientCore core;

 private:
  std::string banner() const {
    const Endpoint& endpoint = config_->endpoints.front();
    return std::string(config_->enabled ? "sends to " : "disabled; would send to ") + endpoint.url +
           ", project " + endpoint.project + ", key " + endpoint.api_key.masked() + ", " +
           std::to_string(config_->endpoints.size() - 1) + " replicas, sample rate " +
           std::to_string(config_->sample_rate);
  }

  llmtrace::DestinationOptions destination_options(const std::shared_ptr<const Wire>& wire,
                                                   const llmtrace::Mask& mask) const {
    llmtrace::DestinationOptions options;
    options.name = "langsmith";
    if (wire != wires_.front()) options.name += " (" + wire->endpoint().url + ")";
    options.sample_rate = config_->sample_rate;
    options.observe = config_->observe;
    options.debug = config_->debug;
    options.mask = mask;
    options.run_tree = true;
    if (config_->post_open_runs_after > std::chrono::milliseconds(0)) {
      options.open_after = config_->post_open_runs_after;
    }
    options.unauthorized_hint =
        "check LANGSMITH_API_KEY, LANGSMITH_WORKSPACE_ID and that they belong to " +
        wire->endpoint().url;
    options.make_encoders = [wire] {
      auto server = std::make_shared<ServerInfo>();
      std::vector<std::unique_ptr<llmtrace::Encoder>> encoders;
      encoders.push_back(make_runs_encoder(wire, server));
      encoders.push_back(make_feedback_batch_encoder(wire, server));
      encoders.push_back(make_feedback_encoder(wire, server));
      return encoders;
    };
    return options;
  }

  std::shared_ptr<const ResolvedConfig> config_;
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
    if (const std::string_view problem = problem_of(params); !problem.empty()) {
      for (const auto& destination : impl_->core.set().destinations()) {
        destination->refuse(llmtrace::DropReason::Rejected);
      }
      impl_->core.log(LogLevel::Warning,
                      "the feedback \"" + params.key + "\" was dropped: " + std::string(problem));
      return;
    }
    llmtrace::TransportImpl& transport = impl_->core.transport();
    auto feedback = std::make_shared<llmtrace::FeedbackFields>();
    feedback->has_score = params.score.has_value();
    feedback->value = std::move(params.value);
    feedback->correction = std::move(params.correction);
    feedback->source_info = std::move(params.source_info);
    feedback->source_type = to_string(params.source);
    feedback->source_run_id = std::move(params.source_run_id);
    feedback->project_id = std::move(params.project_id);
    feedback->group_id = std::move(params.feedback_group_id);
    feedback->comparative_experiment_id = std::move(params.comparative_experiment_id);
    feedback->config = config_json(params.feedback_config);
    llmtrace::Score score;
    score.timestamp = transport.clock().now();
    score.id = params.feedback_id.empty()
                   ? llmtrace::uuid_text(transport.ids().next(score.timestamp))
                   : llmtrace::uuid_text(llmtrace::uuid_from(params.feedback_id));
    score.name = std::move(params.key);
    score.comment = std::move(params.comment);
    if (params.score) score.value = *params.score;
    if (params.run_id.empty()) params.run_id = params.trace_id;
    if (!params.run_id.empty()) score.run_id = llmtrace::uuid_from(params.run_id);
    if (!params.trace_id.empty()) {
      score.run_trace_id = llmtrace::uuid_from(params.trace_id);
      score.trace_id = llmtrace::to_hex(*score.run_trace_id);
    }
    score.feedback = std::move(feedback);
    id = score.id;
    llmtrace::submit_checked(std::move(score), impl_->core.set());
  });
  return id;
}

Result<bool> Client::update_feedback(std::string_view feedback_id, FeedbackUpdate update) {
  JsonObject body;
  if (update.score) body.set("score", number_text(*update.score));
  body.set_json("value", update.value);
  body.set_text("comment", update.comment);
  body.set_json("correction", update.correction);
  const auto reply =
      impl_->call("PATCH", "/feedback/" + llmtrace::percent_encoded(feedback_id), body.text());
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
  llmtrace::HttpRequest request = impl_->wire().open_request("POST", "");
  request.url = url;
  request.headers.push_back({"Content-Type", "application/json"});
  JsonObject body;
  if (feedback.score) body.set("score", number_text(*feedback.score));
  body.set_json("value", feedback.value);
  body.set_text("comment", feedback.comment);
  body.set_json("correction", feedback.correction);
  body.set_json("metadata", feedback.metadata);
  auto reply = impl_->fetch(std::move(request), body.text());
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
