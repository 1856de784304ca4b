#include "langsmith/src/propagator.h"

#include "common/src/http_text.h"
#include "common/src/json_value.h"
#include "common/src/time_text.h"
#include "langsmith/src/run_fields.h"

namespace langsmith {
inline namespace v0 {
namespace {

using llmtrace::Baggage;
using llmtrace::HttpHeader;
using llmtrace::JsonValue;

constexpr std::size_t kMaxPathBytes = 32 * 1024;
constexpr std::size_t kMaxMetadata = 32;
constexpr std::size_t kMaxTags = 64;
constexpr std::string_view kTime =
    "dddddddd"
    "T"
    "dddddddddddd"
    "Z";
constexpr std::string_view kUuid = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

// `d` stands for a digit, `x` for one of lower-case hex; the rest for itself.
bool matches(std::string_view text, std::string_view pattern) noexcept {
  if (text.size() != pattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool digit = c >= '0' && c <= '9';
    const bool fits = pattern[i] == 'd'   ? digit
                      : pattern[i] == 'x' ? digit || (c >= 'a' && c <= 'f')
                                          : c == pattern[i];
    if (!fits) return false;
  }
  return true;
}

std::string comma_separated(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out.append(out.empty() ? "" : ",").append(text);
  return out;
}

std::string_view last_segment(std::string_view path) noexcept {
  return path.substr(path.size() - kTime.size() - kUuid.size());
}

// "20261123T073952364184Z..."
std::optional<llmtrace::Timestamp> time_of(std::string_view segment) {
  const auto digits = [&](std::size_t begin, std::size_t count) {
    return std::string(segment.substr(begin, count));
  };
  const auto time = llmtrace::parse_rfc3339(digits(0, 4) + "-" + digits(4, 2) + "-" + digits(6, 2) +
                                            "T" + digits(9, 2) + ":" + digits(11, 2) + ":" +
                                            digits(13, 2) + "." + digits(15, 6) + "Z");
  if (!time) return std::nullopt;
  return std::chrono::time_point_cast<llmtrace::Timestamp::duration>(*time);
}

// Texts, numbers and truth values, as a run's metadata shows them. An object could be taken for
// something that the server counts, as token usage.
void read_metadata(std::string_view text, llmtrace::PropagateParams& attributes) {
  const auto metadata = JsonValue::parse(text, 4);
  if (!metadata || !metadata->is_object()) return;
  JsonObject object;
  std::size_t count = 0;
  for (const auto& [key, value] : metadata->members()) {
    if (++count > kMaxMetadata) break;
    const bool is_scalar = !value.is_null() && !value.is_object() && !value.is_array();
    if (is_scalar && !key.empty()) object.set(key, value.to_text());
  }
  if (!object.empty()) attributes.metadata.merge(llmtrace::Json::from_text(object.text()));
}

void read_tags(std::string_view text, llmtrace::PropagateParams& attributes) {
  std::vector<std::string> tags = attributes.tags.items();
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma > 0 && tags.size() < kMaxTags) tags.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  attributes.tags = llmtrace::StringList(std::move(tags));
}

class RunPropagator final : public llmtrace::Propagator {
 public:
  std::string_view name() const noexcept override { return "langsmith"; }

  bool owns(std::string_view key) const noexcept override { return key.starts_with("langsmith-"); }

  void inject(const llmtrace::Record& record, const llmtrace::TraceAttributes* attributes,
              std::vector<HttpHeader>& headers, Baggage& baggage) const override {
    headers.push_back({"langsmith-trace", place_of(record).dotted_order});
    if (attributes == nullptr) return;
    JsonObject metadata;
    metadata.merge(attributes->metadata);
    metadata.set_text("user_id", attributes->user_id);
    metadata.set_text("session_id", attributes->session_id);
    if (!metadata.empty()) baggage.add("langsmith-metadata", metadata.text());
    if (!attributes->tags.empty()) baggage.add("langsmith-tags", comma_separated(attributes->tags));
    if (const std::string_view project = project_of(record); !project.empty()) {
      baggage.add("langsmith-project", project);
    }
  }

  // langsmith-replicas is never read: by it a caller could send the trace, and its key, elsewhere
  // (CVE-2026-25528).
  bool extract(const std::vector<HttpHeader>& headers, const Baggage& baggage,
               const llmtrace::ExtractOptions& options, llmtrace::RemoteParent& parent,
               llmtrace::PropagateParams& attributes) const override {
    if (options.baggage) {
      read_metadata(baggage.find("langsmith-metadata"), attributes);
      read_tags(baggage.find("langsmith-tags"), attributes);
    }
    if (options.project) parent.project = baggage.find("langsmith-project");
    for (const HttpHeader& header : headers) {
      if (!llmtrace::same_ignoring_case(header.name, "langsmith-trace")) continue;
      if (!is_dotted_order(header.value)) return false;
      parent.run_path = header.value;
      parent.run_start = *time_of(last_segment(header.value));
      if (parent.trace_id == llmtrace::TraceId()) {  // no traceparent beside it
        const std::string_view path = header.value;
        parent.trace_id = llmtrace::uuid_from(path.substr(kTime.size(), kUuid.size()));
        parent.span_id =
            llmtrace::span_id_of(llmtrace::uuid_from(path.substr(path.size() - kUuid.size())));
      }
      return true;
    }
    return false;
  }
};

}  // namespace

bool is_dotted_order(std::string_view text) {
  constexpr std::size_t kSegment = kTime.size() + kUuid.size();
  if (text.size() > kMaxPathBytes) return false;
  for (;;) {
    if (text.size() < kSegment || !matches(text.substr(0, kTime.size()), kTime) ||
        !matches(text.substr(kTime.size(), kUuid.size()), kUuid) || !time_of(text)) {
      return false;
    }
    text.remove_prefix(kSegment);
    if (text.empty()) return true;
    if (text.front() != '.') return false;
    text.remove_prefix(1);
  }
}

std::shared_ptr<const llmtrace::Propagator> make_propagator() {
  return std::make_shared<const RunPropagator>();
}

}  // namespace v0
}  // namespace langsmith
