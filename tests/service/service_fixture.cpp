#include "tests/service/service_fixture.h"

#include <stdlib.h>

#include <fstream>
#include <utility>

namespace service::testing {
namespace {

std::filesystem::path new_directory() {
  std::string name = std::filesystem::temp_directory_path() / "llmtrace-service-test.XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory " + name);
  return name;
}

std::vector<std::string> command_of(std::string program, const std::vector<std::string>& options) {
  std::vector<std::string> command{std::move(program)};
  command.insert(command.end(), options.begin(), options.end());
  return command;
}

}  // namespace

ServiceTest::ServiceTest() : directory_(new_directory()) {}

ServiceTest::~ServiceTest() {
  service_.reset();
  model_.reset();
  std::filesystem::remove_all(directory_);
}

void ServiceTest::start(const std::vector<std::string>& model_options,
                        const std::vector<std::string>& service_options) {
  model_.emplace(command_of(STAND_IN_PROGRAM, model_options), Variables{});
  start_service(model_->url(), service_options);
}

void ServiceTest::start_service(const std::string& model_url,
                                const std::vector<std::string>& options) {
  std::vector<std::string> all{"--log", directory_ / "log.jsonl"};
  all.insert(all.end(), options.begin(), options.end());
  service_.emplace(command_of(SERVICE_PROGRAM, all),
                   Variables{{"LANGFUSE_BASE_URL", collector_.collector.url()},
                             {"LANGFUSE_PUBLIC_KEY", "pk-lf-local"},
                             {"LANGFUSE_SECRET_KEY", "sk-lf-local"},
                             {"OPENAI_BASE_URL", model_url},
                             {"OPENAI_MODEL", "stand-in"}});
}

Reply ServiceTest::complete(const std::string& body,
                            const std::vector<std::string>& headers) const {
  return HttpClient(service_->url())
      .send({.method = "POST", .path = "/complete", .body = body, .headers = headers, .keys = ""});
}

Reply ServiceTest::get(const std::string& path, const std::vector<std::string>& headers) const {
  return HttpClient(service_->url()).send({.path = path, .headers = headers, .keys = ""});
}

void ServiceTest::end() { EXPECT_EQ(service_->terminate(), 0); }

std::vector<JsonValue> ServiceTest::log() const {
  std::vector<JsonValue> lines;
  std::ifstream file(directory_ / "log.jsonl");
  for (std::string line; std::getline(file, line);) {
    const auto value = JsonValue::parse(line);
    EXPECT_TRUE(value && value->is_object()) << line;
    if (value) lines.push_back(*value);
  }
  return lines;
}

JsonValue ServiceTest::log_line(const std::string& member, const std::string& value) const {
  for (const JsonValue& line : log()) {
    if (line["message"].as_string() == "request" && line[member].as_string() == value) return line;
  }
  return {};
}

JsonValue ServiceTest::observation(const std::string& trace_id, const std::string& name) const {
  const JsonValue all = collector_.observations(trace_id);
  for (const JsonValue& one : all.elements()) {
    if (one["name"].as_string() == name) return one;
  }
  return {};
}

}  // namespace service::testing
