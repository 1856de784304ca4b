// What goes to another destination is not said to go to LangSmith. Without the fixture:
// <llmtrace/testing.h> puts its names where the tests' own support has others.
#include <gtest/gtest.h>
#include <langsmith/langsmith.h>
#include <llmtrace/propagation.h>
#include <llmtrace/testing.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace {

using llmtrace::HttpHeader;

std::string header(const std::vector<HttpHeader>& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const HttpHeader& one) { return one.name == name; });
  return found == headers.end() ? std::string() : found->value;
}

TEST(LangsmithPropagationElsewhere, WhatDoesNotGoToLangSmithIsNotSaidToGoThere) {
  langsmith::Client client({.api_key = llmtrace::Secret("lsv2_pt_test"),
                            .endpoint = "http://127.0.0.1:9",
                            .observe = false,
                            .shutdown_timeout = std::chrono::milliseconds(1)});
  const llmtrace::testing::MemoryDestination elsewhere;
  const auto attributes = llmtrace::propagate({.tags = {"x"}});

  const auto span = llmtrace::start_observation({.name = "for others"});
  const langsmith::Run ours = client.start_run({.name = "ours"});

  ASSERT_TRUE(span);
  const auto headers = llmtrace::inject(span, {.baggage = true});
  EXPECT_EQ(header(headers, "langsmith-trace"), "");
  EXPECT_EQ(header(headers, "baggage"), "");
  EXPECT_EQ(header(ours.to_headers(), "langsmith-trace"), ours.dotted_order());
  EXPECT_NE(header(ours.to_headers(), "baggage"), "");
}

}  // namespace
