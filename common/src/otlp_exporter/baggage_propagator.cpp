#include "common/src/otlp_exporter/baggage_propagator.h"

#include "common/src/record.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::string_view kUser = "user.id";
constexpr std::string_view kSession = "session.id";

class BaggagePropagator final : public Propagator {
 public:
  std::string_view name() const noexcept override { return "otlp"; }

  bool owns(std::string_view key) const noexcept override {
    return key == kUser || key == kSession;
  }

  void inject(const Record& /*record*/, const TraceAttributes* attributes,
              std::vector<HttpHeader>& /*headers*/, Baggage& baggage) const override {
    if (attributes == nullptr) return;
    if (!attributes->user_id.empty()) baggage.add(kUser, attributes->user_id);
    if (!attributes->session_id.empty()) baggage.add(kSession, attributes->session_id);
  }

  bool extract(const std::vector<HttpHeader>& /*headers*/, const Baggage& baggage,
               const ExtractOptions& options, RemoteParent& /*parent*/,
               PropagateParams& attributes) const override {
    if (!options.baggage) return false;
    if (const auto user = baggage.find(kUser); !user.empty()) attributes.user_id = user;
    if (const auto session = baggage.find(kSession); !session.empty()) {
      attributes.session_id = session;
    }
    return false;  // a parent is W3C's to name
  }
};

}  // namespace

std::shared_ptr<const Propagator> make_baggage_propagator() {
  return std::make_shared<const BaggagePropagator>();
}

}  // namespace v0
}  // namespace llmtrace
