// Spans of the OTLP exporter in both encodings.
#pragma once

#include "tests/otlp/otlp_fixture.h"

namespace llmtrace::tests {

class OtlpSpan : public OtlpTest, public ::testing::WithParamInterface<OtlpProtocol> {
 protected:
  OtlpConfig config() {
    OtlpConfig with_protocol = OtlpTest::config();
    with_protocol.protocol = GetParam();
    return with_protocol;
  }
  /// The one span that an exporter of `config` sends of it.
  ReadSpan span_of(ObservationParams params, const OtlpConfig& with) {
    OtlpExporter exporter(with);
    exporter.start_observation(std::move(params)).end();
    EXPECT_TRUE(exporter.flush(seconds(10)));
    return spans().spans.back();
  }
  ReadSpan span_of(ObservationParams params) { return span_of(std::move(params), config()); }
  OtlpConfig with_content() {
    OtlpConfig with = config();
    with.capture_content = true;
    return with;
  }
};

inline std::string protocol_name(const ::testing::TestParamInfo<OtlpProtocol>& protocol) {
  return protocol.param == OtlpProtocol::HttpProtobuf ? "Protobuf" : "Json";
}

}  // namespace llmtrace::tests
