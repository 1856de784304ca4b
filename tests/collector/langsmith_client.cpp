#include "tests/collector/langsmith_client.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace llmtrace::collector::testing {
namespace {

std::string quoted(const std::string& text) { return '"' + text + '"'; }

}  // namespace

JsonObject JsonObject::with(const std::string& name, const std::string& json) const {
  JsonObject copy = *this;
  std::erase_if(copy.members_, [&](const Member& member) { return member.first == name; });
  if (!json.empty()) copy.members_.emplace_back(name, json);
  return copy;
}

std::string JsonObject::text() const {
  std::string text = "{";
  for (const Member& member : members_) {
    text += (text.size() > 1 ? "," : "") + quoted(member.first) + ":" + member.second;
  }
  return text + "}";
}

JsonObject root_post() {
  return {{"id", quoted(kRootId)},
          {"trace_id", quoted(kRootId)},
          {"dotted_order", quoted(kRootOrder)},
          {"name", quoted("rag")},
          {"run_type", quoted("chain")},
          {"start_time", quoted("2023-06-30T08:00:00.123456Z")},
          {"session_name", quoted("demo")},
          {"inputs", R"({"question":"why?"})"}};
}

JsonObject child_post() {
  return {{"id", quoted(kChildId)},
          {"trace_id", quoted(kRootId)},
          {"parent_run_id", quoted(kRootId)},
          {"dotted_order", quoted(kChildOrder)},
          {"name", quoted("llm")},
          {"run_type", quoted("llm")},
          {"start_time", quoted("2023-06-30T08:00:00.223456Z")},
          {"session_name", quoted("demo")},
          {"inputs", R"({"prompt":"why?"})"}};
}

JsonObject root_patch() {
  return {{"id", quoted(kRootId)},
          {"trace_id", quoted(kRootId)},
          {"dotted_order", quoted(kRootOrder)},
          {"end_time", quoted("2023-06-30T08:00:01.5+00:00")},
          {"outputs", R"({"answer":"because"})"}};
}

std::string batch(const std::vector<JsonObject>& posts, const std::vector<JsonObject>& patches) {
  const auto list = [](const std::vector<JsonObject>& runs) {
    std::string text = "[";
    for (const JsonObject& run : runs) text += (text.size() > 1 ? "," : "") + run.text();
    return text + "]";
  };
  return "{\"post\":" + list(posts) + ",\"patch\":" + list(patches) + "}";
}

std::string multipart_body(const std::vector<Part>& parts) {
  std::string body;
  for (const Part& part : parts) {
    body += "--" + std::string(kBoundary) +
            "\r\nContent-Disposition: form-data; name=" + quoted(part.name) +
            "\r\nContent-Type: " + part.content_type + "\r\n";
    if (part.has_length) {
      body += "Content-Length: " + std::to_string(part.content.size()) + "\r\n";
    }
    for (const std::string& header : part.headers) body += header + "\r\n";
    body += "\r\n" + part.content + "\r\n";
  }
  return body + "--" + kBoundary + "--\r\n";
}

Reply LangSmithClient::get(const std::string& path) const { return send("GET", path, "", {}); }

Reply LangSmithClient::post(const std::string& path, const std::string& json) const {
  return send("POST", path, json, {"Content-Type: application/json"});
}

Reply LangSmithClient::patch(const std::string& path, const std::string& json) const {
  return send("PATCH", path, json, {"Content-Type: application/json"});
}

Reply LangSmithClient::post_parts(const std::vector<Part>& parts) const {
  return post_multipart(multipart_body(parts));
}

Reply LangSmithClient::post_multipart(const std::string& body,
                                      std::vector<std::string> headers) const {
  headers.push_back(std::string("Content-Type: multipart/form-data; boundary=") + kBoundary);
  return send("POST", "/runs/multipart", body, std::move(headers));
}

Reply LangSmithClient::send(const std::string& method, const std::string& path,
                            const std::string& body, std::vector<std::string> headers) const {
  headers.emplace_back(kRunKey);
  return server_.client.send(
      {.method = method, .path = path, .body = body, .headers = std::move(headers), .keys = ""});
}

JsonValue LangSmithClient::run(const std::string& id) const {
  const Reply reply = get("/runs/" + id);
  EXPECT_EQ(reply.status, 200) << reply.body;
  return reply.json();
}

void expect_refused(const JsonObject& run, long status, const std::string& text) {
  const RunningCollector server;
  const LangSmithClient client(server);
  for (const Reply& reply :
       {client.post("/runs/batch", batch({run}, {})),
        client.post_parts({{.name = std::string("post.") + kRootId, .content = run.text()}})}) {
    EXPECT_EQ(reply.status, status) << run.text();
    EXPECT_NE(reply.json()["error"].as_string().find(text), std::string::npos) << reply.body;
  }
  EXPECT_EQ(client.get(std::string("/runs/") + kRootId).status, 404);
}

}  // namespace llmtrace::collector::testing
