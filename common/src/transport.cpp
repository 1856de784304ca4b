#include <llmtrace/transport.h>

#include <cstdlib>
#include <exception>
#include <stdexcept>

#include "common/src/curl_http_client.h"
#include "common/src/fork.h"
#include "common/src/propagator.h"
#include "common/src/registry.h"
#include "common/src/transport_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kExitDrain = std::chrono::seconds(2);

TransportOptions complete(TransportOptions options) {
  if (options.max_bytes == 0 || options.max_items == 0) {
    throw std::invalid_argument(
        "TransportOptions::max_bytes and max_items must be at least 1; leave them out for 64 MiB "
        "and "
        "100,000 items");
  }
  if (!options.clock) options.clock = make_system_clock();
  if (!options.log_sink) options.log_sink = make_stderr_log_sink();
  return options;
}

}  // namespace

std::shared_ptr<Transport> Transport::create(TransportOptions options) {
  auto impl = std::make_shared<TransportImpl>(std::move(options));
  return std::shared_ptr<Transport>(new Transport(std::move(impl)));
}

std::shared_ptr<Transport> Transport::process_default() {
  // Never destroyed. libcurl is initialised before the exit handler is registered, so the handler
  // runs before OpenSSL cleans up after itself.
  static const std::shared_ptr<Transport>& instance = *[] {
    auto* const transport = new std::shared_ptr<Transport>(create());
    (*transport)->impl().http();
    std::atexit([] {
      try {
        process_default()->impl().close_all(kExitDrain);
      } catch (const std::exception&) {  // no memory at the very end: what is left is lost with it
      }
    });
    return transport;
  }();
  return instance;
}

std::shared_ptr<TransportImpl> process_keeper() {
  return Transport::process_default()->impl().shared_from_this();
}

Transport::Transport(std::shared_ptr<TransportImpl> impl) noexcept : impl_(std::move(impl)) {}

Transport::~Transport() = default;

bool flush(milliseconds timeout) noexcept {
  try {
    const auto start = std::chrono::steady_clock::now();
    std::vector<Ref<Destination>> left = live_destinations();
    bool complete = true;
    while (!left.empty()) {
      TransportImpl& transport = left.back()->transport();
      std::vector<Ref<Destination>> together;
      std::erase_if(left, [&](const Ref<Destination>& destination) {
        if (&destination->transport() != &transport) return false;
        together.push_back(destination);
        return true;
      });
      const auto used =
          std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
      complete = transport.flush(together, std::max(timeout - used, milliseconds(0))) && complete;
    }
    return complete;
  } catch (const std::exception&) {  // no memory for the list: nothing was flushed
    return false;
  }
}

TransportImpl::TransportImpl(TransportOptions options)
    : options_(complete(std::move(options))),
      own_http_(!options_.http_client),
      ids_(options_.id_seed),
      log_(options_.log_sink, options_.clock) {
  install_fork_handlers();
  const std::lock_guard lock(registry_mutex());
  register_transport(*this);
}

TransportImpl::~TransportImpl() {
  {
    const std::lock_guard lock(registry_mutex());
    unregister_transport(*this);
  }
  delete flusher_.load();
}

HttpClient& TransportImpl::http() {
  const std::lock_guard lock(registry_mutex());
  if (!options_.http_client) options_.http_client = make_curl_http_client();
  return *options_.http_client;
}

// Made at the first use, and again after a fork.
Flusher* TransportImpl::flusher() noexcept {
  Flusher* flusher = flusher_.load(std::memory_order_acquire);
  if (flusher != nullptr) return flusher;
  try {
    http();
    const std::lock_guard lock(registry_mutex());
    flusher = flusher_.load(std::memory_order_acquire);
    if (flusher != nullptr) return flusher;
    auto made = std::make_unique<Flusher>(*this, options_, options_.http_client, log_);
    for (const Ref<Destination>& destination : live_) made->adopt(destination);
    if (!live_.empty()) made->start();
    flusher = made.release();
    flusher_.store(flusher, std::memory_order_release);
    return flusher;
  } catch (const std::exception& error) {
    log_.log(LogKind::Setup, LogLevel::Error, error.what());
    return nullptr;
  }
}

