// Prometheus itself reads what the service tells: it scrapes, answers, and knows every metric that
// the alert rules and the dashboard ask for.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "tests/service/service_fixture.h"

namespace service::testing {
namespace {

using std::chrono::steady_clock;

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

const std::filesystem::path kMonitoring = MONITORING_DIRECTORY;

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

// Free at the moment: Prometheus does not say which one it takes.
std::string free_address() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(socket, generic, size), 0);
  EXPECT_EQ(::getsockname(socket, generic, &size), 0);
  ::close(socket);
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

class PrometheusTest : public ServiceTest {
 protected:
  void SetUp() override {
    if (std::string(PROMETHEUS_PROGRAM).empty()) GTEST_SKIP() << "Debian's prometheus is missing";
  }

  // The sample's own configuration, for this service's port and often.
  void start_prometheus() {
    std::string config = text_of(kMonitoring / "prometheus.yml");
    config = replaced(config, "127.0.0.1:8080", service_->url().substr(7));
    config = replaced(config, "_interval: 5s", "_interval: 200ms");
    config = replaced(config, "- alerts.yml", "- " + (kMonitoring / "alerts.yml").string());
    std::ofstream(directory_ / "prometheus.yml") << config;
    address_ = free_address();
    prometheus_.emplace(
        std::vector<std::string>{PROMETHEUS_PROGRAM,
                                 "--config.file=" + (directory_ / "prometheus.yml").string(),
                                 "--storage.tsdb.path=" + (directory_ / "tsdb").string(),
                                 "--web.listen-address=" + address_, "--log.level=error"},
        Variables{}, false);
  }

  // Polls until the query has a result that is at least `value`.
  double value_of(const std::string& query, double value) {
    const auto deadline = steady_clock::now() + std::chrono::seconds(60);
    double seen = -1;
    while (seen < value && steady_clock::now() < deadline) {
      const JsonValue answer = ask("/api/v1/query?query=" + query);
      const auto& results = answer["data"]["result"].elements();
      if (!results.empty()) seen = std::stod(results[0]["value"].elements().at(1).as_string());
      std::this_thread::yield();
    }
    return seen;
  }

  // Null while it does not answer yet.
  JsonValue ask(const std::string& path) const {
    const HttpClient client("http://" + address_);
    const std::string body = client.send({.path = path, .keys = "", .may_break = true}).body;
    return JsonValue::parse(body).value_or(JsonValue());
  }

  std::string address_;
  std::optional<ChildProgram> prometheus_;
};

TEST_F(PrometheusTest, ScrapesTheServiceAndAnswersAQuery) {
  start();
  start_prometheus();
  for (int i = 0; i < 7; ++i) EXPECT_EQ(complete(R"({"prompt":"a"})").status, 200);
  EXPECT_EQ(value_of("service_requests_total%7Broute=%22/complete%22%7D", 7), 7);
  EXPECT_EQ(value_of("sum(gen_ai_client_operation_duration_seconds_count)", 7), 7);
  EXPECT_EQ(value_of("up%7Bjob=%22observability_service%22%7D", 1), 1);
  const JsonValue rules = ask("/api/v1/rules");
  const auto& groups = rules["data"]["groups"].elements();
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_GE(groups[0]["rules"].elements().size(), 5U);
  for (const JsonValue& rule : groups[0]["rules"].elements()) {
    EXPECT_EQ(rule["lastError"].as_string(), "") << rule["name"].as_string();
  }
  end();
}

// A metric that was renamed in the code alone would leave a panel empty and an alert silent.
TEST_F(ServiceTest, EveryMetricOfTheRulesAndTheDashboardIsTold) {
  start({"--error-rate", "0.5"}, {"--model-retries", "0"});
  for (const int status : {200, 502}) {
    EXPECT_EQ(complete(R"({"prompt":"a","stream":true})").status, status);
  }
  const std::string told = get("/metrics").body;
  const std::string asked =
      text_of(kMonitoring / "alerts.yml") + text_of(kMonitoring / "grafana_dashboard.json");
  int names = 0;
  for (const std::string prefix : {"service_", "llm_", "llmtrace_", "gen_ai_"}) {
    for (std::size_t at = 0; (at = asked.find(prefix, at)) != std::string::npos;) {
      const std::size_t end = asked.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at);
      const bool is_name = at > 0 && (asked[at - 1] == '(' || asked[at - 1] == ' ');
      const std::string name = asked.substr(at, end - at);
      at = end;
      if (!is_name) continue;
      ++names;
      const bool is_metric = told.find("\n" + name) != std::string::npos;
      const bool is_label = told.find(name + "=\"") != std::string::npos;
      EXPECT_TRUE(is_metric || is_label) << name;
    }
  }
  EXPECT_GT(names, 20);
  end();
}

TEST_F(PrometheusTest, PromtoolFindsNothingWrong) {
  start();
  complete(R"({"prompt":"a","stream":true})");
  std::ofstream(directory_ / "metrics") << get("/metrics").body;
  end();
  const std::string tool = PROMTOOL_PROGRAM;
  const std::string silently = " >" + (directory_ / "said").string() + " 2>&1";
  for (const std::string& arguments :
       {"check metrics <" + (directory_ / "metrics").string(),
        "check config " + (kMonitoring / "prometheus.yml").string(),
        "check rules " + (kMonitoring / "alerts.yml").string(),
        "test rules " + (kMonitoring / "alerts_test.yml").string()}) {
    EXPECT_EQ(std::system((tool + " " + arguments + silently).c_str()), 0)
        << arguments << "\n"
        << text_of(directory_ / "said");
  }
}

TEST(Dashboard, IsJsonWithAQueryInEveryPanel) {
  const auto dashboard = JsonValue::parse(text_of(kMonitoring / "grafana_dashboard.json"));
  ASSERT_TRUE(dashboard);
  EXPECT_GE((*dashboard)["panels"].elements().size(), 10U);
  for (const JsonValue& panel : (*dashboard)["panels"].elements()) {
    EXPECT_FALSE(panel["targets"].elements().empty()) << panel["title"].as_string();
  }
}

}  // namespace
}  // namespace service::testing
