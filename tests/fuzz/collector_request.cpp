// What the collector reads of a request beside its body: Host and Origin, the keys, and the query
// of each read. Lines: the path, then "name=value" of the query, then, after an empty line,
// headers. An exception, which would be a 500, ends the run.
#include <string>

#include "collector/authenticator.h"
#include "collector/langsmith/feedback_route.h"
#include "collector/langsmith/projects_route.h"
#include "collector/langsmith/run_reads_route.h"
#include "collector/legacy_reads_route.h"
#include "collector/observations_route.h"
#include "collector/request_guard.h"
#include "collector/score_reads_route.h"
#include "common/src/json_value.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace llmtrace::collector;  // NOLINT

constexpr std::uint16_t kPort = 3000;

std::string_view next_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

NameValue split(std::string_view line, char separator) {
  const std::size_t at = std::min(line.find(separator), line.size());
  return {std::string(line.substr(0, at)), std::string(line.substr(std::min(at + 1, line.size())))};
}

HttpRequest request_of(std::string_view text) {
  HttpRequest request{.method = "GET", .path = std::string(next_line(text))};
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.empty()) break;
    request.query.push_back(split(line, '='));
  }
  while (!text.empty()) request.headers.push_back(split(next_line(text), ':'));
  return request;
}

// The collector's read routes, over an empty database.
struct Routes {
  Database database{":memory:"};
  CostEstimator costs{""};
  TraceIndex index{database, [](const TraceIndex::News&) {}};
  Store store{database, index, costs};
  RunStore runs{database, index, costs};
  LangSmithOptions options{};
  ObservationsRoute observations{store};
  ScoreReadsRoute scores{store};
  LegacyReadsRoute legacy{store};
  FeedbackRoute feedback{runs, options};
  ProjectsRoute projects{runs};
  RunReadsRoute run_reads{runs};
};

void require_answer(const HttpResponse& response) {
  require(response.status >= 200 && response.status < 500);
  require(response.body.empty() || llmtrace::JsonValue::is_valid(response.body));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto& routes = *new Routes;
  const HttpRequest request = request_of(fuzz_text(data, size));

  if (const auto refusal = refuse_foreign_request(request, {.port = kPort})) {
    require(refusal->status == 403);
  } else {
    const std::string host(request.header("Host").value_or(""));
    require(host == "127.0.0.1:3000" || host == "localhost:3000" || host == "[::1]:3000");
  }
  const Access access = Authenticator("pk-lf-local", "sk-lf-local").access_of(request);
  require(access == Access::Nobody || request.header("Authorization").has_value());

  require_answer(routes.observations.get(request));
  require_answer(routes.scores.get(request));
  require_answer(routes.legacy.get_observations(request));
  require_answer(routes.legacy.get_scores(request));
  require_answer(routes.legacy.get_trace(request.path));
  require_answer(routes.feedback.list(request));
  require_answer(routes.feedback.get(request.path));
  require_answer(routes.projects.list(request));
  require_answer(routes.projects.get(request.path));
  require_answer(routes.run_reads.get_attachment(request.path, request.path));
  return 0;
}
