// The histogram's promises: percentiles within 1 %, everything else exact, memory bounded.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include "common/src/metrics/log_linear_histogram.h"

namespace llmtrace::tests {
namespace {

double nearest_rank(std::vector<double> values, double quantile) {
  std::sort(values.begin(), values.end());
  const auto rank =
      static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

void expect_close(double found, double exact) {
  EXPECT_LE(std::abs(found - exact), 0.01 * exact) << found << " for " << exact;
}

void expect_percentiles(const std::vector<double>& values) {
  LogLinearHistogram histogram({});
  for (const double value : values) histogram.record(value);

  const Statistics statistics = histogram.snapshot().statistics();
  EXPECT_EQ(statistics.count, values.size());
  EXPECT_EQ(statistics.min, *std::min_element(values.begin(), values.end()));
  EXPECT_EQ(statistics.max, *std::max_element(values.begin(), values.end()));
  expect_close(statistics.median, nearest_rank(values, 0.5));
  expect_close(statistics.p95, nearest_rank(values, 0.95));
  expect_close(statistics.p99, nearest_rank(values, 0.99));
}

TEST(Histogram, PercentilesOfEveryShapeAreWithinOnePercent) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> latencies(-1, 1.5);
  std::uniform_real_distribution<double> uniform(1e-6, 1e6);
  std::exponential_distribution<double> exponential(3);
  std::vector<double> values(20'000);
  for (double& value : values) value = latencies(random);
  expect_percentiles(values);
  for (double& value : values) value = uniform(random);
  expect_percentiles(values);
  for (double& value : values) value = exponential(random);
  expect_percentiles(values);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 10 == 0 ? 30 : 0.2;
  expect_percentiles(values);
}

RC_GTEST_PROP(Histogram, AnyPositiveValuesAreWithinOnePercent, ()) {
  const auto exponents =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(-9000, 9000)));
  std::vector<double> values;
  for (const int exponent : exponents) values.push_back(std::pow(10.0, exponent / 1000.0));
  LogLinearHistogram histogram({});
  for (const double value : values) histogram.record(value);

  const HistogramSnapshot snapshot = histogram.snapshot();
  for (const double quantile : {0.01, 0.5, 0.9, 0.999, 1.0}) {
    const double exact = nearest_rank(values, quantile);
    RC_ASSERT(std::abs(snapshot.percentile(quantile) - exact) <= 0.01 * exact);
  }
}

TEST(Histogram, BoundsHoldWhatIsAtMostThem) {
  const std::vector<double> edges = {0.01, 0.02, 0.04, 0.08, 10.24, 81.92};
  const std::vector<double> others = {0.1, 0.25, 0.3, 7};
  for (const auto& bounds : {edges, others}) {
    LogLinearHistogram histogram(bounds);
    std::vector<double> values;
    for (const double bound : bounds) {
      for (const double value : {bound, std::nextafter(bound, 0), std::nextafter(bound, 1e9)}) {
        values.push_back(value);
        histogram.record(value);
      }
    }
    histogram.record(0);
    values.push_back(0);

    const HistogramSnapshot snapshot = histogram.snapshot();
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      const auto exact = std::count_if(values.begin(), values.end(),
                                       [&](double value) { return value <= bounds[i]; });
      EXPECT_EQ(snapshot.at_most[i], static_cast<std::uint64_t>(exact)) << bounds[i];
    }
  }
}

TEST(Histogram, WhatIsNoMeasurementIsLeftOut) {
  LogLinearHistogram histogram({1, 2});
  for (const double value : {-1.0, std::numeric_limits<double>::infinity(), std::nan("")}) {
    histogram.record(value);
  }
  EXPECT_EQ(histogram.snapshot().count, 0U);
  EXPECT_EQ(histogram.snapshot().statistics().p99, 0);
}

TEST(Histogram, ExtremesKeepTheirSumMinimumAndMaximum) {
  LogLinearHistogram histogram({1});
  const double least = std::numeric_limits<double>::denorm_min();
  const double most = std::numeric_limits<double>::max();
  histogram.record(least);
  histogram.record(most);
  const Statistics statistics = histogram.snapshot().statistics();
  EXPECT_EQ(statistics.count, 2U);
  EXPECT_EQ(statistics.min, least);
  EXPECT_EQ(statistics.max, most);
  EXPECT_LE(statistics.median, most);
}

// More threads than slots: those beyond share one, and nothing is lost.
TEST(Histogram, FortyThreadsLoseNothing) {
  constexpr int kThreads = 40;
  constexpr int kValues = 5'000;
  LogLinearHistogram histogram({1, 10, 100});
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&histogram, i] {
        for (int k = 0; k < kValues; ++k) histogram.record(i % 4 + 1);
      });
    }
  }
  const HistogramSnapshot snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.count, static_cast<std::uint64_t>(kThreads) * kValues);
  EXPECT_EQ(snapshot.sum, kThreads / 4 * kValues * (1.0 + 2 + 3 + 4));
  EXPECT_EQ(snapshot.at_most[0], static_cast<std::uint64_t>(kThreads) / 4 * kValues);
}

TEST(Histogram, SnapshotsAddUp) {
  LogLinearHistogram first({1, 2});
  LogLinearHistogram second({1, 2});
  first.record(1);
  second.record(2);
  second.record(0);
  HistogramSnapshot all;
  all.merge(HistogramSnapshot());
  all.merge(first.snapshot());
  all.merge(second.snapshot());
  EXPECT_EQ(all.count, 3U);
  EXPECT_EQ(all.sum, 3);
  EXPECT_EQ(all.min, 0);
  EXPECT_EQ(all.max, 2);
  EXPECT_EQ(all.at_most, (std::vector<std::uint64_t>{2, 3}));
}

}  // namespace
}  // namespace llmtrace::tests
