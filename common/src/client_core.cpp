#include "common/src/client_core.h"

#include <algorithm>
#include <utility>

#include "common/src/credentials.h"
#include "common/src/guard.h"
#include "common/src/verdict.h"

namespace llmtrace {
inline namespace v0 {

using std::chrono::milliseconds;

ClientCore::ClientCore(std::string_view vendor, std::shared_ptr<Transport> transport,
                       milliseconds shutdown_timeout)
    : vendor_(vendor),
      transport_(transport ? std::move(transport) : Transport::process_default()),
      shutdown_timeout_(shutdown_timeout) {}

ClientCore::~ClientCore() { shutdown(shutdown_timeout_); }

void ClientCore::log(LogLevel level, std::string_view message) noexcept {
  guarded([&] { transport().log().write(level, vendor_ + ": " + std::string(message)); });
}

void ClientCore::open(std::vector<DestinationOptions> endpoints) {
  std::vector<Ref<Destination>> destinations;
  destinations.reserve(endpoints.size());
  try {
    for (DestinationOptions& endpoint : endpoints) {
      destinations.push_back(transport().open(std::move(endpoint)));
    }
    all_ = destinations;
    if (!destinations.empty()) {
      set_ = Ref<const DestinationSet>::adopt(new DestinationSet(destinations));
    }
    const std::lock_guard lock(mutex_);
    is_open_ = true;
  } catch (const std::exception&) {  // no memory: what is open must not stay so
    transport().close(destinations, milliseconds(0));
    throw;
  }
}

Ref<const DestinationSet> ClientCore::open_beside(DestinationOptions options) {
  const std::lock_guard lock(mutex_);
  if (!is_open_ || closed_) return {};
  all_.reserve(all_.size() + 1);
  const Ref<Destination> destination = transport().open(std::move(options));
  all_.push_back(destination);
  return Ref<const DestinationSet>::adopt(new DestinationSet({destination}));
}

Ref<Cell> ClientCore::start(ObservationParams&& params, StartOptions options) {
  ContextNode* const current = current_node();
  if (current != nullptr && !current->suppressed_) {
    Cell* const cell = current->cell();
    const bool joins =
        cell != nullptr && cell->destinations_->contains(*set_->destinations().front());
    const bool continues = cell == nullptr && current->remote_;
    // The trace that it would belong to was drawn already: a second draw would tear it apart.
    const bool drawn = cell != nullptr && !joins &&
                       set_->sampled(cell->record.trace_id, cell->remote_.get())->empty();
    if (joins || continues || drawn) options.parent = current;
  }
  return start_root(std::move(params), std::move(options));
}

Ref<Cell> ClientCore::start_root(ObservationParams&& params, StartOptions options) {
  ContextNode* const current = current_node();
  if (current != nullptr) {
    if (current->suppressed_) return Ref<Cell>::share(current->cell());
    if (!options.attributes) options.attributes = inherited_attributes(*current);
  }
  options.destinations = set_.get();
  return start_cell(std::move(params), options);
}

ContextScope ClientCore::activate() const noexcept {
  if (!enabled()) return suppress();
  Context context;
  guarded([&] { context = destination_context(set_); });
  // Without memory nothing is recorded: it must not go to other clients instead.
  if (context.node() == nullptr) return suppress();
  return ContextScope(std::move(context));
}

Result<JsonValue> ClientCore::fetch(HttpRequest request, const std::string& body,
                                    std::string_view unauthorized_hint) {
  const HeaderWiper wiper(request);
  request.body = body;
  const HttpReply reply = transport().http().fetch(request);
  if (reply.status < 200 || reply.status >= 300 || !reply.complete) {
    std::string message = request.method + " " + request.url + ": " +
                          redacted(describe(reply), credentials_of(request));
    if (reply.status == 401 || reply.status == 403) message.append("; ").append(unauthorized_hint);
    return Error{std::move(message), reply.status};
  }
  if (reply.body.empty()) return JsonValue();
  auto value = JsonValue::parse(reply.body);
  if (!value) return Error{request.url + " did not answer with JSON", reply.status};
  return *std::move(value);
}

bool ClientCore::flush(milliseconds timeout) noexcept {
  bool complete = false;
  guarded([&] {
    std::unique_lock lock(mutex_);
    const std::vector<Ref<Destination>> destinations = all_;
    lock.unlock();
    complete = destinations.empty() || transport().flush(destinations, timeout);
  });
  return complete;
}

bool ClientCore::shutdown(milliseconds timeout) noexcept {
  bool complete = false;
  guarded([&] {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    complete = all_.empty() || transport().close(all_, timeout);  // nobody changes it any more
  });
  return complete;
}

DestinationStats ClientCore::stats() const {
  DestinationStats total;
  total.destination = vendor_;
  if (!enabled()) return total;
  for (const Ref<Destination>& destination : set_->destinations()) {
    const DestinationStats stats = destination->stats();
    total.submitted += stats.submitted;
    total.delivered += stats.delivered;
    for (std::size_t i = 0; i < kDropReasonCount; ++i) total.dropped[i] += stats.dropped[i];
    total.in_memory += stats.in_memory;
    total.requests += stats.requests;
    total.retries += stats.retries;
    total.ambiguous_resends += stats.ambiguous_resends;
    total.bytes_sent += stats.bytes_sent;
    total.late_updates += stats.late_updates;
    total.invalid_numbers += stats.invalid_numbers;
    total.invalid_attributes += stats.invalid_attributes;
    total.user_code_failures += stats.user_code_failures;
    total.truncated_items += stats.truncated_items;
  }
  return total;
}

}  // namespace v0
}  // namespace llmtrace
