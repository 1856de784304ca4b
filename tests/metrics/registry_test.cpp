// Families, labels and Prometheus's text.
#include <gtest/gtest.h>
#include <llmtrace/metrics.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "common/src/json_value.h"
#include "tests/support/run_length.h"

namespace llmtrace::tests {
namespace {

// Without what every exposition ends with: the clients' own counters.
std::string own_part(const Metrics& metrics) {
  const std::string text = metrics.prometheus_text();
  return text.substr(0, text.find("# HELP llmtrace_"));
}

TEST(MetricsTest, ExpositionIsWhatPrometheusReads) {
  Metrics metrics;
  const auto requests = metrics.counter(
      {.name = "app_requests_total", .help = "Requests.\nAll \\ of them.", .labels = {"route"}});
  requests.with("/complete").add();
  requests.with("/complete").add(2);
  requests.with("a\"b\\c\nd").add();
  metrics.gauge({.name = "app_temperature"}).with().set(-1.5);
  const auto sizes = metrics.histogram(
      {.name = "app_size", .help = "Sizes.", .labels = {"kind"}, .buckets = {1, 2, 4}});
  for (const double size : {0.0, 1.0, 1.5, 4.0, 100.0}) sizes.with("x").record(size);

  EXPECT_EQ(own_part(metrics),
            "# HELP app_requests_total Requests.\\nAll \\\\ of them.\n"
            "# TYPE app_requests_total counter\n"
            "app_requests_total{route=\"/complete\"} 3\n"
            "app_requests_total{route=\"a\\\"b\\\\c\\nd\"} 1\n"
            "# HELP app_size Sizes.\n"
            "# TYPE app_size histogram\n"
            "app_size_bucket{kind=\"x\",le=\"1\"} 2\n"
            "app_size_bucket{kind=\"x\",le=\"2\"} 3\n"
            "app_size_bucket{kind=\"x\",le=\"4\"} 4\n"
            "app_size_bucket{kind=\"x\",le=\"+Inf\"} 5\n"
            "app_size_sum{kind=\"x\"} 106.5\n"
            "app_size_count{kind=\"x\"} 5\n"
            "# HELP app_temperature \n"
            "# TYPE app_temperature gauge\n"
            "app_temperature -1.5\n");
}

TEST(MetricsTest, ARunawayLabelTakesNoMoreThanItsShare) {
  Metrics metrics;
  const auto users =
      metrics.counter({.name = "app_users_total", .labels = {"user"}, .max_series = 10});
  for (int i = 0; i < 10'000; ++i) users.with("user-" + std::to_string(i)).add();

  const std::string text = own_part(metrics);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2 + 10 + 1);
  EXPECT_NE(text.find("app_users_total{user=\"_other\"} 9990\n"), std::string::npos);
  EXPECT_EQ(users.with("user-3").value(), 1) << "what was there first stays apart";
}

TEST(MetricsTest, TheLabelForAllOthersIsOneSeries) {
  Metrics metrics;
  const auto users =
      metrics.counter({.name = "app_users_total", .labels = {"user"}, .max_series = 2});
  for (const char* user : {"_other", "a", "b", "c", "d"}) users.with(user).add();
  const std::string text = own_part(metrics);
  EXPECT_NE(text.find("app_users_total{user=\"_other\"} 3\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("_other"), text.rfind("_other"));
}

TEST(MetricsTest, LabelValuesAreCutOnACodePointAndRepaired) {
  Metrics metrics;
  const auto family = metrics.counter({.name = "x_total", .labels = {"v"}});
  std::string value(kMaxLabelBytes - 1, 'a');
  family.with(value + "\xC3\xA4").add();
  family.with("\xFF").add();
  const std::string text = own_part(metrics);
  EXPECT_NE(text.find("{v=\"" + value + "\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("{v=\"\xEF\xBF\xBD\"} 1\n"), std::string::npos);
}

TEST(MetricsTest, MissingLabelValuesAreEmptyAndSurplusOnesIgnored) {
  Metrics metrics;
  const auto family = metrics.counter({.name = "x_total", .labels = {"a", "b"}});
  family.with("1").add();
  family.with("1", "", "surplus").add();
  EXPECT_EQ(family.with("1", "").value(), 2);
}

TEST(MetricsTest, WrongParametersAreNamed) {
  Metrics metrics;
  const auto problem = [&](auto make) -> std::string {
    try {
      make();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_NE(problem([&] { metrics.counter({.name = "9_total"}); }).find("9_total"),
            std::string::npos);
  EXPECT_NE(problem([&] { metrics.counter({.name = "requests"}); }).find("_total"),
            std::string::npos);
  EXPECT_NE(problem([&] { metrics.gauge({.name = "g", .labels = {"le"}}); }).find("\"le\""),
            std::string::npos);
  for (const char* own :
       {"llmtrace_requests_total", "llmtrace_items_total", "llmtrace_mine_total"}) {
    EXPECT_NE(problem([&] { metrics.counter({.name = own}); }).find("llmtrace_"),
              std::string::npos);
  }
  EXPECT_NE(problem([&] {
              metrics.gauge({.name = "g", .labels = {"a", "a"}});
            }).find("twice"),
            std::string::npos);
  EXPECT_NE(problem([&] { metrics.gauge({.name = "g", .buckets = {1}}); }).find("histograms"),
            std::string::npos);
  for (const std::vector<double>& buckets :
       {std::vector<double>{2, 1}, {0.0, 1}, {1, 1}, std::vector<double>(64, 1)}) {
    EXPECT_NE(problem([&] { metrics.histogram({.name = "h", .buckets = buckets}); }), "none");
  }
  metrics.gauge({.name = "g", .labels = {"a"}});
  EXPECT_EQ(problem([&] { metrics.gauge({.name = "g", .labels = {"a"}}); }), "none") << "the same";
  EXPECT_NE(problem([&] { metrics.gauge({.name = "g"}); }).find("other labels"), std::string::npos);
  EXPECT_NE(problem([&] { metrics.histogram({.name = "g"}); }).find("a gauge of that name"),
            std::string::npos);
  EXPECT_NE(metrics.prometheus_text().find("# TYPE g gauge"), std::string::npos);
}

TEST(MetricsTest, ASourceHasTheNamesThatAreGivenForIt) {
  Metrics metrics;
  const auto duration = metrics.histogram(
      {.name = "app_duration_seconds",
       .help = "How long.",
       .labels = {"route", "error_type"},
       .buckets = {1, 2},
       .otlp = {.name = "app.duration", .unit = "s", .attributes = {"http.route", "error.type"}}});
  duration.with("/a", "").record(1);
  duration.with("/a", "").record(9);
  duration.with("/b", "timeout");  // nothing was recorded
  metrics.gauge({.name = "app_temperature", .labels = {"room"}}).with("1").set(-1.5);
  const std::shared_ptr<const MetricSource> source = metrics.source();

  const std::vector<MetricData> all = source->collect();
  const auto found = [&](std::string_view name) {
    return std::find_if(all.begin(), all.end(),
                        [&](const MetricData& metric) { return metric.name == name; });
  };
  const auto histogram = found("app.duration");
  ASSERT_NE(histogram, all.end());
  EXPECT_EQ(histogram->unit, "s");
  EXPECT_EQ(histogram->description, "How long.");
  EXPECT_EQ(histogram->bounds, (std::vector<double>{1, 2}));
  ASSERT_EQ(histogram->points.size(), 1U) << "a distribution of nothing tells nothing";
  const std::vector<std::pair<std::string, std::string>> route = {{"http.route", "/a"}};
  EXPECT_EQ(histogram->points[0].attributes, route) << "an empty label is none";
  EXPECT_EQ(histogram->points[0].buckets, (std::vector<std::uint64_t>{1, 0, 1}));
  EXPECT_EQ(histogram->points[0].count, 2U);
  EXPECT_EQ(histogram->points[0].sum, 10);
  const auto gauge = found("app_temperature");
  ASSERT_NE(gauge, all.end());
  EXPECT_EQ(gauge->type, MetricType::Gauge);
  EXPECT_EQ(gauge->points[0].value, -1.5);
}

TEST(MetricsTest, AForkedChildReadsThemWhateverOtherThreadsDidAtTheFork) {
  if (kSanitized) GTEST_SKIP() << "its allocator may be locked by another thread at the fork";
  Metrics metrics;
  const auto family = metrics.counter({.name = "x_total", .labels = {"v"}, .max_series = 100'000});
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    for (int i = 0; !stop; ++i) family.with(std::to_string(i)).add();
  });
  for (int i = 0; i < 50; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(10);  // ends one that hangs
      family.with("child").add();
      ::_exit(metrics.source()->collect().empty() ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  stop = true;
  busy.join();
}

// Prometheus would read two metrics of one name.
TEST(MetricsTest, AHistogramsThreeNamesAreTaken) {
  Metrics metrics;
  metrics.histogram({.name = "lat_seconds"});
  for (const char* name : {"lat_seconds_count", "lat_seconds_sum", "lat_seconds_bucket"}) {
    EXPECT_THROW(metrics.gauge({.name = name}), std::invalid_argument) << name;
  }
  metrics.gauge({.name = "size_bytes_count"});
  EXPECT_THROW(metrics.histogram({.name = "size_bytes"}), std::invalid_argument);
  EXPECT_NO_THROW(metrics.gauge({.name = "other_count"}));
}

TEST(MetricsTest, AttributesOfASourceAreOneForEachLabel) {
  Metrics metrics;
  EXPECT_THROW(metrics.gauge({.name = "g", .labels = {"a", "b"}, .otlp = {.attributes = {"a.b"}}}),
               std::invalid_argument);
}

TEST(MetricsTest, ManyThreadsMakeAndCountTheSameSeries) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 2'000;
  Metrics metrics;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&metrics] {
        const auto family = metrics.counter({.name = "x_total", .labels = {"v"}});
        const auto gauge = metrics.gauge({.name = "level"}).with();
        for (int i = 0; i < kRounds; ++i) {
          family.with(std::to_string(i % 20)).add();
          gauge.add(i % 2 == 0 ? 1 : -1);
          if (i % 500 == 0) static_cast<void>(metrics.prometheus_text());
        }
      });
    }
  }
  double total = 0;
  for (int i = 0; i < 20; ++i) {
    total += metrics.counter({.name = "x_total", .labels = {"v"}}).with(std::to_string(i)).value();
  }
  EXPECT_EQ(total, kThreads * kRounds);
  EXPECT_EQ(metrics.gauge({.name = "level"}).with().value(), 0);
}

TEST(MetricsTest, TheSnapshotIsTheSameAsJson) {
  Metrics metrics;
  metrics.counter({.name = "x_total", .labels = {"v"}}).with("\"").add(2);
  metrics.histogram({.name = "h"}).with().record(2);
  const auto json = JsonValue::parse(metrics.snapshot().to_text());
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["x_total"].elements()[0]["labels"]["v"].as_string(), "\"");
  EXPECT_EQ((*json)["x_total"].elements()[0]["value"].as_double(), 2);
  EXPECT_EQ((*json)["h"].elements()[0]["value"]["p99"].as_double(), 2);
  EXPECT_TRUE((*json)["llmtrace_delivery"].is_array());
}

}  // namespace
}  // namespace llmtrace::tests
