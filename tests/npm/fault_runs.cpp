// fault_runs URL [open]: langsmith::Client, as it comes, sends 100 short runs and flushes. Prints
// JSON: the client's own counts, and the ids of the runs that it reported as lost. The same as
// fault_runs.mjs. With `open` all of them are posted while they are open, and each has feedback: a
// post, a patch and a feedback, of which the server may refuse any.
#include <langsmith/langsmith.h>
#include <llmtrace/json_writer.h>
#include <llmtrace/version.h>

#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace {

class LostRuns {
 public:
  void add(const llmtrace::DeliveryError& error) {
    const std::lock_guard lock(mutex_);
    ids_.insert(ids_.end(), error.ids.begin(), error.ids.end());
  }
  std::vector<std::string> ids() const {
    const std::lock_guard lock(mutex_);
    return ids_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> ids_;
};

langsmith::Run start(langsmith::Client& client, int number) {
  return client.start_run({.name = number == 42 ? "poisoned" : "run " + std::to_string(number),
                           .run_type = langsmith::RunType::Tool,
                           .inputs = {{"number", number}}});
}

void end(const langsmith::Run& run, int number) {
  run.end({.outputs = {{"square", number * number}}});
}

void send_short_runs(langsmith::Client& client) {
  for (int i = 0; i < 100; ++i) end(start(client, i), i);
}

void send_open_runs(langsmith::Client& client) {
  std::vector<langsmith::Run> runs;
  for (int i = 0; i < 100; ++i) runs.push_back(start(client, i));
  client.flush(std::chrono::seconds(1));  // has them posted
  for (int i = 0; i < 100; ++i) {
    runs[static_cast<std::size_t>(i)].create_feedback({.key = "checked", .score = 1});
    end(runs[static_cast<std::size_t>(i)], i);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool open = argc == 3 && std::string_view(argv[2]) == "open";
  if (argc != 2 && !open) {
    std::fprintf(stderr, "usage: %s URL [open]\n", argv[0]);
    return 2;
  }
  LostRuns lost;
  langsmith::Client client({
      .api_key = langsmith::Secret("lsv2_pt_faults"),
      .project = "faults",
      .endpoint = argv[1],
      // To loopback the default would be none.
      .compression = langsmith::Compression::Zstd,
      .transport = llmtrace::Transport::create(
          {.on_error = [&lost](const llmtrace::DeliveryError& error) { lost.add(error); }}),
  });

  const auto began = std::chrono::steady_clock::now();
  if (open) {
    send_open_runs(client);
  } else {
    send_short_runs(client);
  }
  const bool is_flushed = client.flush(std::chrono::minutes(2));
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - began;

  const llmtrace::DestinationStats stats = client.stats();
  std::string json;
  llmtrace::JsonWriter(json).object({{"version", LLMTRACE_VERSION_STRING},
                                     {"seconds", taken.count()},
                                     {"flushed", is_flushed},
                                     {"delivered", stats.delivered},
                                     {"dropped", stats.dropped_total()},
                                     {"lost", lost.ids()}});
  std::printf("%s\n", json.c_str());
}
