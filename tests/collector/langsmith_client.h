// What a LangSmith client sends, and a client that shows its key. Written for the tests, with
// nothing of the SDK's or the collector's own code in it.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "tests/collector/running_collector.h"

namespace llmtrace::collector::testing {

inline constexpr const char* kRootId = "01890a5d-ac96-774b-bcce-b302099a8057";
inline constexpr const char* kChildId = "01890a5d-ac97-7000-8000-00000000c41d";
inline constexpr const char* kRootOrder =
    "20230630T080000123456Z01890a5d-ac96-774b-bcce-b302099a8057";
inline constexpr const char* kChildOrder =
    "20230630T080000123456Z01890a5d-ac96-774b-bcce-b302099a8057."
    "20230630T080000223456Z01890a5d-ac97-7000-8000-00000000c41d";
inline constexpr const char* kRunKey = "x-api-key: lsv2_pt_local";
inline constexpr const char* kBoundary = "3f2b1c0d9e8f7a6b";

/// A JSON object whose members are given as JSON text.
class JsonObject {
 public:
  using Member = std::pair<std::string, std::string>;

  JsonObject(std::initializer_list<Member> members) : members_(members) {}
  /// A copy with one member set; empty text removes it.
  JsonObject with(const std::string& name, const std::string& json) const;
  JsonObject without(const std::string& name) const { return with(name, ""); }
  std::string text() const;

 private:
  std::vector<Member> members_;
};

/// A post of the root run and of its child, complete but without end; a patch that ends the root.
JsonObject root_post();
JsonObject child_post();
JsonObject root_patch();

/// A body of POST /runs/batch.
std::string batch(const std::vector<JsonObject>& posts, const std::vector<JsonObject>& patches);

struct Part {
  std::string name{};
  std::string content{};
  std::string content_type = "application/json";
  std::vector<std::string> headers{};  // further ones
  bool has_length = true;              // as a Content-Length header
};

std::string multipart_body(const std::vector<Part>& parts);

class LangSmithClient {
 public:
  explicit LangSmithClient(const RunningCollector& server) : server_(server) {}

  Reply get(const std::string& path) const;
  Reply post(const std::string& path, const std::string& json) const;
  Reply patch(const std::string& path, const std::string& json) const;
  Reply post_parts(const std::vector<Part>& parts) const;
  /// A multipart body as it is, with further headers.
  Reply post_multipart(const std::string& body, std::vector<std::string> headers = {}) const;
  Reply send(const std::string& method, const std::string& path, const std::string& body,
             std::vector<std::string> headers) const;
  /// The run as it is read; null with a failure when there is none.
  JsonValue run(const std::string& id) const;

 private:
  const RunningCollector& server_;
};

/// Expects a post of `run` to be refused, with that status and a part of the text, by a server that
/// then has nothing of it.
void expect_refused(const JsonObject& run, long status, const std::string& text);

}  // namespace llmtrace::collector::testing
