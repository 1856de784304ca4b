#include "tests/collector/viewer_client.h"

#include <gtest/gtest.h>

#include <chrono>

namespace llmtrace::collector::testing {

JsonValue api(const RunningCollector& server, const std::string& path) {
  const Reply reply = server.client.send({.path = path, .keys = ""});
  EXPECT_EQ(reply.status, 200) << path << ": " << reply.body;
  return reply.json();
}

std::string trace_names(const RunningCollector& server, const std::string& query) {
  std::string names;
  const JsonValue reply = api(server, "/api/traces?" + query);
  for (const JsonValue& trace : reply["traces"].elements()) {
    names += (names.empty() ? "" : ",") + trace["name"].as_string();
  }
  return names;
}

void store_spans(const RunningCollector& server, const Export& data) {
  const Reply reply = server.client.send({.method = "POST",
                                          .path = kPlainOtlpPath,
                                          .body = json_body(data),
                                          .headers = {"Content-Type: application/json"},
                                          .keys = ""});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "{}");
}

JsonValue node_of(const RunningCollector& server, const std::string& id,
                  const std::string& trace_id) {
  return api(server, "/api/traces/" + trace_id + "/nodes/" + id);
}

void wait_for_text_index(const RunningCollector& server) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    const JsonValue stats = api(server, "/api/stats");
    if (stats["collector"]["text_index"]["pending"].as_integer() == 0) return;
  }
  ADD_FAILURE() << "text search did not catch up";
}

}  // namespace llmtrace::collector::testing
