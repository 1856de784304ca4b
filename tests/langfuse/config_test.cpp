// Options, variables, their precedence, and what a wrong value says.
#include <llmtrace/version.h>

#include "tests/langfuse/langfuse_fixture.h"

namespace langfuse::testing {
namespace {

class ConfigTest : public LangfuseTest {
 protected:
  static std::string complaint(const Config& config) {
    try {
      resolve(config);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "(none)";
  }
  /// To something else than its default.
  void set_every_variable() {
    environment.set("LANGFUSE_PUBLIC_KEY", "pk-env");
    environment.set("LANGFUSE_SECRET_KEY", "sk-env");
    environment.set("LANGFUSE_BASE_URL", "https://env.test/");
    environment.set("LANGFUSE_TRACING_ENVIRONMENT", "staging");
    environment.set("LANGFUSE_RELEASE", "1.2.3");
    environment.set("LANGFUSE_TRACING_ENABLED", "false");
    environment.set("LANGFUSE_SAMPLE_RATE", "0.25");
    environment.set("LANGFUSE_OBSERVE_DECORATOR_IO_CAPTURE_ENABLED", "False");
    environment.set("LANGFUSE_TIMEOUT", "2.5");
    environment.set("LANGFUSE_OTEL_TRACES_EXPORT_PATH", "/custom/traces");
    environment.set("LANGFUSE_OTEL_COMPRESSION", "none");
    environment.set("LANGFUSE_FLUSH_AT", "17");
    environment.set("LANGFUSE_FLUSH_INTERVAL", "0.2");
    environment.set("LANGFUSE_OTEL_MAX_BATCH_SIZE_BYTES", "100000");
    environment.set("LANGFUSE_MAX_EVENT_SIZE_BYTES", "50000");
    environment.set("LANGFUSE_DEBUG", "true");
  }
};

TEST_F(ConfigTest, HasTheDocumentedDefaults) {
  const ResolvedConfig resolved = resolve({.public_key = "pk", .secret_key = "sk"});

  EXPECT_EQ(resolved.base_url, "https://cloud.langfuse.com");
  EXPECT_EQ(resolved.export_path, "api/public/otel/v1/traces");
  EXPECT_EQ(resolved.environment, "");
  EXPECT_EQ(resolved.release, "");
  EXPECT_TRUE(resolved.enabled);
  EXPECT_EQ(resolved.sample_rate, 1);
  EXPECT_TRUE(resolved.capture_io);
  EXPECT_EQ(resolved.timeout, seconds(10));
  EXPECT_EQ(resolved.flush_at, 1024U);
  EXPECT_EQ(resolved.flush_interval, seconds(1));
  EXPECT_EQ(resolved.max_batch_bytes, 3'500'000U);
  EXPECT_EQ(resolved.max_event_bytes, 5'000'000U);
  EXPECT_FALSE(resolved.debug);
  EXPECT_EQ(resolved.compression, Compression::Gzip);
  EXPECT_EQ(resolved.protocol, Protocol::Otlp);
  EXPECT_TRUE(resolved.warnings.empty());
}

TEST_F(ConfigTest, ReadsEveryVariable) {
  set_every_variable();

  const ResolvedConfig resolved = resolve({});

  EXPECT_EQ(resolved.public_key, "pk-env");
  EXPECT_EQ(resolved.secret_key.reveal(), "sk-env");
  EXPECT_EQ(resolved.base_url, "https://env.test");
  EXPECT_EQ(resolved.environment, "staging");
  EXPECT_EQ(resolved.release, "1.2.3");
  EXPECT_FALSE(resolved.enabled);
  EXPECT_EQ(resolved.sample_rate, 0.25);
  EXPECT_FALSE(resolved.capture_io);
  EXPECT_EQ(resolved.timeout, milliseconds(2500));
  EXPECT_EQ(resolved.export_path, "custom/traces");
  EXPECT_EQ(resolved.compression, Compression::None);
  EXPECT_EQ(resolved.flush_at, 17U);
  EXPECT_EQ(resolved.flush_interval, milliseconds(200));
  EXPECT_EQ(resolved.max_batch_bytes, 100'000U);
  EXPECT_EQ(resolved.max_event_bytes, 50'000U);
  EXPECT_TRUE(resolved.debug);
}

TEST_F(ConfigTest, CodeWinsOverTheEnvironment) {
  set_every_variable();

  const ResolvedConfig resolved = resolve({.public_key = "pk-code",
                                           .secret_key = "sk-code",
                                           .base_url = "https://code.test",
                                           .environment = "code",
                                           .release = "2",
                                           .tracing_enabled = true,
                                           .sample_rate = 0.5,
                                           .capture_io = true,
                                           .timeout = seconds(3),
                                           .compression = Compression::Gzip,
                                           .flush_at = 5,
                                           .flush_interval = seconds(4),
                                           .max_batch_bytes = 1000,
                                           .max_event_bytes = 2000,
                                           .debug = false});

  EXPECT_EQ(resolved.public_key, "pk-code");
  EXPECT_EQ(resolved.secret_key.reveal(), "sk-code");
  EXPECT_EQ(resolved.base_url, "https://code.test");
  EXPECT_EQ(resolved.environment, "code");
  EXPECT_EQ(resolved.release, "2");
  EXPECT_TRUE(resolved.enabled);
  EXPECT_EQ(resolved.sample_rate, 0.5);
  EXPECT_TRUE(resolved.capture_io);
  EXPECT_EQ(resolved.timeout, seconds(3));
  EXPECT_EQ(resolved.compression, Compression::Gzip);
  EXPECT_EQ(resolved.flush_at, 5U);
  EXPECT_EQ(resolved.flush_interval, seconds(4));
  EXPECT_EQ(resolved.max_batch_bytes, 1000U);
  EXPECT_EQ(resolved.max_event_bytes, 2000U);
  EXPECT_FALSE(resolved.debug);
}

TEST_F(ConfigTest, KnowsTheOlderNames) {
  environment.set("LANGFUSE_BASEURL", "https://third.test");
  EXPECT_EQ(resolve({}).base_url, "https://third.test");
  environment.set("LANGFUSE_HOST", "https://second.test");
  EXPECT_EQ(resolve({}).base_url, "https://second.test");
  environment.set("LANGFUSE_BASE_URL", "https://first.test");
  EXPECT_EQ(resolve({}).base_url, "https://first.test");
  environment.set("LANGFUSE_MAX_BATCH_SIZE_BYTES", "200");
  EXPECT_EQ(resolve({}).max_batch_bytes, 200U);
}

TEST_F(ConfigTest, ABlankVariableIsUnset) {
  environment.set("LANGFUSE_BASE_URL", "");
  environment.set("LANGFUSE_HOST", "https://host.test");
  environment.set("LANGFUSE_SAMPLE_RATE", "");

  EXPECT_EQ(resolve({}).base_url, "https://host.test");
  EXPECT_EQ(resolve({}).sample_rate, 1);
}

TEST_F(ConfigTest, TakesTheReleaseFromTheBuildSystem) {
  for (const char* name :
       {"DRONE_COMMIT_SHA", "BUILD_SOURCEVERSION", "BITBUCKET_COMMIT", "GITHUB_SHA", "GIT_COMMIT",
        "TRAVIS_COMMIT", "SOURCE_VERSION", "CIRCLE_SHA1", "CI_COMMIT_SHA", "RENDER_GIT_COMMIT",
        "LANGFUSE_RELEASE"}) {
    environment.set(name, name);
    EXPECT_EQ(resolve({}).release, name);  // each wins over those before
  }
}

TEST_F(ConfigTest, TakesTheCompressionFromOpenTelemetry) {
  environment.set("OTEL_EXPORTER_OTLP_COMPRESSION", "none");
  EXPECT_EQ(resolve({}).compression, Compression::None);
  environment.set("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip");
  EXPECT_EQ(resolve({}).compression, Compression::Gzip);
  environment.set("LANGFUSE_OTEL_COMPRESSION", "none");
  EXPECT_EQ(resolve({}).compression, Compression::None);
}

TEST_F(ConfigTest, DoesNotCompressToThisMachine) {
  EXPECT_EQ(resolve({.base_url = "http://localhost:3000"}).compression, Compression::None);
  EXPECT_EQ(resolve({.base_url = "http://127.0.0.1:3000"}).compression, Compression::None);
  EXPECT_EQ(
      resolve({.base_url = "http://localhost:3000", .compression = Compression::Gzip}).compression,
      Compression::Gzip);
}

TEST_F(ConfigTest, TakesTheServicesNameFromOpenTelemetry) {
  EXPECT_EQ(resolve({}).service_name, "unknown_service:llmtrace_langfuse_test");
  environment.set("OTEL_RESOURCE_ATTRIBUTES", "host.name=h");
  EXPECT_EQ(resolve({}).service_name, "unknown_service:llmtrace_langfuse_test");
  environment.set("OTEL_RESOURCE_ATTRIBUTES", "host.name=h, service.name=from%20attributes ,x=1");
  EXPECT_EQ(resolve({}).service_name, "from attributes");
  environment.set("OTEL_SERVICE_NAME", "from-name");
  EXPECT_EQ(resolve({}).service_name, "from-name");
}

TEST_F(ConfigTest, TakesTheBatchesFromOpenTelemetry) {
  environment.set("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "64");
  environment.set("OTEL_BSP_SCHEDULE_DELAY", "250");
  EXPECT_EQ(resolve({}).flush_at, 64U);
  EXPECT_EQ(resolve({}).flush_interval, milliseconds(250));
  environment.set("OTEL_BSP_SCHEDULE_DELAY", "0");
  EXPECT_EQ(resolve({}).flush_interval, milliseconds(1)) << "at once";
  environment.set("OTEL_BSP_SCHEDULE_DELAY", "90000000");
  EXPECT_EQ(resolve({}).flush_interval, std::chrono::hours(24));
  environment.set("LANGFUSE_FLUSH_AT", "17");
  environment.set("LANGFUSE_FLUSH_INTERVAL", "2");
  EXPECT_EQ(resolve({}).flush_at, 17U);
  EXPECT_EQ(resolve({}).flush_interval, seconds(2));
}

TEST_F(ConfigTest, KnowsTheDebugLevelOfTheJavaScriptClient) {
  environment.set("LANGFUSE_LOG_LEVEL", "DEBUG");
  EXPECT_TRUE(resolve({}).debug);
  environment.set("LANGFUSE_DEBUG", "false");
  EXPECT_FALSE(resolve({}).debug);
  environment.unset("LANGFUSE_DEBUG");
  environment.set("LANGFUSE_LOG_LEVEL", "WARN");
  EXPECT_FALSE(resolve({}).debug);
}

TEST_F(ConfigTest, SaysOnceToWhichHostTheEnvironmentSends) {
  environment.set("LANGFUSE_BASE_URL", "https://user:canary@env.test:8443/path");
  Config from_environment = config();
  from_environment.base_url = {};
  const Client client(from_environment);

  ASSERT_EQ(log->lines().size(), 1U) << log->text();
  EXPECT_TRUE(log->contains("sends to env.test,")) << log->text();
  EXPECT_FALSE(log->contains("canary")) << log->text();
  EXPECT_FALSE(log->contains("path")) << log->text();

  const Client by_code(config());
  EXPECT_EQ(log->lines().size(), 1U) << "what the code says needs no telling";
}

// SECURITY.md: of the process go out the release, the service's name or the program's, no more.
TEST_F(ConfigTest, SendsNothingElseOfTheProcess) {
  environment.set("GITHUB_SHA", "the-commit");
  environment.set("OTEL_RESOURCE_ATTRIBUTES", "host.name=canary-host");
  environment.set("SOME_TOKEN", "canary-token");
  Config readable = config();
  readable.encoding = Encoding::Json;
  Client client(readable);
  client.event({.name = "e"});
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto requests = requests_to("/api/public/otel/v1/traces");
  ASSERT_EQ(requests.size(), 1U);
  const std::string& body = requests[0].body;
  EXPECT_EQ(body.find("canary"), std::string::npos) << body;
  EXPECT_EQ(body.find("/llmtrace_langfuse_test"), std::string::npos) << body;
  const Attributes expected = {{"service.name", "unknown_service:llmtrace_langfuse_test"},
                               {"telemetry.sdk.name", "llmtrace"},
                               {"telemetry.sdk.language", "cpp"},
                               {"telemetry.sdk.version", LLMTRACE_VERSION_STRING},
                               {"langfuse.release", "the-commit"}};
  EXPECT_EQ(spans().resource, expected);
}

TEST_F(ConfigTest, CanBeSwitchedOff) {
  const Config keys{.public_key = "pk", .secret_key = "sk"};
  environment.set("LANGFUSE_TRACING_ENABLED", "false");
  EXPECT_FALSE(resolve(keys).enabled);
  environment.unset("LANGFUSE_TRACING_ENABLED");
  environment.set("OTEL_SDK_DISABLED", "true");
  EXPECT_FALSE(resolve(keys).enabled);
  environment.set("LANGFUSE_TRACING_ENABLED", "true");
  EXPECT_TRUE(resolve(keys).enabled);
}

struct WrongVariable {
  const char* name;
  const char* value;
};

TEST_F(ConfigTest, NamesAWrongVariableItsValueAndTheRemedy) {
  const WrongVariable table[] = {
      {"LANGFUSE_BASE_URL", "langfuse.test"},
      {"LANGFUSE_BASE_URL", "ftp://langfuse.test"},
      {"LANGFUSE_TRACING_ENABLED", "maybe"},
      {"LANGFUSE_SAMPLE_RATE", "1.5"},
      {"LANGFUSE_SAMPLE_RATE", "-0.1"},
      {"LANGFUSE_SAMPLE_RATE", "nan"},
      {"LANGFUSE_SAMPLE_RATE", "half"},
      {"LANGFUSE_OBSERVE_DECORATOR_IO_CAPTURE_ENABLED", "2"},
      {"LANGFUSE_TIMEOUT", "0"},
      {"LANGFUSE_TIMEOUT", "-1"},
      {"LANGFUSE_TIMEOUT", "10s"},
      {"LANGFUSE_TIMEOUT", "inf"},
      {"LANGFUSE_OTEL_COMPRESSION", "brotli"},
      {"LANGFUSE_FLUSH_AT", "0"},
      {"LANGFUSE_FLUSH_AT", "1.5"},
      {"LANGFUSE_FLUSH_INTERVAL", "never"},
      {"LANGFUSE_OTEL_MAX_BATCH_SIZE_BYTES", "3MB"},
      {"LANGFUSE_MAX_BATCH_SIZE_BYTES", "-5"},
      {"LANGFUSE_MAX_EVENT_SIZE_BYTES", "1e400"},
      {"LANGFUSE_DEBUG", "verbose"},
      {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "many"},
      {"OTEL_BSP_SCHEDULE_DELAY", "0.5"},
  };
  for (const WrongVariable& row : table) {
    ScopedEnvironment wrong;
    wrong.set(row.name, row.value);
    const std::string text = complaint({.public_key = "pk", .secret_key = "sk"});
    EXPECT_NE(text.find(row.name), std::string::npos) << row.name << ": " << text;
    const bool number = std::string_view(row.name) == "LANGFUSE_SAMPLE_RATE";
    EXPECT_TRUE(number || text.find(row.value) != std::string::npos) << row.value << ": " << text;
    EXPECT_NE(text.find("must be"), std::string::npos) << text;
  }
}

TEST_F(ConfigTest, NamesAWrongOption) {
  EXPECT_NE(complaint({.sample_rate = 2}).find("Config::sample_rate"), std::string::npos);
  EXPECT_NE(complaint({.sample_rate = std::nan("")}).find("Config::sample_rate"),
            std::string::npos);
  EXPECT_NE(complaint({.timeout = milliseconds(0)}).find("Config::timeout"), std::string::npos);
  EXPECT_NE(complaint({.timeout = milliseconds::max()}).find("Config::timeout"), std::string::npos);
  EXPECT_NE(complaint({.flush_at = 0}).find("Config::flush_at"), std::string::npos);
  EXPECT_NE(complaint({.flush_interval = milliseconds(-1)}).find("Config::flush_interval"),
            std::string::npos);
  EXPECT_NE(complaint({.flush_interval = milliseconds::max()}).find("Config::flush_interval"),
            std::string::npos);
  EXPECT_NE(complaint({.max_batch_bytes = 0}).find("Config::max_batch_bytes"), std::string::npos);
  EXPECT_NE(complaint({.max_event_bytes = 0}).find("Config::max_event_bytes"), std::string::npos);
  EXPECT_NE(complaint({.additional_headers = {{"a b", "c"}}}).find("Config::additional_headers"),
            std::string::npos);
}

TEST_F(ConfigTest, ShowsNoSecretWhenItRefusesOne) {
  const std::string key = complaint({.public_key = "pk", .secret_key = "canary\r\nX-Evil: 1"});
  const std::string header =
      complaint({.additional_headers = {{"X-Token", "canary\r\nX-Evil: 1"}}});
  const std::string url = complaint({.base_url = "ftp://user:canary@langfuse.test"});

  for (const std::string& text : {key, header, url}) {
    EXPECT_NE(text, "(none)");
    EXPECT_EQ(text.find("canary"), std::string::npos) << text;
  }
  EXPECT_NE(key.find("LANGFUSE_SECRET_KEY"), std::string::npos);
  EXPECT_NE(header.find("X-Token"), std::string::npos);
}

TEST_F(ConfigTest, TakesNullFromGetenv) {
  const char* const absent = std::getenv("LANGFUSE_NO_SUCH_VARIABLE");
  const Config config{.public_key = absent, .secret_key = absent, .base_url = absent};

  EXPECT_FALSE(resolve(config).enabled);
}

TEST_F(ConfigTest, SaysWhichKeyIsMissingInOneLine) {
  const auto line = [this](const Config& given) {
    log = std::make_shared<RecordingLogSink>();
    Config config = given;
    config.transport = llmtrace::Transport::create({.http_client = http, .log_sink = log});
    const Client client(config);
    EXPECT_FALSE(client.enabled());
    EXPECT_EQ(log->lines().size(), 1U);
    return log->text();
  };

  const std::string both = line({});
  EXPECT_NE(both.find("LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"), std::string::npos) << both;
  const std::string secret = line({.public_key = "pk"});
  EXPECT_NE(secret.find("LANGFUSE_SECRET_KEY"), std::string::npos) << secret;
  EXPECT_EQ(secret.find("LANGFUSE_PUBLIC_KEY"), std::string::npos) << secret;
  const std::string public_key = line({.secret_key = "sk"});
  EXPECT_NE(public_key.find("LANGFUSE_PUBLIC_KEY"), std::string::npos) << public_key;
}

TEST_F(ConfigTest, SanitisesTheEnvironmentAsTheServerDoes) {
  struct Row {
    const char* given;
    const char* sent;
    bool warned;
  };
  const std::string long_name(60, 'a');
  const std::string cut(40, 'a');
  const Row table[] = {{"production", "production", false}, {"pre-prod_2", "pre-prod_2", false},
                       {"Production", "production", true},  {long_name.c_str(), cut.c_str(), true},
                       {"with space", "default", true},     {"langfuse-internal", "default", true},
                       {"\xC3\xBC", "default", true}};
  for (const Row& row : table) {
    const ResolvedConfig resolved =
        resolve({.public_key = "pk", .secret_key = "sk", .environment = row.given});
    EXPECT_EQ(resolved.environment, row.sent) << row.given;
    EXPECT_EQ(!resolved.warnings.empty(), row.warned) << row.given;
  }
}

TEST_F(ConfigTest, WarnsOnceThatKeysGoUnencrypted) {
  const Config keys{.public_key = "pk", .secret_key = "sk"};
  const auto warnings = [&](const char* url) {
    Config config = keys;
    config.base_url = url;
    return resolve(config).warnings;
  };

  EXPECT_EQ(warnings("http://langfuse.internal:3000").size(), 1U);
  EXPECT_NE(warnings("http://langfuse.internal:3000")[0].find("langfuse.internal"),
            std::string::npos);
  EXPECT_TRUE(warnings("http://localhost:3000").empty());
  EXPECT_TRUE(warnings("https://langfuse.internal").empty());
}

TEST_F(ConfigTest, ADisabledClientDoesNothingAtAll) {
  Config disabled = config();
  disabled.tracing_enabled = false;
  Client client(disabled);

  {
    const auto scope = client.activate();
    const Trace trace = client.trace({.name = "x"});
    EXPECT_FALSE(trace);
    EXPECT_FALSE(trace.span({.name = "y"}));
    EXPECT_FALSE(client.generation({.name = "z"}));
    client.event({.name = "e"});
    client.score({.name = "s", .value = 1, .trace_id = "t"});
    client.score_current_trace({.name = "s", .value = 1});
  }

  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_TRUE(client.shutdown(seconds(10)));
  EXPECT_EQ(http->request_count(), 0U);
  EXPECT_EQ(client.stats().submitted, 0U);
}

TEST_F(ConfigTest, DebugSaysHowTheClientIsSetUpAndWhatBecameOfRequests) {
  Config debug = config();
  debug.debug = true;
  Client client(debug);
  client.event({.name = "e"});
  EXPECT_TRUE(client.flush(seconds(10)));

  EXPECT_TRUE(log->contains("https://langfuse.test")) << log->text();
  EXPECT_TRUE(log->contains("HTTP 200")) << log->text();
  EXPECT_FALSE(log->contains("canary")) << log->text();
}

}  // namespace
}  // namespace langfuse::testing
