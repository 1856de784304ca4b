#include "common/src/otlp/span_encoder.h"

#include <utility>

#include "common/src/otlp/span_encoder_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

class AttributesOnly final : public SpanMapper {
 public:
  explicit AttributesOnly(AttributeMapper attributes) : attributes_(std::move(attributes)) {}
  std::uint64_t attributes(const Record& record, AttributeSink& sink) override {
    return attributes_(record, sink);
  }

 private:
  AttributeMapper attributes_;
};

}  // namespace

std::unique_ptr<SpanEncoder> SpanEncoder::make(OtlpEncoding encoding, const OtlpResource& resource,
                                               std::unique_ptr<SpanMapper> mapper) {
  return encoding == OtlpEncoding::Protobuf
             ? make_protobuf_span_encoder(resource, std::move(mapper))
             : make_json_span_encoder(resource, std::move(mapper));
}

std::unique_ptr<SpanEncoder> SpanEncoder::make(OtlpEncoding encoding, const OtlpResource& resource,
                                               AttributeMapper mapper) {
  return make(encoding, resource, std::make_unique<AttributesOnly>(std::move(mapper)));
}

}  // namespace v0
}  // namespace llmtrace
