// The service as a process of its own, between a stand-in model that misbehaves as told and a
// collector in this process.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/src/json_value.h"
#include "tests/collector/http_client.h"
#include "tests/collector/running_collector.h"
#include "tests/service/child_program.h"

namespace service::testing {

using llmtrace::JsonValue;
using llmtrace::collector::testing::HttpClient;
using llmtrace::collector::testing::Reply;
using llmtrace::collector::testing::Request;
using llmtrace::collector::testing::RunningCollector;

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest();
  ~ServiceTest() override;

  /// With the stand-in's options and the service's.
  void start(const std::vector<std::string>& model_options = {},
             const std::vector<std::string>& service_options = {});
  void start_service(const std::string& model_url, const std::vector<std::string>& options);

  Reply complete(const std::string& body, const std::vector<std::string>& headers = {}) const;
  Reply get(const std::string& path, const std::vector<std::string>& headers = {}) const;
  /// SIGTERM; expects that nothing was lost. All traces and lines are there afterwards.
  void end();
  /// Every line, parsed.
  std::vector<JsonValue> log() const;
  /// The "request" line with that member; null when there is none.
  JsonValue log_line(const std::string& member, const std::string& value) const;
  /// Of a trace, by name; null when there is none.
  JsonValue observation(const std::string& trace_id, const std::string& name) const;

  const std::filesystem::path directory_;
  RunningCollector collector_;
  std::optional<ChildProgram> model_;
  std::optional<ChildProgram> service_;
};

}  // namespace service::testing
