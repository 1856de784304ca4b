#include "collector/live_hub.h"

#include <llmtrace/json_writer.h>

#include <chrono>
#include <exception>
#include <utility>

#include "collector/api/score_list.h"
#include "collector/api/trace_json.h"
#include "collector/row_sql.h"
#include "collector/traces/trace_ids.h"
#include "collector/traces/trace_summary.h"

namespace llmtrace::collector {
namespace {

constexpr std::chrono::milliseconds kPause(250);
constexpr std::chrono::seconds kHeartbeat(15);
constexpr std::string_view kReset = "event: reset\ndata: {}\n\n";

std::string event_text(std::string_view name, const std::string& json) {
  return "event: " + std::string(name) + "\ndata: " + json + "\n\n";
}

}  // namespace

LiveHub::LiveHub(Database& database) : database_(database), thread_([this] { work(); }) {}

LiveHub::~LiveHub() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

HttpResponse LiveHub::subscribe(const HttpRequest& request) {
  HttpResponse response{.content_type = "text/event-stream",
                        .headers = {{"Cache-Control", "no-store"}},
                        .stream = std::make_shared<EventStream>()};
  response.stream->push("retry: 1000\n\n");  // the client sees at once that it is connected
  const auto given = request.parameter("trace_id");
  const auto trace_id = given ? std::optional(trace_id_of(*given)) : std::nullopt;
  {
    const std::lock_guard lock(mutex_);
    clients_.push_back({.stream = response.stream, .trace_id = trace_id});
    if (trace_id) asked_.insert(*trace_id);
  }
  if (trace_id) changed_.notify_all();
  return response;
}

void LiveHub::traces_changed(const std::vector<std::string>& trace_ids) {
  add_all(traces_, trace_ids);
}

void LiveHub::scores_added(const std::vector<std::string>& score_ids) {
  add_all(scores_, score_ids);
}

std::size_t LiveHub::client_count() {
  const std::lock_guard lock(mutex_);
  return clients_.size();
}

void LiveHub::add_all(std::set<std::string>& pending, const std::vector<std::string>& ids) {
  {
    const std::lock_guard lock(mutex_);
    if (clients_.empty()) return;
    pending.insert(ids.begin(), ids.end());
  }
  changed_.notify_all();
}

void LiveHub::work() {
  std::unique_lock lock(mutex_);
  while (!is_stopped_) {
    const bool is_awake = changed_.wait_for(lock, kHeartbeat, [this] {
      return is_stopped_ || !traces_.empty() || !asked_.empty() || !scores_.empty();
    });
    const auto traces = std::exchange(traces_, {});
    const auto asked = std::exchange(asked_, {});
    const auto scores = std::exchange(scores_, {});
    lock.unlock();
    std::vector<Event> events = {{.text = ":\n\n"}};  // a comment: whether the client is there
    if (is_awake) events = read_events(traces, asked, scores);
    lock.lock();
    send(events);
    changed_.wait_for(lock, kPause, [this] { return is_stopped_; });
  }
}

std::vector<LiveHub::Event> LiveHub::read_events(const std::set<std::string>& traces,
                                                 const std::set<std::string>& asked,
                                                 const std::set<std::string>& scores) {
  std::set<std::string> all = traces;
  all.insert(asked.begin(), asked.end());
  std::vector<Event> events;
  const auto add = [&](std::string_view name, const std::string& trace_id,
                       const auto& write) -> Event& {
    std::string json;
    JsonWriter writer(json);
    write(writer);
    events.push_back({.trace_id = trace_id, .text = event_text(name, json)});
    return events.back();
  };
  try {
    return database_.snapshot([&](SqliteDatabase& connection) {
      for (const std::string& id : all) {
        RowFilter filter;
        filter.equal("trace_id", id);
        for (const auto& row : read_rows<TraceSummary>(connection, filter, "", {.limit = 1})) {
          const std::int64_t count = count_scores_of(connection, id);
          Event& event =
              add("trace", id, [&](JsonWriter& writer) { write_summary(writer, row, count); });
          event.is_summary = true;
          event.is_news = traces.contains(id);
        }
      }
      for (const std::string& id : scores) {
        RowFilter filter;
        filter.equal("id", id);
        for (const AnyScore& score : read_scores(connection, filter, 1)) {
          add("score", trace_id_of(score.trace_id.value_or("")),
              [&](JsonWriter& writer) { write_score(writer, score); });
        }
      }
      return events;
    });
  } catch (const std::exception&) {  // what could not be read, clients read again
    return {{.text = std::string(kReset)}};
  }
}

void LiveHub::send(const std::vector<Event>& events) {
  for (Client& client : clients_) send_to(client, events);
  std::erase_if(clients_, [](const Client& client) { return client.stream == nullptr; });
}

// An event without a trace is for all.
void LiveHub::send_to(Client& client, const std::vector<Event>& events) {
  for (const Event& event : events) {
    const bool is_wanted =
        !client.trace_id || event.trace_id.empty() || event.trace_id == *client.trace_id;
    const bool is_first = client.is_new && event.is_summary && event.trace_id == client.trace_id;
    if (!is_wanted || (!event.is_news && !is_first)) continue;
    if (is_first) client.is_new = false;
    const std::string text = (client.has_lost ? std::string(kReset) : "") + event.text;
    const EventStream::Push push = client.stream->push(text);
    client.has_lost = push == EventStream::Push::Full;
    if (push != EventStream::Push::Gone) continue;
    client.stream = nullptr;
    return;
  }
}

}  // namespace llmtrace::collector
