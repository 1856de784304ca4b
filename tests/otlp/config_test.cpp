// Options, OpenTelemetry's variables, their precedence, and what a wrong value says.
#include <llmtrace/version.h>

#include <stdexcept>

#include "tests/otlp/otlp_fixture.h"

namespace llmtrace::tests {
namespace {

class OtlpConfigTest : public OtlpTest {
 protected:
  static std::string complaint(const OtlpConfig& config) {
    try {
      resolve(config);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "(none)";
  }
  static std::string warnings_of(const OtlpConfig& config) {
    std::string all;
    for (const std::string& warning : resolve(config).warnings) all += warning + "\n";
    return all;
  }
  static std::string value_of(const ResolvedOtlpConfig& config, std::string_view name) {
    for (const ResourceAttribute& attribute : config.resource) {
      if (attribute.name == name) return attribute.value;
    }
    return "(absent)";
  }
};

TEST_F(OtlpConfigTest, HasTheDocumentedDefaults) {
  const ResolvedOtlpConfig resolved = resolve({});

  EXPECT_TRUE(resolved.enabled);
  EXPECT_EQ(resolved.traces.url, "http://localhost:4318/v1/traces");
  EXPECT_EQ(resolved.metrics.url, "http://localhost:4318/v1/metrics");
  EXPECT_EQ(resolved.logs.url, "http://localhost:4318/v1/logs");
  EXPECT_TRUE(resolved.logs.is_given);
  EXPECT_EQ(resolved.traces.protocol, OtlpProtocol::HttpProtobuf);
  EXPECT_EQ(resolved.traces.compression, OtlpCompression::None) << "to loopback";
  EXPECT_EQ(resolve({.endpoint = "https://a.test"}).traces.compression, OtlpCompression::Gzip);
  EXPECT_EQ(resolved.traces.timeout, seconds(10));
  EXPECT_EQ(resolved.sampler, OtlpSampler::ParentBased);
  EXPECT_EQ(resolved.sample_rate, 1);
  EXPECT_FALSE(resolved.capture_content);
  EXPECT_EQ(resolved.conventions, GenAiConventions::V1_41);
  EXPECT_EQ(resolved.spans.max_items, 1024U);
  EXPECT_EQ(resolved.spans.interval, seconds(1));
  EXPECT_EQ(resolved.spans.max_waiting_items, 0U);
  EXPECT_EQ(resolved.metric_interval, seconds(60));
  EXPECT_FALSE(resolved.limits.value_length);
  EXPECT_EQ(resolved.limits.span_attributes, 128U);
  EXPECT_EQ(resolved.limits.span_events, 128U);
  EXPECT_EQ(resolved.limits.event_attributes, 128U);
  EXPECT_EQ(value_of(resolved, "service.name"), "unknown_service:llmtrace_otlp_test");
  EXPECT_EQ(value_of(resolved, "telemetry.sdk.language"), "cpp");
  EXPECT_EQ(value_of(resolved, "telemetry.sdk.version"), LLMTRACE_VERSION_STRING);
  EXPECT_TRUE(resolved.warnings.empty());
}

TEST_F(OtlpConfigTest, TakesABaseUrlAndASignalsOwnUrlAsTheSpecificationHasThem) {
  environment.set("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.test:4318/otlp/");
  EXPECT_EQ(resolve({}).traces.url, "https://collector.test:4318/otlp/v1/traces");
  EXPECT_EQ(resolve({}).logs.url, "https://collector.test:4318/otlp/v1/logs");

  environment.set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces.test");
  EXPECT_EQ(resolve({}).traces.url, "https://traces.test/") << "nothing is appended but the root";
  EXPECT_EQ(resolve({}).metrics.url, "https://collector.test:4318/otlp/v1/metrics");
  environment.set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces.test/a/b?c=d");
  EXPECT_EQ(resolve({}).traces.url, "https://traces.test/a/b?c=d");

  EXPECT_EQ(resolve({.endpoint = "https://code.test"}).traces.url, "https://code.test/v1/traces");
  EXPECT_EQ(resolve({.endpoint = "https://code.test", .traces_endpoint = "https://own.test/x"})
                .traces.url,
            "https://own.test/x");
}

TEST_F(OtlpConfigTest, KnowsWhichSignalsNobodyAskedFor) {
  environment.set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://trace.test/otel/v1/traces");

  const ResolvedOtlpConfig resolved = resolve({});

  EXPECT_TRUE(resolved.traces.is_given);
  EXPECT_EQ(resolved.logs.url, "http://localhost:4318/v1/logs");
  EXPECT_FALSE(resolved.logs.is_given);
}

TEST_F(OtlpConfigTest, ASignalsOwnVariableWinsOverTheOneForAll) {
  environment.set("OTEL_EXPORTER_OTLP_HEADERS", "api-key=all");
  environment.set("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "api-key=traces");
  environment.set("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
  environment.set("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "HTTP/JSON");
  environment.set("OTEL_EXPORTER_OTLP_COMPRESSION", "none");
  environment.set("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip");
  environment.set("OTEL_EXPORTER_OTLP_TIMEOUT", "2000");
  environment.set("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "3000");
  environment.set("OTEL_EXPORTER_OTLP_CERTIFICATE", "/all.pem");
  environment.set("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/traces.pem");
  environment.set("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/key.pem");
  environment.set("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/client.pem");

  const ResolvedOtlpConfig resolved = resolve({});

  EXPECT_EQ(resolved.traces.headers.at(0).value, "traces");
  EXPECT_EQ(resolved.metrics.headers.at(0).value, "all");
  EXPECT_EQ(resolved.traces.protocol, OtlpProtocol::HttpJson);
  EXPECT_EQ(resolved.metrics.protocol, OtlpProtocol::HttpProtobuf);
  EXPECT_EQ(resolved.traces.compression, OtlpCompression::Gzip);
  EXPECT_EQ(resolved.metrics.compression, OtlpCompression::None);
  EXPECT_EQ(resolved.traces.timeout, seconds(3));
  EXPECT_EQ(resolved.metrics.timeout, seconds(2));
  EXPECT_EQ(resolved.traces.certificate, "/traces.pem");
  EXPECT_EQ(resolved.logs.certificate, "/all.pem");
  EXPECT_EQ(resolved.traces.client_key, "/key.pem");
  EXPECT_EQ(resolved.traces.client_certificate, "/client.pem");
}

TEST_F(OtlpConfigTest, ReadsHeadersAsListsWithPercentEncodedValues) {
  environment.set("OTEL_EXPORTER_OTLP_HEADERS",
                  " authorization = Basic%20YTpi , x-scope=a%2Cb,project_id=team/app=1,,");

  const auto headers = resolve({}).traces.headers;

  ASSERT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers[0].name, "authorization");
  EXPECT_EQ(headers[0].value, "Basic YTpi");
  EXPECT_EQ(headers[1].value, "a,b");
  EXPECT_EQ(headers[2].value, "team/app=1");
}

TEST_F(OtlpConfigTest, HeadersInCodeStandForThoseOfTheEnvironment) {
  environment.set("OTEL_EXPORTER_OTLP_HEADERS", "api-key=of-another-backend");

  const auto headers = resolve({.headers = {{"wandb-api-key", "k"}}}).traces.headers;

  ASSERT_EQ(headers.size(), 1U);
  EXPECT_EQ(headers[0].name, "wandb-api-key");
}

TEST_F(OtlpConfigTest, NamesTheService) {
  environment.set("OTEL_RESOURCE_ATTRIBUTES",
                  "service.name=from-attributes,deployment.environment.name=a%20b,wandb.entity=me");
  EXPECT_EQ(value_of(resolve({}), "service.name"), "from-attributes");
  EXPECT_EQ(value_of(resolve({}), "deployment.environment.name"), "a b");
  environment.set("OTEL_SERVICE_NAME", "from-name");
  EXPECT_EQ(value_of(resolve({}), "service.name"), "from-name");
  const OtlpConfig code{.service_name = "from-code",
                        .resource_attributes = {{"wandb.entity", "team"}, {"new", "1"}}};
  EXPECT_EQ(value_of(resolve(code), "service.name"), "from-code");
  EXPECT_EQ(value_of(resolve(code), "wandb.entity"), "team");
  EXPECT_EQ(value_of(resolve(code), "new"), "1");
}

struct Sampler {
  const char* name;
  OtlpSampler kind;
  double rate;
};

TEST_F(OtlpConfigTest, ReadsEverySampler) {
  const Sampler table[] = {{"always_on", OtlpSampler::TraceIdRatio, 1},
                           {"always_off", OtlpSampler::TraceIdRatio, 0},
                           {"traceidratio", OtlpSampler::TraceIdRatio, 0.25},
                           {"parentbased_always_on", OtlpSampler::ParentBased, 1},
                           {"parentbased_always_off", OtlpSampler::ParentBased, 0},
                           {"parentbased_traceidratio", OtlpSampler::ParentBased, 0.25}};
  environment.set("OTEL_TRACES_SAMPLER_ARG", "0.25");
  for (const auto& [name, kind, rate] : table) {
    ScopedEnvironment variable;
    variable.set("OTEL_TRACES_SAMPLER", name);
    EXPECT_EQ(resolve({}).sampler, kind) << name;
    EXPECT_EQ(resolve({}).sample_rate, rate) << name;
    EXPECT_EQ(resolve({.sample_rate = 0.5}).sample_rate, 0.5) << "code wins";
  }
}

TEST_F(OtlpConfigTest, ReadsBatchesAndLimits) {
  environment.set("OTEL_BSP_SCHEDULE_DELAY", "250");
  environment.set("OTEL_BSP_MAX_QUEUE_SIZE", "100");
  environment.set("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512");
  environment.set("OTEL_BSP_EXPORT_TIMEOUT", "4000");
  environment.set("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "1000");
  environment.set("OTEL_ATTRIBUTE_COUNT_LIMIT", "64");
  environment.set("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "32");
  environment.set("OTEL_SPAN_EVENT_COUNT_LIMIT", "0");
  environment.set("OTEL_METRIC_EXPORT_INTERVAL", "5000");

  const ResolvedOtlpConfig resolved = resolve({});

  EXPECT_EQ(resolved.spans.interval, milliseconds(250));
  EXPECT_EQ(resolved.spans.max_waiting_items, 100U);
  EXPECT_EQ(resolved.spans.max_items, 100U) << "no more than may wait";
  EXPECT_EQ(resolved.traces.timeout, seconds(4));
  EXPECT_EQ(resolved.limits.value_length, 1000U);
  EXPECT_EQ(resolved.limits.span_attributes, 32U);
  EXPECT_EQ(resolved.limits.event_attributes, 64U);
  EXPECT_EQ(resolved.limits.span_events, 0U);
  EXPECT_EQ(resolved.metric_interval, seconds(5));
  EXPECT_EQ(resolve({.max_batch_items = 7}).spans.max_items, 7U);
}

TEST_F(OtlpConfigTest, ReadsTheLimitsOfLogRecords) {
  environment.set("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "1000");
  environment.set("OTEL_ATTRIBUTE_COUNT_LIMIT", "64");
  EXPECT_EQ(resolve({}).limits.log_value_length, 1000U);
  EXPECT_EQ(resolve({}).limits.log_attributes, 64U);
  environment.set("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "100");
  environment.set("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "32");
  EXPECT_EQ(resolve({}).limits.log_value_length, 100U);
  EXPECT_EQ(resolve({}).limits.log_attributes, 32U);
}

TEST_F(OtlpConfigTest, TakesWholeNumbersOfMillisecondsAsTheSpecificationHasThem) {
  environment.set("OTEL_EXPORTER_OTLP_TIMEOUT", "0");
  environment.set("OTEL_BSP_EXPORT_TIMEOUT", "0");
  EXPECT_EQ(resolve({}).traces.timeout, std::chrono::hours(24)) << "no limit";
  environment.set("OTEL_EXPORTER_OTLP_TIMEOUT", " 5000 ");
  EXPECT_EQ(resolve({}).traces.timeout, seconds(5));
  environment.set("OTEL_EXPORTER_OTLP_TIMEOUT", "9223372036854775807");
  EXPECT_EQ(resolve({}).traces.timeout, std::chrono::hours(24));
  environment.set("OTEL_BSP_SCHEDULE_DELAY", "0");
  EXPECT_EQ(resolve({}).spans.interval, milliseconds(0));
  EXPECT_EQ(warnings_of({}), "");
}

TEST_F(OtlpConfigTest, TakesNoneOfResourceAttributesThatHoldAMistake) {
  for (const char* value : {"wandb.entity=me,no-equals", "wandb.entity=me,a=%zz", "=x"}) {
    environment.set("OTEL_RESOURCE_ATTRIBUTES", value);
    EXPECT_EQ(value_of(resolve({}), "wandb.entity"), "(absent)") << value;
    EXPECT_NE(warnings_of({}).find("none of it is taken"), std::string::npos) << value;
  }
}

TEST_F(OtlpConfigTest, NamesTheVariableThatHeldAWrongHeader) {
  environment.set("OTEL_EXPORTER_OTLP_HEADERS", "api-key=x");
  environment.set("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "na me=x");
  EXPECT_NE(warnings_of({}).find("OTEL_EXPORTER_OTLP_LOGS_HEADERS"), std::string::npos);
}

TEST_F(OtlpConfigTest, TellsOfACertificateThatCannotBeRead) {
  environment.set("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem");
  EXPECT_EQ(warnings_of({.endpoint = "http://localhost:4318"}), "") << "nobody reads it";
  const ResolvedOtlpConfig resolved = resolve({.endpoint = "https://a.test"});
  ASSERT_EQ(resolved.warnings.size(), 1U) << "once, not for each signal";
  EXPECT_NE(resolved.warnings[0].find("/nowhere/ca.pem"), std::string::npos);
  EXPECT_NE(resolved.warnings[0].find("No such file"), std::string::npos);
}

TEST_F(OtlpConfigTest, RepeatsNothingOfAKeyThatWasGivenForItsPath) {
  environment.set("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/dev/null");
  for (const char* key : {"-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----",
                          "-----BEGIN PRIVATE KEY-----canary", "canary\ncanary"}) {
    environment.set("OTEL_EXPORTER_OTLP_CLIENT_KEY", key);
    const std::string warnings = warnings_of({.endpoint = "https://a.test"});
    EXPECT_NE(warnings.find("client key must be given by its path"), std::string::npos) << warnings;
    EXPECT_EQ(warnings.find("canary"), std::string::npos);
  }
}

TEST_F(OtlpConfigTest, DebugIsWhatTheLevelSays) {
  for (const char* level : {"debug", "TRACE", "verbose"}) {
    environment.set("OTEL_LOG_LEVEL", level);
    EXPECT_TRUE(resolve({}).debug) << level;
    EXPECT_FALSE(resolve({.debug = false}).debug) << "code wins";
  }
  environment.set("OTEL_LOG_LEVEL", "warn");
  EXPECT_FALSE(resolve({}).debug);
}

TEST_F(OtlpConfigTest, OnlyTrueIsTrue) {
  for (const char* value : {"true", "TRUE", "True"}) {
    environment.set("OTEL_SDK_DISABLED", value);
    EXPECT_FALSE(resolve({}).enabled) << value;
    EXPECT_TRUE(resolve({.enabled = true}).enabled) << "code wins";
  }
  for (const char* value : {"1", "yes", "on", "false", "", " "}) {
    environment.set("OTEL_SDK_DISABLED", value);
    EXPECT_TRUE(resolve({}).enabled) << value;
  }
}

TEST_F(OtlpConfigTest, AnExporterOfNoneIsOff) {
  environment.set("OTEL_TRACES_EXPORTER", "none");
  EXPECT_FALSE(resolve({}).traces.enabled);
  EXPECT_TRUE(resolve({}).metrics.enabled);
  EXPECT_TRUE(resolve({}).logs.enabled);
  environment.set("OTEL_TRACES_EXPORTER", "otlp");
  environment.set("OTEL_LOGS_EXPORTER", "None");
  EXPECT_TRUE(resolve({}).traces.enabled);
  EXPECT_FALSE(resolve({}).logs.enabled);
  EXPECT_TRUE(resolve({}).metrics.enabled);
}

TEST_F(OtlpConfigTest, CapturesContentOnlyWhenAskedTo) {
  const char* const variable = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
  for (const char* value : {"true", "True", "span_only", "SPAN_AND_EVENT"}) {
    environment.set(variable, value);
    EXPECT_TRUE(resolve({}).capture_content) << value;
    EXPECT_FALSE(resolve({.capture_content = false}).capture_content) << "code wins";
  }
  for (const char* value : {"false", "no_content", "event_only", ""}) {
    environment.set(variable, value);
    EXPECT_FALSE(resolve({}).capture_content) << value;
  }
}

TEST_F(OtlpConfigTest, SpeaksHttpWhereGrpcIsAskedForAndNamesTheRemedy) {
  environment.set("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");

  const ResolvedOtlpConfig resolved = resolve({});

  EXPECT_EQ(resolved.traces.protocol, OtlpProtocol::HttpProtobuf);
  ASSERT_EQ(resolved.warnings.size(), 1U) << "once, not for each signal";
  EXPECT_NE(resolved.warnings[0].find("http/protobuf"), std::string::npos);
  EXPECT_NE(resolved.warnings[0].find("4318"), std::string::npos);
}

TEST_F(OtlpConfigTest, WarnsOfTheGrpcPortAndOfHeadersInTheClear) {
  EXPECT_NE(warnings_of({.endpoint = "http://localhost:4317"}).find("4318"), std::string::npos);
  EXPECT_NE(warnings_of({.endpoint = "http://far.test", .headers = {{"api-key", "canary"}}})
                .find("unencrypted to far.test"),
            std::string::npos);
  EXPECT_EQ(warnings_of({.endpoint = "https://far.test", .headers = {{"api-key", "canary"}}}), "");
  EXPECT_NE(warnings_of({.endpoint = "https://far.test",
                         .logs_endpoint = "http://logs.test/v1/logs",
                         .headers = {{"api-key", "canary"}}})
                .find("unencrypted to logs.test"),
            std::string::npos)
      << "of every signal";
}

struct WrongVariable {
  const char* name;
  const char* value;
};

// By OpenTelemetry's specification a wrong variable is told and then as if it was not set.
TEST_F(OtlpConfigTest, TellsOfAWrongVariableAndGoesOnWithoutIt) {
  const WrongVariable table[] = {
      {"OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"},
      {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://a.test"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "no-equals"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "na me=x"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "a=b%0Ac"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "Content-Type=text/plain"},
      {"OTEL_EXPORTER_OTLP_PROTOCOL", "http"},
      {"OTEL_EXPORTER_OTLP_COMPRESSION", "brotli"},
      {"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"},
      {"OTEL_EXPORTER_OTLP_CLIENT_KEY", "/alone.pem"},
      {"OTEL_SDK_DISABLED", "1"},
      {"OTEL_TRACES_EXPORTER", "zipkin"},
      {"OTEL_LOGS_EXPORTER", "console"},
      {"OTEL_TRACES_SAMPLER", "jaeger_remote"},
      {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0"},
      {"OTEL_BSP_SCHEDULE_DELAY", "-5"},
      {"OTEL_BSP_SCHEDULE_DELAY", "1e3"},
      {"OTEL_METRIC_EXPORT_INTERVAL", "0"},
      {"OTEL_LOG_LEVEL", "chatty"},
      {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "-1"},
      {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "maybe"},
      {"OTEL_RESOURCE_ATTRIBUTES", "=x"},
  };
  const ResolvedOtlpConfig defaults = resolve({});
  for (const WrongVariable& row : table) {
    ScopedEnvironment wrong;
    wrong.set(row.name, row.value);
    const ResolvedOtlpConfig resolved = resolve({});
    EXPECT_EQ(resolved.warnings.size(), 1U) << row.name << "=" << row.value;
    EXPECT_NE(warnings_of({}).find(row.name), std::string::npos) << warnings_of({});
    EXPECT_EQ(resolved.traces.url, defaults.traces.url) << row.name;
    EXPECT_TRUE(resolved.traces.headers.empty()) << row.name;
    EXPECT_EQ(resolved.traces.timeout, defaults.traces.timeout) << row.name;
    EXPECT_EQ(resolved.spans.max_items, defaults.spans.max_items) << row.name;
    EXPECT_TRUE(resolved.enabled) << row.name;
  }
}

TEST_F(OtlpConfigTest, AWrongSignalVariableLeavesTheOneForAll) {
  environment.set("OTEL_EXPORTER_OTLP_TIMEOUT", "2000");
  environment.set("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "soon");
  EXPECT_EQ(resolve({}).traces.timeout, seconds(2));
}

TEST_F(OtlpConfigTest, NoMessageRepeatsAHeadersValueOrAPassword) {
  environment.set("OTEL_EXPORTER_OTLP_HEADERS", "api-key=canary%0A,canary2");
  environment.set("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://user:canary3@a.test");
  EXPECT_EQ(warnings_of({}).find("canary"), std::string::npos) << warnings_of({});
  EXPECT_EQ(complaint({.headers = {{"api-key", "canary\n"}}}).find("canary"), std::string::npos);
}

TEST_F(OtlpConfigTest, NamesAWrongOption) {
  const auto names = [](const OtlpConfig& config, std::string_view option) {
    const std::string text = complaint(config);
    return text.find(option) != std::string::npos ? "" : text;
  };
  EXPECT_EQ(names({.endpoint = "a.test"}, "OtlpConfig::endpoint"), "");
  EXPECT_EQ(names({.traces_endpoint = "a.test"}, "OtlpConfig::traces_endpoint"), "");
  EXPECT_EQ(names({.logs_endpoint = "a.test"}, "OtlpConfig::logs_endpoint"), "");
  EXPECT_EQ(names({.headers = {{"a b", "c"}}}, "OtlpConfig::headers"), "");
  EXPECT_EQ(names({.headers = {{"content-length", "1"}}}, "OtlpConfig::headers"), "");
  EXPECT_EQ(names({.timeout = milliseconds(0)}, "OtlpConfig::timeout"), "");
  EXPECT_EQ(names({.client_key = "/k.pem"}, "CLIENT_CERTIFICATE"), "");
  EXPECT_EQ(names({.resource_attributes = {{"", "x"}}}, "OtlpConfig::resource_attributes"), "");
  EXPECT_EQ(names({.sample_rate = 2}, "OtlpConfig::sample_rate"), "");
  EXPECT_EQ(names({.max_batch_items = 0}, "OtlpConfig::max_batch_items"), "");
  EXPECT_EQ(names({.batch_interval = milliseconds(-1)}, "OtlpConfig::batch_interval"), "");
  EXPECT_EQ(names({.max_batch_bytes = 0}, "OtlpConfig::max_batch_bytes"), "");
}

TEST_F(OtlpConfigTest, ARequestNeverHoldsMoreThanTheSpecificationAllows) {
  const ResolvedOtlpConfig resolved =
      resolve({.max_batch_bytes = std::size_t{1} << 30, .max_item_bytes = std::size_t{1} << 30});
  EXPECT_EQ(resolved.max_batch_bytes, std::size_t{64} << 20);
  EXPECT_EQ(resolved.max_item_bytes, std::size_t{64} << 20);
}

}  // namespace
}  // namespace llmtrace::tests
