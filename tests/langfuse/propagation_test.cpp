#include <llmtrace/observe.h>
#include <llmtrace/propagation.h>
#include <llmtrace/testing.h>

#include <algorithm>

#include "tests/langfuse/langfuse_fixture.h"

namespace langfuse::testing {
namespace {

using llmtrace::HttpHeader;

class LangfusePropagation : public LangfuseTest {};

std::string header(const std::vector<HttpHeader>& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const HttpHeader& each) { return each.name == name; });
  return found == headers.end() ? std::string() : found->value;
}

TEST_F(LangfusePropagation, NothingOfTheTraceGoesAlongUnlessAskedFor) {
  Client client(config());
  const auto scope = llmtrace::propagate({.user_id = "u-1", .tags = {"a"}});
  const auto span = llmtrace::start_observation({.name = "caller"});

  const auto headers = llmtrace::inject(span);

  EXPECT_EQ(header(headers, "traceparent"), "00-" + span.trace_id() + "-" + span.id() + "-03");
  EXPECT_EQ(header(headers, "baggage"), "");
}

TEST_F(LangfusePropagation, TheReceiverContinuesTraceAndAttributes) {
  Client client(config());
  std::vector<HttpHeader> headers;
  std::string parent_id;
  std::string trace_id;
  {
    const auto scope = llmtrace::propagate({.user_id = "u 1,=",
                                            .session_id = "s-1",
                                            .metadata = {{"team", "search"}, {"n", 3}},
                                            .tags = {"a", "b"},
                                            .trace_name = "rag"});
    const auto span = llmtrace::start_observation({.name = "caller"});
    headers = llmtrace::inject(span, {.baggage = true});
    parent_id = span.id();
    trace_id = span.trace_id();
  }
  {
    const llmtrace::ContextScope scope(llmtrace::extract(headers, {.baggage = true}));
    const auto span = llmtrace::start_observation({.name = "callee"});
    EXPECT_EQ(span.trace_id(), trace_id);
  }
  ASSERT_TRUE(client.flush(seconds(10)));

  const auto all = spans();
  ASSERT_EQ(all.spans.size(), 2U);
  const auto& callee = all.spans[1];
  EXPECT_EQ(callee.name, "callee");
  EXPECT_EQ(callee.parent_id, parent_id);
  EXPECT_EQ(callee["user.id"], "u 1,=");
  EXPECT_EQ(callee["session.id"], "s-1");
  EXPECT_EQ(callee["langfuse.trace.name"], "rag");
  EXPECT_EQ(callee["langfuse.trace.metadata.team"], "search");
  EXPECT_EQ(callee["langfuse.trace.metadata.n"], "3");
}

TEST_F(LangfusePropagation, WhatDoesNotGoToLangfuseIsNotSaidToGoThere) {
  Config by_handles = config();
  by_handles.observe = false;
  Client client(by_handles);
  const llmtrace::testing::MemoryDestination elsewhere;
  const auto scope = llmtrace::propagate({.user_id = "u-1"});

  const auto span = llmtrace::start_observation({.name = "for others"});
  const auto ours = client.span({.name = "ours"});

  ASSERT_TRUE(span);
  EXPECT_EQ(header(llmtrace::inject(span, {.baggage = true}), "baggage"), "");
  EXPECT_EQ(header(llmtrace::inject(ours, {.baggage = true}), "baggage"),
            "langfuse_trace_id=" + ours.trace_id() + ",langfuse_user_id=u-1");
}

