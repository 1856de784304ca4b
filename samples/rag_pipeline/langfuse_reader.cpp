#include "samples/rag_pipeline/langfuse_reader.h"

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "samples/rag_pipeline/http_call.h"
#include "samples/rag_pipeline/json_reader.h"
#include "samples/rag_pipeline/record_reader.h"

namespace rag {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kFirstPause(200);
constexpr std::chrono::milliseconds kLongestPause(
    3000);  // public servers limit how often one may ask
constexpr std::size_t kShownErrorBytes = 300;

template <class Record>
bool has_all(const std::vector<Record>& expected, const std::vector<Record>& found) {
  std::set<std::string> ids;
  for (const Record& record : found) ids.insert(record.id);
  return std::all_of(expected.begin(), expected.end(),
                     [&ids](const Record& record) { return ids.contains(record.id); });
}

}  // namespace

LangfuseReader::LangfuseReader(std::string url, std::string public_key, std::string secret_key)
    : url_(std::move(url)), public_key_(std::move(public_key)), secret_key_(std::move(secret_key)) {
  while (url_.ends_with('/')) url_.pop_back();
}

RunRecords LangfuseReader::read_trace(const std::string& trace_id) const {
  RunRecords records;
  read_pages(
      "/api/public/v2/observations?limit=1000&fields=basic,io,metadata,model,usage,metrics,"
      "trace_context&traceId=" +
          url_encoded(trace_id),
      records.observations, &read_observation);
  read_pages("/api/public/v3/scores?limit=100&fields=subject&traceId=" + url_encoded(trace_id),
             records.scores, &read_score);
  return records;
}

RunRecords LangfuseReader::wait_for(const RunRecords& expected,
                                    std::chrono::milliseconds timeout) const {
  const Clock::time_point deadline = Clock::now() + timeout;
  std::set<std::string> trace_ids;
  for (const ObservationRecord& observation : expected.observations) {
    trace_ids.insert(observation.trace_id);
  }
  for (std::chrono::milliseconds pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    RunRecords found;
    for (const std::string& trace_id : trace_ids) {
      RunRecords trace = read_trace(trace_id);
      std::move(trace.observations.begin(), trace.observations.end(),
                std::back_inserter(found.observations));
      std::move(trace.scores.begin(), trace.scores.end(), std::back_inserter(found.scores));
    }
    const bool is_complete = has_all(expected.observations, found.observations) &&
                             has_all(expected.scores, found.scores);
    if (is_complete || Clock::now() + pause > deadline) return found;
    std::this_thread::sleep_for(pause);
  }
}

template <class Record, class Convert>
void LangfuseReader::read_pages(const std::string& path, std::vector<Record>& records,
                                Convert convert) const {
  std::string cursor;
  do {
    HttpCall call{.url = url_ + path, .user = public_key_, .password = secret_key_};
    call.timeout = std::chrono::seconds(10);
    if (!cursor.empty()) call.url += "&cursor=" + url_encoded(cursor);
    const HttpAnswer answer = perform(call);
    if (!answer.error.empty()) throw std::runtime_error("GET " + call.url + ": " + answer.error);
    if (answer.status == 429 || answer.status >= 500) return;
    if (answer.status == 404)
      throw RouteMissing(url_ + " has no " + path.substr(0, path.find('?')));
    const auto page = parse_json(answer.body);
    if (answer.status != 200 || !page) {
      throw std::runtime_error("GET " + call.url + ": HTTP " + std::to_string(answer.status) + " " +
                               answer.body.substr(0, kShownErrorBytes));
    }
    for (const auto& row : elements_of(member(*page, "data"))) records.push_back(convert(row));
    cursor = text_of(member(member(*page, "meta"), "cursor"));
  } while (!cursor.empty());
}

}  // namespace rag
