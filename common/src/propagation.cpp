#include <llmtrace/propagation.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "common/src/cell.h"
#include "common/src/guard.h"
#include "common/src/http_text.h"
#include "common/src/masking.h"
#include "common/src/propagator.h"
#include "common/src/registry.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::size_t kMaxBaggageBytes = 8192;
constexpr std::size_t kMaxBaggageItems = 64;
constexpr std::size_t kMaxTraceStateMembers = 32;
constexpr std::size_t kMaxTraceStateBytes = 4096;

using Propagators = std::vector<std::shared_ptr<const Propagator>>;

struct Registered {
  std::mutex mutex;  // guards `list`
  Propagators list;
};

// Never destroyed: it is used as long as anything runs.
Registered& registered() noexcept {
  static Registered& instance = *new Registered;
  return instance;
}

Propagators propagators() {
  const std::lock_guard lock(registered().mutex);
  return registered().list;
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Calls `visit` with each part between commas.
template <class Visit>
void for_each_part(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    visit(trimmed(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
}

template <std::size_t Size>
bool read_hex(std::string_view text, std::array<std::uint8_t, Size>& bytes) noexcept {
  std::uint8_t any = 0;
  for (std::size_t i = 0; i < Size; ++i) {
    unsigned value = 0;
    for (const char c : text.substr(2 * i, 2)) {
      const bool digit = c >= '0' && c <= '9';
      if (!digit && !(c >= 'a' && c <= 'f')) return false;  // upper case is not allowed
      value = value * 16 + static_cast<unsigned>(digit ? c - '0' : c - 'a' + 10);
    }
    bytes[i] = static_cast<std::uint8_t>(value);
    any = static_cast<std::uint8_t>(any | bytes[i]);
  }
  return any != 0;
}

// W3C Trace Context, 3.2: "00-" 32 hex "-" 16 hex "-" 2 hex; of later versions the same prefix is
// read.
bool read_traceparent(std::string_view text, RemoteParent& parent) noexcept {
  constexpr std::size_t kLength = 55;
  text = trimmed(text);
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  const bool zero_version = text.starts_with("00");
  if (!zero_version && (!read_hex(text.substr(0, 2), version) || version[0] == 0xff)) return false;
  if (zero_version ? text.size() != kLength : text.size() > kLength && text[kLength] != '-') {
    return false;
  }
  if (!read_hex(text.substr(3, 32), parent.trace_id)) return false;
  if (!read_hex(text.substr(36, 16), parent.span_id)) return false;
  const std::string_view flag_text = text.substr(53, 2);
  if (flag_text != "00" && !read_hex(flag_text, flags)) return false;
  parent.sampled = (flags[0] & 1) != 0;
  return true;
}

// Handed on as it came, when it can be a tracestate at all.
std::string checked_trace_state(const std::vector<HttpHeader>& headers) {
  std::string state;
  std::size_t members = 0;
  for (const HttpHeader& header : headers) {
    if (!same_ignoring_case(header.name, "tracestate")) continue;
    for_each_part(header.value, [&](std::string_view member) {
      if (member.empty()) return;
      ++members;
      state.append(state.empty() ? "" : ",").append(member);
    });
  }
  const bool printable =
      std::all_of(state.begin(), state.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  const bool fits = members <= kMaxTraceStateMembers && state.size() <= kMaxTraceStateBytes;
  return printable && fits ? state : std::string();
}

// What leaves by headers is masked as what is sent. Who will read it is not known: by every mask
// that one of the observation's destinations has.
void hide(Ref<const TraceAttributes>& attributes, const DestinationSet& destinations) {
  Record masked;
  masked.attributes = attributes;
  if (const auto mask = process_mask()) apply_mask(masked, *mask);
  for (const Ref<Destination>& destination : destinations.destinations()) {
    if (destination->options().mask) apply_mask(masked, destination->options().mask);
    if (!destination->options().hide_metadata) continue;
    const Ref<TraceAttributes> hidden = copy_attributes(masked.attributes.get());
    hidden->metadata = {};
    hidden->user_id.clear();
    hidden->session_id.clear();
    masked.attributes = Ref<const TraceAttributes>::share(hidden.get());
  }
  attributes = masked.attributes;
}

std::vector<HttpHeader> inject_cell(const Cell& cell, const TraceAttributes* attributes) {
  const Record& record = cell.record;
  const bool is_sent = !cell.destinations_->is_sampled_out();
  std::vector<HttpHeader> headers;
  headers.push_back({"traceparent", "00-" + to_hex(record.trace_id) + "-" + to_hex(record.span_id) +
                                        (is_sent ? "-01" : "-00")});
  if (cell.remote_ && !cell.remote_->trace_state.empty()) {
    headers.push_back({"tracestate", cell.remote_->trace_state});
  }
  // Sampled out: the ids let the other side come to the same verdict, but no server knows them.
  if (!is_sent) return headers;
  Baggage baggage;
  for (const auto& propagator : propagators()) {
    propagator->inject(record, attributes, headers, baggage);
  }
  if (std::string text = baggage.text(); !text.empty()) {
    headers.push_back({"baggage", std::move(text)});
  }
  return headers;
}

}  // namespace

void Baggage::add(std::string_view key, std::string_view value) { items_.emplace_back(key, value); }

std::string_view Baggage::find(std::string_view key) const noexcept {
  for (const auto& [name, value] : items_) {
    if (name == key) return value;
  }
  return {};
}

void Baggage::parse(std::string_view header) {
  if (header.size() > kMaxBaggageBytes) {  // without the member that is cut in two
    const std::size_t comma = header.rfind(',', kMaxBaggageBytes);
    header = header.substr(0, comma == std::string_view::npos ? 0 : comma);
  }
  for_each_part(header, [this](std::string_view member) {
    member = trimmed(member.substr(0, member.find(';')));  // properties say nothing to us
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos || items_.size() >= kMaxBaggageItems) return;
    const std::string_view key = trimmed(member.substr(0, equals));
    if (!is_header_name(key)) return;
    add(percent_decoded(key), percent_decoded(trimmed(member.substr(equals + 1))));
  });
}

std::string Baggage::text() const {
  std::string out;
  for (const auto& [key, value] : items_) {
    // Keys hold users' words too, and no line break of those may end the header.
    const std::string item = percent_encoded(key) + "=" + percent_encoded(value);
    if (out.size() + item.size() + 1 > kMaxBaggageBytes) continue;
    out.append(out.empty() ? "" : ",").append(item);
  }
  return out;
}

std::mutex& propagators_mutex() noexcept { return registered().mutex; }

void register_propagator(std::shared_ptr<const Propagator> propagator) {
  const std::lock_guard lock(registered().mutex);
  Propagators& list = registered().list;
  const bool known = std::any_of(list.begin(), list.end(), [&](const auto& other) {
    return other->name() == propagator->name();
  });
  if (!known) list.push_back(std::move(propagator));
}

std::vector<HttpHeader> inject(InjectOptions options) noexcept {
  return inject(current_observation(), options);
}

std::vector<HttpHeader> inject(const ObservationHandle& observation,
                               InjectOptions options) noexcept {
  std::vector<HttpHeader> headers;
  Cell* const cell = observation.identity();
  if (cell == nullptr || !cell->destinations_) return headers;  // the latter: a disabled client's
  const DestinationSet& destinations = *cell->destinations_;
  if (destinations.empty() && !destinations.is_sampled_out()) return headers;  // only looked on
  guarded([&] {
    Ref<const TraceAttributes> attributes;
    if (options.baggage) attributes = inherited_attributes(*cell);
    if (options.baggage && !attributes) attributes = Ref<const TraceAttributes>::make();
    if (options.baggage) hide(attributes, *cell->destinations_);
    headers = inject_cell(*cell, attributes.get());
  });
  return headers;
}

Context extract(const std::vector<HttpHeader>& headers, ExtractOptions options) noexcept {
  Context context = Context::current();
  guarded([&] {
    auto parent = Ref<RemoteParent>::make();
    bool found = false;
    Baggage baggage;
    for (const HttpHeader& header : headers) {
      if (same_ignoring_case(header.name, "traceparent")) {
        found = read_traceparent(header.value, *parent);
      } else if (same_ignoring_case(header.name, "baggage")) {
        baggage.parse(header.value);
      }
    }
    if (found) {
      parent->trace_state = checked_trace_state(headers);
    } else {  // what a malformed header left there
      parent->trace_id = {};
      parent->span_id = {};
    }
    PropagateParams attributes;
    for (const auto& propagator : propagators()) {
      found = propagator->extract(headers, baggage, options, *parent, attributes) || found;
    }
    Ref<ContextNode> node = copy_node(current_node());
    if (found) {
      node->observation_ = {};
      node->remote_ = Ref<const RemoteParent>::adopt(parent.detach());
    }
    node->attributes_ = merge_attributes(node->attributes_.get(), std::move(attributes));
    node->follows_cell_ = false;
    context = Context(node.detach());
  });
  return context;
}

}  // namespace v0
}  // namespace llmtrace