Ref<Destination> TransportImpl::open(DestinationOptions options) {
  if (options.propagator) register_propagator(options.propagator);
  auto destination = Ref<Destination>::make(std::move(options), shared_from_this());
  const std::lock_guard lifecycle(*lifecycle_);
  Flusher* const flusher = this->flusher();
  if (flusher == nullptr || !flusher->start()) {
    log_.log(LogKind::Setup, LogLevel::Error,
             destination->options().name +
                 ": no background thread can be started (is the process at its thread limit?); "
                 "nothing will be recorded");
    destination->close();
    destination->forget();
    return destination;
  }
  try {
    Ref<const DestinationSet> previous;  // released after the lock
    const std::lock_guard lock(registry_mutex());
    live_.reserve(live_.size() + 1);
    previous = publish_destination(destination);
    live_.push_back(destination);
  } catch (const std::exception&) {  // no memory: as if it had not been asked for
    if (open_count_ == 0) flusher->stop();
    throw;
  }
  ++open_count_;
  flusher->adopt(destination);
  return destination;
}

bool TransportImpl::close(const std::vector<Ref<Destination>>& destinations,
                          milliseconds timeout) noexcept {
  std::size_t closing = 0;
  for (const Ref<Destination>& destination : destinations) {
    Ref<const DestinationSet> previous;  // released after the lock
    const std::lock_guard lock(registry_mutex());
    if (std::erase(live_, destination) == 0) continue;  // closed before
    previous = unpublish_destination(destination);
    destination->close();
    ++closing;
  }
  if (closing == 0) return true;
  // Null in a forked child that never used it.
  Flusher* const flusher = flusher_.load(std::memory_order_acquire);
  const bool complete = flusher == nullptr || flush(destinations, timeout);
  if (flusher != nullptr) {
    for (const Ref<Destination>& destination : destinations) flusher->abandon(destination);
  }
  const std::lock_guard lifecycle(*lifecycle_);
  open_count_ -= closing;
  if (open_count_ == 0 && flusher != nullptr) flusher->stop();
  return complete;
}

void TransportImpl::close_all(milliseconds timeout) {
  std::vector<Ref<Destination>> left;
  {
    const std::lock_guard lock(registry_mutex());
    left = live_;
  }
  close(left, timeout);
}

Flusher::Load TransportImpl::load() const noexcept {
  const Flusher* const flusher = flusher_.load(std::memory_order_acquire);
  return flusher == nullptr ? Flusher::Load() : flusher->load();
}

void TransportImpl::wake() noexcept {
  if (Flusher* const flusher = flusher_.load(std::memory_order_acquire)) flusher->wake();
}

void TransportImpl::note_open() noexcept {
  if (Flusher* const flusher = flusher_.load(std::memory_order_acquire)) flusher->note_open();
}

void TransportImpl::submit(ItemKind kind, RefCounted& item, const DestinationSet& set,
                           std::size_t bytes) noexcept {
  if (Flusher* const flusher = this->flusher()) {
    flusher->submit(kind, item, set, bytes);
    return;
  }
  for (const Ref<Destination>& destination : set.destinations()) {
    if (&destination->transport() == this) destination->refuse(DropReason::EncodeFailed);
  }
}

bool TransportImpl::flush(const std::vector<Ref<Destination>>& destinations,
                          milliseconds timeout) noexcept {
  try {
    // Null in a forked child that never used it: nothing was submitted.
    Flusher* const flusher = flusher_.load(std::memory_order_acquire);
    return flusher == nullptr || flusher->flush(destinations, timeout);
  } catch (const std::exception& error) {
    log_.log(LogKind::Setup, LogLevel::Error, error.what());
    return false;
  }
}

void TransportImpl::abandon_after_fork() noexcept {
  // Kept for ever and never touched: their locks may be held by threads that do not exist here.
  struct Inherited {
    Flusher* flusher;
    std::shared_ptr<HttpClient> http;
    std::unique_ptr<std::mutex> lifecycle;
    std::unique_ptr<OpenList> open_observations;
  };
  static auto& graveyard = *new std::vector<Inherited>();
  graveyard.push_back({flusher_.exchange(nullptr), options_.http_client, std::move(lifecycle_),
                       std::move(open_observations_)});
  open_observations_ = std::make_unique<OpenList>();
  if (own_http_) options_.http_client.reset();
  lifecycle_ = std::make_unique<std::mutex>();
  open_count_ = live_.size();
  for (const Ref<Destination>& destination : live_) destination->counters().reset();
}

}  // namespace v0
}  // namespace llmtrace
