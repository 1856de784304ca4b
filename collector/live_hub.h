// LiveHub tells the clients of GET /api/live what was stored. Intakes name the traces and scores
// that changed and go on; a thread of the hub reads what they look like now and pushes it, of one
// trace at most every 250 ms. A client that reads too slowly loses events and is told so.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "collector/database.h"
#include "collector/event_stream.h"
#include "collector/http_message.h"

namespace llmtrace::collector {

class LiveHub {
 public:
  explicit LiveHub(Database& database);
  /// Joins the thread; streams end with their server.
  ~LiveHub();
  LiveHub(const LiveHub&) = delete;
  LiveHub& operator=(const LiveHub&) = delete;

  /// A new client, who wants to hear of one trace or of all. Of one it hears at once what it looks
  /// like: whoever has read it before sees whether it has changed since.
  HttpResponse subscribe(const HttpRequest& request);
  void traces_changed(const std::vector<std::string>& trace_ids);
  void scores_added(const std::vector<std::string>& score_ids);
  [[nodiscard]] std::size_t client_count();

 private:
  struct Client {
    std::shared_ptr<EventStream> stream{};
    std::optional<std::string> trace_id{};
    bool is_new = true;  // it has not been told yet what its trace looks like
    bool has_lost = false;
  };
  struct Event {
    std::string trace_id{};
    std::string text{};
    bool is_summary = false;  // of a trace
    bool is_news = true;      // false: nothing was stored, a new client is to be told
  };

  void work();
  void add_all(std::set<std::string>& pending, const std::vector<std::string>& ids);
  /// Of `traces` and of those that new clients ask for.
  std::vector<Event> read_events(const std::set<std::string>& traces,
                                 const std::set<std::string>& asked,
                                 const std::set<std::string>& scores);
  void send(const std::vector<Event>& events);
  static void send_to(Client& client, const std::vector<Event>& events);

  Database& database_;
  std::mutex mutex_;  // guards what follows
  std::vector<Client> clients_;
  std::set<std::string> traces_;
  std::set<std::string> asked_;  // by new clients
  std::set<std::string> scores_;
  bool is_stopped_ = false;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace llmtrace::collector
