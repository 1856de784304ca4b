#include "samples/rag_pipeline/server_reader.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <thread>
#include <vector>

namespace rag {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kFirstPause(200);
constexpr std::chrono::milliseconds kLongestPause(3000);  // public servers limit how often to ask
constexpr std::size_t kShownErrorBytes = 300;

template <class Record>
bool has_all(const std::vector<Record>& expected, const std::vector<Record>& found) {
  std::set<std::string> ids;
  for (const Record& record : found) ids.insert(record.id);
  return std::all_of(expected.begin(), expected.end(),
                     [&ids](const Record& record) { return ids.contains(record.id); });
}

}  // namespace

RunRecords ServerReader::wait_for(const RunRecords& expected,
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

std::string ServerReader::ask(const HttpCall& call) {
  const HttpAnswer answer = perform(call);
  const std::string path = call.url.substr(0, call.url.find('?'));
  if (!answer.error.empty()) throw std::runtime_error(path + ": " + answer.error);
  if (answer.status == 429 || answer.status >= 500) return {};
  if (answer.status == 404) throw RouteMissing("this server has no " + path);
  if (answer.status != 200) {
    throw std::runtime_error(path + ": HTTP " + std::to_string(answer.status) + " " +
                             answer.body.substr(0, kShownErrorBytes));
  }
  return answer.body;
}

}  // namespace rag