TEST_F(LangfusePropagation, ATraceOfItsOwnIsNoChildOfTheHostsSpan) {
  Client client(config());
  llmtrace::set_parent_provider(
      [] { return std::string("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"); });
  const Trace trace = client.trace({.name = "t"});
  const auto span = client.span({.name = "s"});
  llmtrace::set_parent_provider(nullptr);
  EXPECT_NE(trace.trace_id(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(span.trace_id(), "0af7651916cd43dd8448eb211c80319c");
}

TEST_F(LangfusePropagation, ACallersSampledFlagDoesNotGovernLangfuse) {
  Client client(config());
  {
    const llmtrace::ContextScope scope(llmtrace::extract(
        {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}}));
    const auto span = llmtrace::start_observation({.name = "callee"});
  }
  ASSERT_TRUE(client.flush(seconds(10)));
  ASSERT_EQ(spans().spans.size(), 1U);
}

TEST_F(LangfusePropagation, EachLocalRootIsTheRootOfItsTracesRow) {
  Client client(config());
  std::vector<HttpHeader> from_us;
  std::vector<HttpHeader> from_us_with_baggage;
  {
    const Trace trace = client.trace({.name = "root"});
    trace.span({.name = "child"}).end();
    from_us = llmtrace::inject(trace.root());
    from_us_with_baggage = llmtrace::inject(trace.root(), {.baggage = true});
  }
  const auto continue_from = [](const char* name, std::vector<HttpHeader> headers) {
    const llmtrace::ContextScope scope(llmtrace::extract(headers, {.baggage = true}));
    const auto span = llmtrace::start_observation({.name = name});
    span.start_observation({.name = std::string(name) + "'s child"}).end();
  };
  continue_from("of a stranger",
                {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}});
  continue_from("of who says nothing", from_us);
  continue_from("of who sends the trace", from_us_with_baggage);
  continue_from("of who sends another trace",
                {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                 {"baggage", "langfuse_trace_id=11111111111111111111111111111111"}});
  ASSERT_TRUE(client.flush(seconds(10)));

  const auto all = spans();
  ASSERT_EQ(all.spans.size(), 10U);
  const auto is_root = [&](const char* name) {
    return all.named(name)["langfuse.internal.is_app_root"];
  };
  EXPECT_EQ(is_root("root"), "true");
  EXPECT_EQ(is_root("child"), "(absent)");
  EXPECT_EQ(is_root("of a stranger"), "true");
  EXPECT_EQ(is_root("of a stranger's child"), "(absent)");
  EXPECT_EQ(is_root("of who says nothing"), "true");
  EXPECT_EQ(is_root("of who sends the trace"), "(absent)");
  EXPECT_EQ(is_root("of who sends another trace"), "true");
}

TEST_F(LangfusePropagation, AMetadataKeyCannotEndTheHeader) {
  Client client(config());
  std::vector<HttpHeader> headers;
  {
    const auto scope = llmtrace::propagate({.metadata = {{"a\r\nx-evil: 1,b=\xC3\xBC", "v"}}});
    headers = llmtrace::inject(llmtrace::start_observation({.name = "caller"}), {.baggage = true});
  }
  EXPECT_TRUE(header(headers, "baggage")
                  .ends_with("langfuse_metadata_a%0D%0Ax-evil%3A%201%2Cb%3D%C3%BC=v"));
  {
    const llmtrace::ContextScope scope(llmtrace::extract(headers, {.baggage = true}));
    const auto span = llmtrace::start_observation({.name = "callee"});
  }
  ASSERT_TRUE(client.flush(seconds(10)));

  ASSERT_EQ(spans().spans.size(), 2U);
  EXPECT_EQ(spans().spans[1]["langfuse.trace.metadata.a\r\nx-evil: 1,b=\xC3\xBC"], "v");
}

TEST_F(LangfusePropagation, BaggageIsNotTakenUnlessAskedFor) {
  Client client(config());
  {
    const llmtrace::ContextScope scope(llmtrace::extract(
        {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
         {"baggage", "langfuse_user_id=mallory"}}));
    const auto span = llmtrace::start_observation({.name = "callee"});
  }
  ASSERT_TRUE(client.flush(seconds(10)));

  ASSERT_EQ(spans().spans.size(), 1U);
  EXPECT_EQ(spans().spans[0]["user.id"], "(absent)");
  EXPECT_EQ(spans().spans[0].parent_id, "b7ad6b7169203331");
  EXPECT_EQ(spans().spans[0].trace_id, "0af7651916cd43dd8448eb211c80319c");
}

}  // namespace
}  // namespace langfuse::testing
