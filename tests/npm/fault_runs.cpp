// fault_runs URL: langsmith::Client, as it comes, sends 100 short runs and flushes. Prints JSON:
// the client's own counts, and the ids of the runs that it reported as lost. The same as
// fault_runs.mjs.
#include <langsmith/langsmith.h>
#include <llmtrace/json_writer.h>
#include <llmtrace/version.h>

#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
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

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s URL\n", argv[0]);
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
  for (int i = 0; i < 100; ++i) {
    const langsmith::Run run =
        client.start_run({.name = i == 42 ? "poisoned" : "run " + std::to_string(i),
                          .run_type = langsmith::RunType::Tool,
                          .inputs = {{"number", i}}});
    run.end({.outputs = {{"square", i * i}}});
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
