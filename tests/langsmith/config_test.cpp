// What a configuration comes to: code over environment over default, and what is refused.
#include <stdexcept>

#include "tests/langsmith/langsmith_fixture.h"

namespace langsmith::testing {
namespace {

class ConfigTest : public LangsmithTest {
 protected:
  static std::string message_of(const Config& config) {
    try {
      resolve(config);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return {};
  }
};

TEST_F(ConfigTest, HasTheReferenceClientsDefaults) {
  const ResolvedConfig resolved = resolve({.api_key = "k"});
  ASSERT_EQ(resolved.endpoints.size(), 1U);
  EXPECT_EQ(resolved.endpoints[0].url, "https://api.smith.langchain.com");
  EXPECT_EQ(resolved.endpoints[0].project, "default");
  EXPECT_EQ(resolved.endpoints[0].workspace_id, "");
  EXPECT_TRUE(resolved.enabled);
  EXPECT_EQ(resolved.sample_rate, 1);
  EXPECT_FALSE(resolved.hide_inputs || resolved.hide_outputs || resolved.hide_metadata);
  EXPECT_FALSE(resolved.debug);
  EXPECT_FALSE(resolved.max_batch_items.has_value());
}

TEST_F(ConfigTest, EveryVariableIsReadUnderBothNames) {
  for (const std::string prefix : {"LANGSMITH_", "LANGCHAIN_"}) {
    ScopedEnvironment set;
    set.set(prefix + "API_KEY", "key-1");
    set.set(prefix + "ENDPOINT", "https://own.test/api/v1/");
    set.set(prefix + "WORKSPACE_ID", "ws-1");
    set.set(prefix + "PROJECT", "proj-1");
    set.set(prefix + "TRACING_SAMPLING_RATE", "0.25");
    set.set(prefix + "HIDE_INPUTS", "true");
    set.set(prefix + "HIDE_OUTPUTS", "TRUE");
    set.set(prefix + "HIDE_METADATA", "1");
    set.set(prefix + "BATCH_INGEST_SIZE_LIMIT", "7");
    set.set(prefix + "DISABLE_RUN_COMPRESSION", "true");
    set.set(prefix + "REVISION_ID", "rev-1");
    set.set(prefix + "DEBUG", "true");
    const ResolvedConfig resolved = resolve({});
    const Endpoint& endpoint = resolved.endpoints.at(0);
    EXPECT_EQ(endpoint.api_key.reveal(), "key-1") << prefix;
    EXPECT_EQ(endpoint.url, "https://own.test/api/v1") << prefix;
    EXPECT_EQ(endpoint.workspace_id, "ws-1") << prefix;
    EXPECT_EQ(endpoint.project, "proj-1") << prefix;
    EXPECT_EQ(resolved.sample_rate, 0.25) << prefix;
    EXPECT_TRUE(resolved.hide_inputs && resolved.hide_outputs && resolved.hide_metadata) << prefix;
    EXPECT_EQ(resolved.max_batch_items, std::size_t{7}) << prefix;
    EXPECT_EQ(resolved.compression, Compression::None) << prefix;
    EXPECT_EQ(resolved.revision_id, "rev-1") << prefix;
    EXPECT_TRUE(resolved.debug) << prefix;
  }
}

TEST_F(ConfigTest, TheNewerNameAndTheCodeWin) {
  environment.set("LANGCHAIN_PROJECT", "old");
  environment.set("LANGSMITH_PROJECT", "new");
  environment.set("LANGSMITH_SESSION", "older");
  environment.set("LANGSMITH_HIDE_INPUTS", "true");
  EXPECT_EQ(resolve({.api_key = "k"}).endpoints[0].project, "new");
  environment.set("HOSTED_LANGSERVE_PROJECT_NAME", "hosted");
  EXPECT_EQ(resolve({.api_key = "k"}).endpoints[0].project, "hosted");
  const ResolvedConfig resolved =
      resolve({.api_key = "k", .project = "code", .hide_inputs = false});
  EXPECT_EQ(resolved.endpoints[0].project, "code");
  EXPECT_FALSE(resolved.hide_inputs);
}

TEST_F(ConfigTest, BlankIsUnset) {
  for (const char* blank : {"", " ", "\t \n"}) {
    environment.set("LANGSMITH_API_KEY", blank);
    environment.set("LANGCHAIN_API_KEY", "older-key");
    environment.set("LANGSMITH_PROJECT", blank);
    environment.set("LANGSMITH_TRACING", blank);
    environment.set("LANGSMITH_ENDPOINT", blank);
    environment.set("LANGSMITH_HIDE_INPUTS", blank);
    const ResolvedConfig resolved = resolve({});
    EXPECT_EQ(resolved.endpoints[0].api_key.reveal(), "older-key");
    EXPECT_EQ(resolved.endpoints[0].project, "default");
    EXPECT_EQ(resolved.endpoints[0].url, "https://api.smith.langchain.com");
    EXPECT_TRUE(resolved.enabled);
    EXPECT_FALSE(resolved.hide_inputs);
  }
}

TEST_F(ConfigTest, PastedValuesLoseBlanksAndQuotes) {
  environment.set("LANGSMITH_API_KEY", " \"key-1\"\n");
  environment.set("LANGSMITH_ENDPOINT", "'https://own.test/' ");
  environment.set("LANGSMITH_WORKSPACE_ID", "\t'ws-1'");
  const Endpoint endpoint = resolve({}).endpoints.at(0);
  EXPECT_EQ(endpoint.api_key.reveal(), "key-1");
  EXPECT_EQ(endpoint.url, "https://own.test");
  EXPECT_EQ(endpoint.workspace_id, "ws-1");
}

TEST_F(ConfigTest, TracingIsSwitchedByItsVariable) {
  EXPECT_TRUE(resolve({.api_key = "k"}).enabled) << "a key without a variable: on";
  for (const char* on : {"true", "True", "TRUE", "1", " true "}) {
    environment.set("LANGSMITH_TRACING", on);
    EXPECT_TRUE(resolve({.api_key = "k"}).enabled) << on;
  }
  for (const char* off : {"false", "0", "no", "local", "yes", "tru"}) {
    environment.set("LANGSMITH_TRACING", off);
    EXPECT_FALSE(resolve({.api_key = "k"}).enabled) << off;
    EXPECT_TRUE(resolve({.api_key = "k", .tracing = true}).enabled) << "the code wins";
  }
  environment.set("LANGCHAIN_TRACING_V2", "true");
  EXPECT_TRUE(resolve({.api_key = "k"}).enabled) << "V2 is looked at first";
  EXPECT_FALSE(resolve({.api_key = "k", .tracing = false}).enabled);
}

TEST_F(ConfigTest, SeveralEndpointsFromAListOrAnObject) {
  environment.set("LANGSMITH_PROJECT", "mine");
  environment.set("LANGSMITH_RUNS_ENDPOINTS",
                  R"([{"api_url":"https://a.test","api_key":"ka","project_name":"pa"},)"
                  R"({"api_url":"https://b.test/","api_key":"kb","primary":true}])");
  auto endpoints = resolve({}).endpoints;
  ASSERT_EQ(endpoints.size(), 2U);
  EXPECT_EQ(endpoints[0].url, "https://b.test") << "the primary one is first";
  EXPECT_EQ(endpoints[0].api_key.reveal(), "kb");
  EXPECT_EQ(endpoints[0].project, "mine");
  EXPECT_EQ(endpoints[1].url, "https://a.test");
  EXPECT_EQ(endpoints[1].api_key.reveal(), "ka");
  EXPECT_EQ(endpoints[1].project, "pa");

  environment.set("LANGSMITH_RUNS_ENDPOINTS", R"({"https://a.test":"ka","https://b.test":"kb"})");
  endpoints = resolve({}).endpoints;
  ASSERT_EQ(endpoints.size(), 2U);
  EXPECT_EQ(endpoints[1].url, "https://b.test");
  EXPECT_EQ(endpoints[1].api_key.reveal(), "kb");
}

TEST_F(ConfigTest, SeveralEndpointsAndOneContradictEachOther) {
  environment.set("LANGSMITH_RUNS_ENDPOINTS", R"({"https://a.test":"ka"})");
  environment.set("LANGSMITH_ENDPOINT", "https://b.test");
  EXPECT_NE(message_of({}).find("unset one of them"), std::string::npos);
  EXPECT_EQ(message_of({}).find("ka"), std::string::npos);
}

TEST_F(ConfigTest, OneEndpointAloneIsPrimary) {
  environment.set("LANGSMITH_RUNS_ENDPOINTS",
                  R"([{"api_url":"https://a.test","api_key":"canary","primary":true},)"
                  R"({"api_url":"https://b.test","api_key":"canary","primary":true}])");
  const std::string message = message_of({});
  EXPECT_NE(message.find("several \"primary\": true"), std::string::npos) << message;
  EXPECT_EQ(message.find("canary"), std::string::npos);
}

TEST_F(ConfigTest, TheOlderNamesThatAreNoSimpleCopiesAreReadToo) {
  environment.set("LANGCHAIN_TRACING", "false");
  EXPECT_FALSE(resolve({.api_key = "k"}).enabled);
  environment.set("LANGSMITH_TRACING", "true");
  EXPECT_TRUE(resolve({.api_key = "k"}).enabled) << "the newer name wins";
  environment.set("LANGCHAIN_SESSION", "oldest");
  EXPECT_EQ(resolve({.api_key = "k"}).endpoints[0].project, "oldest");
  environment.set("LANGSMITH_SESSION", "older");
  EXPECT_EQ(resolve({.api_key = "k"}).endpoints[0].project, "older");
  environment.set("LANGCHAIN_RUNS_ENDPOINTS", R"({"https://a.test":"ka","https://b.test":"kb"})");
  ASSERT_EQ(resolve({}).endpoints.size(), 2U);
  EXPECT_EQ(resolve({}).endpoints[1].url, "https://b.test");
}

TEST_F(ConfigTest, AdditionalHeadersAreOfOneEndpointAndNoKeys) {
  Config given{.api_key = "k",
               .replicas = {{.endpoint = "https://b.test",
                             .api_key = "kb",
                             .additional_headers = {{"X-Second", "2"}}}},
               .additional_headers = {{"X-First", "1"}}};
  const auto endpoints = resolve(given).endpoints;
  ASSERT_EQ(endpoints.size(), 2U);
  ASSERT_EQ(endpoints[0].additional_headers.size(), 1U);
  EXPECT_EQ(endpoints[0].additional_headers[0].name, "X-First");
  ASSERT_EQ(endpoints[1].additional_headers.size(), 1U);
  EXPECT_EQ(endpoints[1].additional_headers[0].name, "X-Second");
  for (const auto& [name, remedy] :
       {std::pair("X-API-Key", "give .api_key"), std::pair("x-tenant-id", "give .workspace_id")}) {
    Config own = given;
    own.additional_headers = {{name, "canary"}};
    EXPECT_NE(message_of(own).find(remedy), std::string::npos) << message_of(own);
    EXPECT_EQ(message_of(own).find("canary"), std::string::npos);
    Config at_replica = given;
    at_replica.replicas[0].additional_headers = {{name, "canary"}};
    EXPECT_NE(message_of(at_replica).find(remedy), std::string::npos) << message_of(at_replica);
  }
}

TEST_F(ConfigTest, WhatCannotBeReadOfSeveralEndpointsIsNotRepeated) {
  for (const char* text :
       {"canary", R"({"https://a.test":"canary")", R"(["canary"])",
        R"({"canary":"https://a.test"})", R"([{"api_url":"canary","api_key":"k"}])",
        R"([{"api_url":"https://a.test","api_key":5}])", R"("canary")",
        R"({"https://a.test":{"canary":1}})"}) {
    environment.set("LANGSMITH_RUNS_ENDPOINTS", text);
    const std::string message = message_of({});
    EXPECT_NE(message.find("LANGSMITH_RUNS_ENDPOINTS"), std::string::npos) << text;
    EXPECT_EQ(message.find("canary"), std::string::npos) << message;
  }
}

TEST_F(ConfigTest, AReplicaNeedsAKeyOfItsOwn) {
  const std::string message =
      message_of({.api_key = "canary", .replicas = {{.endpoint = "https://b.test"}}});
  EXPECT_NE(message.find("Replica::api_key"), std::string::npos) << message;
  EXPECT_EQ(message.find("canary"), std::string::npos);
}

TEST_F(ConfigTest, TwoEndpointsWithOneKeyAreRefused) {
  const std::string message =
      message_of({.api_key = "canary", .replicas = {{.api_key = "canary", .project = "other"}}});
  EXPECT_NE(message.find("a key of another workspace"), std::string::npos) << message;
  EXPECT_EQ(message.find("canary"), std::string::npos) << message;
}

TEST_F(ConfigTest, WrongValuesAreRefusedWithTheRemedy) {
  const auto refused = [](const Config& config, std::string_view part) {
    const std::string message = message_of(config);
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  refused({.api_key = "k", .endpoint = "ftp://x"}, "LANGSMITH_ENDPOINT must be an http");
  refused({.api_key = "k", .sample_rate = 7}, "Config::sample_rate must be in [0, 1]");
  refused({.api_key = "k", .timeout = milliseconds(0)}, "Config::timeout");
  refused({.api_key = "k", .max_batch_items = 0}, "Config::max_batch_items");
  refused({.api_key = "k", .batch_interval = milliseconds(-1)}, "Config::batch_interval");
  refused({.api_key = "k", .post_open_runs_after = milliseconds::max()},
          "Config::post_open_runs_after");
  refused({.api_key = "k", .additional_headers = {{"a b", "c"}}}, "Config::additional_headers");
  refused({.api_key = "can\nary"}, "without line breaks");
  EXPECT_EQ(message_of({.api_key = "can\nary"}).find("ary\""), std::string::npos);
  environment.set("LANGSMITH_TRACING_SAMPLING_RATE", "half");
  refused({.api_key = "k"}, "LANGSMITH_TRACING_SAMPLING_RATE");
  environment.unset("LANGSMITH_TRACING_SAMPLING_RATE");
  environment.set("LANGSMITH_HIDE_INPUTS", "perhaps");
  refused({.api_key = "k"}, "LANGSMITH_HIDE_INPUTS must be true or false");
  environment.unset("LANGSMITH_HIDE_INPUTS");
  environment.set("LANGSMITH_BATCH_INGEST_SIZE_LIMIT", "0");
  refused({.api_key = "k"}, "LANGSMITH_BATCH_INGEST_SIZE_LIMIT");
}

TEST_F(ConfigTest, WithoutAKeyTheClientIsDisabledAndSaysWhatToSet) {
  Config none = config();
  none.api_key = "";
  Client client(none);
  EXPECT_FALSE(client.enabled());
  const langsmith::Run run = client.start_run({.name = "x"});
  EXPECT_FALSE(run);
  EXPECT_EQ(run.id(), "");
  EXPECT_EQ(client.create_feedback({.run_id = "r", .key = "k"}), "");
  EXPECT_TRUE(client.flush(seconds(1)));
  EXPECT_EQ(log->count("LANGSMITH_API_KEY"), 1U);
  EXPECT_EQ(http->request_count(), 0U);
}

TEST_F(ConfigTest, SwitchedOffItSaysNothing) {
  Config off = config();
  off.tracing = false;
  Client client(off);
  EXPECT_FALSE(client.enabled());
  EXPECT_EQ(log->lines().size(), 0U);
}

TEST_F(ConfigTest, WarnsOfAnUnencryptedEndpoint) {
  Config plain = config();
  plain.endpoint = "http://ls.example";
  Client client(plain);
  EXPECT_EQ(log->count("unencrypted"), 1U);
}

TEST_F(ConfigTest, TheDebugLineShowsNoKey) {
  Config debug = config();
  debug.debug = true;
  Client client(debug);
  EXPECT_TRUE(log->contains("https://ls.test"));
  EXPECT_FALSE(log->contains("canary"));
}

}  // namespace
}  // namespace langsmith::testing
