#include <langfuse/client.h>

#include <mutex>
#include <utility>

#include "common/src/client_core.h"
#include "common/src/guard.h"
#include "common/src/http_text.h"
#include "common/src/score.h"
#include "langfuse/src/propagator.h"
#include "langfuse/src/trace_attributes.h"
#include "langfuse/src/wire.h"

namespace langfuse {
inline namespace v0 {

using llmtrace::Cell;
using llmtrace::ContextNode;
using llmtrace::Error;
using llmtrace::JsonValue;
using llmtrace::Ref;
using llmtrace::Result;
using llmtrace::TraceAttributes;

class Client::Impl {
 public:
  explicit Impl(const Config& config)
      : core("langfuse", config.transport, config.shutdown_timeout) {
    ResolvedConfig resolved = resolve(config);
    for (const std::string& warning : resolved.warnings) {
      core.log(llmtrace::LogLevel::Warning, warning);
    }
    if (resolved.debug) core.log(llmtrace::LogLevel::Debug, banner(resolved));
    wire_ = std::make_shared<const Wire>(std::move(resolved));
    if (!wire_->config().enabled) return;
    if (wire_->config().base_url_is_from_environment) {
      core.log(llmtrace::LogLevel::Info,
               "sends to " + std::string(llmtrace::url_host(wire_->config().base_url)) +
                   ", as the environment says");
    }
    core.open({destination_options(config.mask)});
  }

  const ResolvedConfig& config() const noexcept { return wire_->config(); }

  /// The id of the project that the keys belong to; asked for until it is known.
  /// Under no lock, so that nobody waits for another's request.
  Result<std::string> project_id() {
    if (std::string known = known_project_id(); !known.empty()) return known;
    if (config().public_key.empty() || config().secret_key.empty()) {
      return Error{"set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY", 0};
    }
    const Result<JsonValue> body = core.fetch(wire_->request("GET", "api/public/projects"), "",
                                              "check LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY");
    if (!body) return body.error();
    if ((*body)["data"].elements().empty()) {
      return Error{"the server knows no project for these keys; create one in its settings", 200};
    }
    std::string id = (*body)["data"].elements().front()["id"].as_string();
    const std::lock_guard lock(project_mutex_);
    return project_id_ = std::move(id);
  }

  llmtrace::ClientCore core;

 private:
  std::string known_project_id() {
    const std::lock_guard lock(project_mutex_);
    return project_id_;
  }

  static std::string banner(const ResolvedConfig& config) {
    return std::string(config.enabled ? "sends to " : "disabled; would send to ") +
           config.base_url + " as " + config.public_key +
           (config.protocol == Protocol::Legacy ? ", legacy ingestion" : ", OTLP") +
           ", sample rate " + std::to_string(config.sample_rate);
  }

  llmtrace::DestinationOptions destination_options(const llmtrace::Mask& mask) const {
    llmtrace::DestinationOptions options;
    options.name = "langfuse";
    options.sample_rate = config().sample_rate;
    options.observe = config().observe;
    options.debug = config().debug;
    options.mask = mask;
    options.unauthorized_hint =
        "check LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and that they belong to " +
        config().base_url;
    options.propagator = make_propagator();
    options.make_encoders = [wire = wire_] {
      std::vector<std::unique_ptr<llmtrace::Encoder>> encoders;
      encoders.push_back(wire->config().protocol == Protocol::Legacy ? make_legacy_encoder(wire)
                                                                     : make_otlp_encoder(wire));
      encoders.push_back(make_score_encoder(wire));
      return encoders;
    };
    return options;
  }

  std::shared_ptr<const Wire> wire_;
  std::mutex project_mutex_;  // guards project_id_
  std::string project_id_;
};

Client::Client(Config config) : impl_(std::make_unique<Impl>(config)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;

bool Client::enabled() const noexcept { return impl_->core.enabled(); }

Trace Client::trace(TraceParams params) noexcept {
  return Trace(impl_->core.handle([&] {
    ContextNode* const current = llmtrace::current_node();
    llmtrace::StartOptions options;
    options.begins_trace = true;
    if (!params.id.empty()) options.trace_id = llmtrace::trace_id_from(params.id);
    const Ref<const TraceAttributes> outer = current != nullptr
                                                 ? llmtrace::inherited_attributes(*current)
                                                 : Ref<const TraceAttributes>();
    Ref<TraceAttributes> attributes = llmtrace::copy_attributes(outer.get());
    merge(*attributes, {.name = params.name,
                        .user_id = std::move(params.user_id),
                        .session_id = std::move(params.session_id),
                        .version = std::move(params.version),
                        .release = std::move(params.release),
                        .metadata = std::move(params.metadata),
                        .tags = std::move(params.tags),
                        .is_public = params.is_public});
    options.attributes = Ref<const TraceAttributes>::adopt(attributes.detach());
    return impl_->core.start_root({.name = std::move(params.name),
                                   .input = std::move(params.input),
                                   .output = std::move(params.output),
                                   .start_time = params.timestamp},
                                  std::move(options));
  }));
}

Observation Client::start_observation(ObservationParams params) noexcept {
  return impl_->core.handle([&] { return impl_->core.start(std::move(params)); });
}

Observation Client::span(ObservationParams params) noexcept {
  params.as_type = ObservationType::Span;
  return start_observation(std::move(params));
}

Observation Client::generation(ObservationParams params) noexcept {
  params.as_type = ObservationType::Generation;
  return start_observation(std::move(params));
}

void Client::event(ObservationParams params) noexcept {
  params.as_type = ObservationType::Event;
  const Observation event = start_observation(std::move(params));
  if (event) event.end({.end_time = event.cell()->record.start_time});
}

void Client::score(ScoreParams params) noexcept {
  if (!impl_->core.enabled()) return;
  llmtrace::guarded(impl_->core.set(),
                    [&] { llmtrace::submit_score(std::move(params), impl_->core.set(), ""); });
}

void Client::score_current_trace(ScoreParams params) noexcept {
  if (!impl_->core.enabled()) return;
  const llmtrace::CurrentObservation current = llmtrace::current_observation();
  const llmtrace::DestinationSet& mine = impl_->core.set();
  Cell* const cell = current.cell();
  if (cell == nullptr || !cell->destinations_->contains(*mine.destinations().front())) return;
  llmtrace::guarded(mine, [&] {
    llmtrace::submit_score(std::move(params), cell->record, true, mine,
                           llmtrace::propagated_environment(*cell));
  });
}

llmtrace::ContextScope Client::activate() const noexcept { return impl_->core.activate(); }

Result<bool> Client::auth_check() {
  const Result<std::string> project = impl_->project_id();
  if (project) return true;
  if (project.error().http_status == 401 || project.error().http_status == 403) return false;
  return project.error();
}

Result<std::string> Client::trace_url(std::string_view trace_id) {
  if (trace_id.empty()) return Error{"there is no trace: its id is empty", 0};
  const Result<std::string> project = impl_->project_id();
  if (!project) return project.error();
  return impl_->config().base_url + "/project/" + *project + "/traces/" +
         llmtrace::to_hex(llmtrace::trace_id_from(trace_id));
}

bool Client::flush(std::chrono::milliseconds timeout) noexcept {
  return impl_->core.flush(timeout);
}

bool Client::shutdown(std::chrono::milliseconds timeout) noexcept {
  return impl_->core.shutdown(timeout);
}

llmtrace::DestinationStats Client::stats() const { return impl_->core.stats(); }

}  // namespace v0
}  // namespace langfuse
