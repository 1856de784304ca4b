// The dotted order, held against what else a run says of its place.
#include <gtest/gtest.h>

#include <string>

#include "tests/collector/langsmith_client.h"

namespace llmtrace::collector::testing {
namespace {

TEST(DottedOrder, MustHaveItsExactForm) {
  const std::string id = kRootId;
  for (const std::string& order :
       {std::string(), id, "20230630T080000.123456Z" + id, "20230630T080000123Z" + id,
        "20230630T080000123456789Z" + id, "2023-06-30T08:00:00.123456Z" + id,
        "20230630T080000123456" + id, "20231330T080000123456Z" + id,
        "20230630T080000123456Z" + id.substr(1), std::string(kRootOrder) + ".",
        "." + std::string(kRootOrder), "20230630t080000123456z" + id,
        "20230630T080000123456Z" + id + "x"}) {
    expect_refused(root_post().with("dotted_order", '"' + order + '"'), 400,
                   "invalid 'dotted_order'");
  }
}

TEST(DottedOrder, OfARootHasOnePart) {
  expect_refused(root_post()
                     .with("dotted_order", '"' + std::string(kChildOrder) + '"')
                     .with("trace_id", '"' + std::string(kRootId) + '"'),
                 400, "dotted_order must contain a single part for root runs for run_id:");
}

TEST(DottedOrder, OfAChildHasTwoPartsOrMore) {
  expect_refused(root_post().with("parent_run_id", '"' + std::string(kChildId) + '"'), 400,
                 "dotted_order must contain at least two parts for child runs for run_id:");
}

TEST(DottedOrder, BeginsWithTheTrace) {
  expect_refused(root_post().with("trace_id", '"' + std::string(kChildId) + '"'), 400,
                 "does not match first part of dotted_order");
}

TEST(DottedOrder, EndsWithTheRun) {
  const RunningCollector server;
  const LangSmithClient client(server);

  const Reply reply = client.post(
      "/runs/batch", batch({child_post().with("id", '"' + std::string(kRootId) + '"')}, {}));

  EXPECT_EQ(reply.status, 400);
  EXPECT_NE(reply.body.find("does not match last part of dotted_order"), std::string::npos);
}

TEST(DottedOrder, NamesTheParentBeforeTheRun) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string other = R"("11111111-1111-7111-8111-111111111111")";
  const JsonObject patch = root_patch()
                               .with("id", '"' + std::string(kChildId) + '"')
                               .with("dotted_order", '"' + std::string(kChildOrder) + '"');

  for (const std::string& runs : {batch({child_post().with("parent_run_id", other)}, {}),
                                  batch({}, {patch.with("parent_run_id", other)})}) {
    const Reply reply = client.post("/runs/batch", runs);
    EXPECT_EQ(reply.status, 400);
    EXPECT_NE(reply.body.find("does not match second last part of dotted_order"), std::string::npos)
        << reply.body;
  }
  EXPECT_EQ(client.post("/runs/batch", batch({child_post()}, {patch})).status, 202);
}

TEST(DottedOrder, NeverGoesBackInTime) {
  const RunningCollector server;
  const LangSmithClient client(server);
  std::string order = kChildOrder;
  order.replace(order.find("223456"), 6, "023456");

  const Reply reply =
      client.post("/runs/batch", batch({child_post().with("dotted_order", '"' + order + '"')}, {}));

  EXPECT_EQ(reply.status, 400);
  EXPECT_NE(reply.body.find("has timestamp 2023-06-30T08:00:00.023456Z earlier than parent "
                            "timestamp 2023-06-30T08:00:00.123456Z"),
            std::string::npos)
      << reply.body;
}

TEST(DottedOrder, OfAPatchIsHeldAgainstItsRunToo) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string other = '"' + std::string(kChildId) + '"';

  EXPECT_EQ(client.post("/runs/batch", batch({}, {root_patch().with("trace_id", other)})).status,
            400);
  EXPECT_EQ(client.post("/runs/batch", batch({}, {root_patch().without("dotted_order")})).status,
            422);
  EXPECT_EQ(client.patch(std::string("/runs/") + kChildId, root_patch().text()).status, 422);
}

}  // namespace
}  // namespace llmtrace::collector::testing
