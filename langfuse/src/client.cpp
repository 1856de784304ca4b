#include <langfuse/client.h>

#include <mutex>
#include <utility>

#include "common/src/cell.h"
#include "common/src/guard.h"
#include "common/src/json_value.h"
#include "common/src/score.h"
#include "common/src/transport_impl.h"
#include "common/src/verdict.h"
#include "langfuse/src/trace_attributes.h"
#include "langfuse/src/wire.h"

namespace langfuse {
inline namespace v0 {

using llmtrace::Cell;
using llmtrace::ContextNode;
using llmtrace::DestinationSet;
using llmtrace::Error;
using llmtrace::HttpReply;
using llmtrace::JsonValue;
using llmtrace::Ref;
using llmtrace::Result;
using llmtrace::TraceAttributes;

class Client::Impl {
 public:
  // In two steps: should the second throw, the destructor closes what it has opened.
  explicit Impl(const Config& config)
      : Impl(config.transport ? config.transport : llmtrace::Transport::process_default(),
             config.shutdown_timeout) {
    ResolvedConfig resolved = resolve(config);
    for (const std::string& warning : resolved.warnings) {
      transport_->impl().log().write(llmtrace::LogLevel::Warning, "langfuse: " + warning);
    }
    if (resolved.debug) {
      transport_->impl().log().write(llmtrace::LogLevel::Debug, "langfuse: " + banner(resolved));
    }
    wire_ = std::make_shared<const Wire>(std::move(resolved));
    if (!wire_->config().enabled) return;
    destination_ = transport_->impl().open(destination_options(config.mask));
    set_ = Ref<const DestinationSet>::adopt(new DestinationSet({destination_}));
  }

  ~Impl() { shutdown(shutdown_timeout_); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  bool enabled() const noexcept { return static_cast<bool>(destination_); }
  const Ref<llmtrace::Destination>& destination() const noexcept { return destination_; }
  const DestinationSet& set() const noexcept { return *set_; }
  llmtrace::TransportImpl& transport() const noexcept { return transport_->impl(); }
  const ResolvedConfig& config() const noexcept { return wire_->config(); }

  bool shutdown(std::chrono::milliseconds timeout) noexcept {
    return !enabled() || transport().close(destination_, timeout);
  }

  /// The id of the project that the keys belong to; asked for once.
  Result<std::string> project_id() {
    const std::lock_guard lock(project_mutex_);
    if (!project_id_.empty()) return project_id_;
    if (config().public_key.empty() || config().secret_key.empty()) {
      return Error{"set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY", 0};
    }
    const HttpReply reply = transport().http().fetch(wire_->request("GET", "api/public/projects"));
    if (reply.status != 200 || !reply.complete) return failure(reply);
    const auto body = JsonValue::parse(reply.body);
    if (!body || (*body)["data"].elements().empty()) {
      return Error{"the server knows no project for these keys; create one in its settings",
                   reply.status};
    }
    project_id_ = (*body)["data"].elements().front()["id"].as_string();
    return project_id_;
  }

 private:
  Impl(std::shared_ptr<llmtrace::Transport> transport, std::chrono::milliseconds shutdown_timeout)
      : transport_(std::move(transport)), shutdown_timeout_(shutdown_timeout) {}

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
    options.make_encoders = [wire = wire_] {
      std::vector<std::unique_ptr<llmtrace::Encoder>> encoders;
      encoders.push_back(wire->config().protocol == Protocol::Legacy ? make_legacy_encoder(wire)
                                                                     : make_otlp_encoder(wire));
      encoders.push_back(make_score_encoder(wire));
      return encoders;
    };
    return options;
  }

  Error failure(const HttpReply& reply) const {
    std::string message =
        "GET " + config().base_url + "/api/public/projects: " + llmtrace::describe(reply);
    if (reply.status == 401 || reply.status == 403) {
      message += "; check LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY";
    }
    return {std::move(message), reply.status};
  }

  std::shared_ptr<llmtrace::Transport> transport_;
  std::chrono::milliseconds shutdown_timeout_;
  std::shared_ptr<const Wire> wire_;
  Ref<llmtrace::Destination> destination_;  // null when disabled
  Ref<const DestinationSet> set_;
  std::mutex project_mutex_;  // guards project_id_
  std::string project_id_;
};

Client::Client(Config config) : impl_(std::make_unique<Impl>(config)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;

bool Client::enabled() const noexcept { return impl_->enabled(); }

Trace Client::trace(TraceParams params) noexcept {
  if (!impl_->enabled()) return {};
  Ref<Cell> cell;
  llmtrace::guarded(impl_->set(), [&] {
    ContextNode* const current = llmtrace::current_node();
    if (current != nullptr && current->suppressed_) return;
    llmtrace::StartOptions options;
    options.destinations = &impl_->set();
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
    cell = llmtrace::start_cell({.name = std::move(params.name),
                                 .input = std::move(params.input),
                                 .output = std::move(params.output),
                                 .start_time = params.timestamp},
                                options);
  });
  return Trace(Observation(cell.detach()));
}

Observation Client::start_observation(ObservationParams params) noexcept {
  if (!impl_->enabled()) return Observation();
  Ref<Cell> cell;
  llmtrace::guarded(impl_->set(), [&] {
    ContextNode* const current = llmtrace::current_node();
    llmtrace::StartOptions options;
    options.destinations = &impl_->set();
    if (current != nullptr) {
      if (current->suppressed_) return;
      const bool joins = current->cell() != nullptr &&
                         current->cell()->destinations_->contains(*impl_->destination());
      if (joins) options.parent = current;
      options.attributes = llmtrace::inherited_attributes(*current);
    }
    cell = llmtrace::start_cell(std::move(params), options);
  });
  return Observation(cell.detach());
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
  if (!impl_->enabled()) return;
  llmtrace::guarded(impl_->set(),
                    [&] { llmtrace::submit_score(std::move(params), impl_->set(), ""); });
}

void Client::score_current_trace(ScoreParams params) noexcept {
  const llmtrace::CurrentObservation current = llmtrace::current_observation();
  if (!current || !impl_->enabled()) return;
  llmtrace::guarded(impl_->set(), [&] {
    params.trace_id = current.trace_id();
    params.observation_id.clear();
    score(std::move(params));
  });
}

llmtrace::ContextScope Client::activate() const noexcept {
  if (!impl_->enabled()) return llmtrace::suppress();
  llmtrace::Context context;
  llmtrace::guarded([&] { context = llmtrace::destination_context(impl_->destination()); });
  // Without memory nothing is recorded: it must not go to other clients instead.
  if (context.node() == nullptr) return llmtrace::suppress();
  return llmtrace::ContextScope(std::move(context));
}

Result<bool> Client::auth_check() {
  const Result<std::string> project = impl_->project_id();
  if (project) return true;
  if (project.error().http_status == 401 || project.error().http_status == 403) return false;
  return project.error();
}

Result<std::string> Client::trace_url(std::string_view trace_id) {
  const Result<std::string> project = impl_->project_id();
  if (!project) return project.error();
  return impl_->config().base_url + "/project/" + *project + "/traces/" +
         llmtrace::to_hex(llmtrace::trace_id_from(trace_id));
}

bool Client::flush(std::chrono::milliseconds timeout) noexcept {
  if (!impl_->enabled()) return true;
  bool complete = false;
  llmtrace::guarded([&] { complete = impl_->transport().flush({impl_->destination()}, timeout); });
  return complete;
}

bool Client::shutdown(std::chrono::milliseconds timeout) noexcept {
  return impl_->shutdown(timeout);
}

llmtrace::DestinationStats Client::stats() const {
  llmtrace::DestinationStats none;
  none.destination = "langfuse";
  return impl_->enabled() ? impl_->destination()->stats() : none;
}

}  // namespace v0
}  // namespace langfuse
