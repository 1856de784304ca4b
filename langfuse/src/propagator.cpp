#include "langfuse/src/propagator.h"

#include <algorithm>

#include "common/src/json_text.h"

namespace langfuse {
inline namespace v0 {
namespace {

using llmtrace::Baggage;

constexpr std::string_view kPrefix = "langfuse_";
constexpr std::string_view kMetadataPrefix = "langfuse_metadata_";

void add(Baggage& baggage, std::string_view key, std::string_view value) {
  if (!value.empty()) baggage.add(std::string(kPrefix).append(key), value);
}

// The keys are those of the reference clients: "langfuse_user_id", "langfuse_metadata_<key>", ...
class BaggagePropagator final : public llmtrace::Propagator {
 public:
  std::string_view name() const noexcept override { return "langfuse"; }

  bool owns(std::string_view key) const noexcept override { return key.starts_with(kPrefix); }

  void inject(const llmtrace::Record& record, const llmtrace::TraceAttributes* attributes,
              std::vector<llmtrace::HttpHeader>& /*headers*/, Baggage& baggage) const override {
    if (attributes == nullptr) return;
    add(baggage, "trace_id", llmtrace::to_hex(record.trace_id));
    add(baggage, "user_id", attributes->user_id);
    add(baggage, "session_id", attributes->session_id);
    add(baggage, "version", attributes->version);
    add(baggage, "trace_name", attributes->trace_name);
    add(baggage, "environment", attributes->environment);
    std::string tags;
    for (const std::string& tag : attributes->tags)
      tags.append(tags.empty() ? "" : ",").append(tag);
    add(baggage, "tags", tags);
    if (attributes->metadata.is_absent() || attributes->metadata.is_string()) return;
    llmtrace::JsonObjectReader reader(attributes->metadata.text());
    std::string key;
    std::string_view value;
    while (reader.next(key, value)) {
      const std::string text =
          value.starts_with('"') ? llmtrace::unescape_json_string(value) : std::string(value);
      baggage.add(std::string(kMetadataPrefix).append(key), text);
    }
  }

  bool extract(const std::vector<llmtrace::HttpHeader>& /*headers*/, const Baggage& baggage,
               const llmtrace::ExtractOptions& options, llmtrace::RemoteParent& parent,
               llmtrace::PropagateParams& attributes) const override {
    if (!options.baggage) return false;
    if (const std::string_view sent = baggage.find("langfuse_trace_id"); !sent.empty()) {
      parent.rooted_trace = llmtrace::trace_id_from(sent);
    }
    attributes.user_id = baggage.find("langfuse_user_id");
    attributes.session_id = baggage.find("langfuse_session_id");
    attributes.version = baggage.find("langfuse_version");
    attributes.trace_name = baggage.find("langfuse_trace_name");
    attributes.environment = baggage.find("langfuse_environment");
    std::vector<std::string> tags = attributes.tags.items();
    std::string_view rest = baggage.find("langfuse_tags");
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (comma > 0) tags.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    attributes.tags = llmtrace::StringList(std::move(tags));
    for (const auto& [key, value] : baggage.items()) {
      if (key.size() <= kMetadataPrefix.size() || !key.starts_with(kMetadataPrefix)) continue;
      attributes.metadata.merge({{key.substr(kMetadataPrefix.size()), value}});
    }
    return false;  // a parent is W3C's to name
  }
};

}  // namespace

std::shared_ptr<const llmtrace::Propagator> make_propagator() {
  return std::make_shared<const BaggagePropagator>();
}

}  // namespace v0
}  // namespace langfuse
