// Runs. A fragment is a run's parts as they stand in a multipart body; for a server that knows only
// /runs/batch the same parts are put together to one JSON object.
#include <llmtrace/version.h>

#include <algorithm>
#include <limits>

#include "common/src/time_text.h"
#include "common/src/verdict.h"
#include "langsmith/src/run_fields.h"
#include "langsmith/src/wire.h"

namespace langsmith {
inline namespace v0 {
namespace {

using llmtrace::HttpReply;
using llmtrace::Phase;
using llmtrace::Record;
using llmtrace::Timestamp;
using llmtrace::Verdict;

constexpr std::string_view kJson = "application/json";
constexpr std::size_t kMaxItemBytes = 20'000'000;

std::string runtime_text() {
  JsonObject runtime;
  runtime.set_text("sdk", "llmtrace");
  runtime.set_text("sdk_version", LLMTRACE_VERSION_STRING);
  runtime.set_text("library", "llmtrace");
  runtime.set_text("runtime", "cpp");
#if defined(__VERSION__)
  runtime.set_text("runtime_version", __VERSION__);
#endif
#if defined(__linux__)
  runtime.set_text("platform", "linux");
#endif
  return runtime.text();
}

class RunsEncoder final : public llmtrace::Encoder {
 public:
  RunsEncoder(std::shared_ptr<const Wire> wire, std::shared_ptr<ServerInfo> server)
      : wire_(std::move(wire)), server_(std::move(server)) {
    if (wire_->config().runtime_metadata) runtime_ = runtime_text();
    limits_.linger = wire_->config().batch_interval;
    adopt_limits();
  }

  bool takes(llmtrace::ItemKind kind) const noexcept override {
    return kind == llmtrace::ItemKind::Observation;
  }
  const llmtrace::LaneLimits& limits() const noexcept override { return limits_; }

  using Encoder::encode;
  void encode(const Record& record, std::string& out) override {
    write_run(record, Phase::Complete, out);
  }
  void encode_start(const Record& record, std::string& out) override {
    write_run(record, Phase::Start, out);
  }
  void encode_end(const Record& record, std::string& out) override {
    write_run(record, Phase::End, out);
  }

  std::optional<llmtrace::HttpRequest> preflight(Timestamp now) override {
    auto request = server_->ask(*wire_, now);
    if (!request) adopt_limits();
    return request;
  }
  void on_preflight(const HttpReply& reply, Timestamp now) override {
    server_->learn(reply, now);
    adopt_limits();
  }
  bool is_waiting() const noexcept override { return server_->is_asked(); }

  llmtrace::Envelope envelope(std::size_t /*payload_bytes*/) const override {
    return {"", std::string(multipart_.end())};
  }
  bool assemble(const std::vector<std::string_view>& fragments, std::string& body) override {
    if (server_->multipart) return false;
    write_batch(fragments, body);
    return true;
  }
  llmtrace::HttpRequest request() override {
    if (server_->multipart) {
      return wire_->request("POST", "/runs/multipart",
                            {{"Content-Type", multipart_.content_type()}});
    }
    return wire_->request("POST", "/runs/batch", {{"Content-Type", std::string(kJson)}});
  }

  Verdict judge(const std::vector<llmtrace::Uuid>& /*ids*/, const HttpReply& reply,
                Timestamp now) override {
    if (reply.status != 404) return judge_reply(reply, now);
    // Several requests may have been on their way to /runs/multipart: each of them is sent anew.
    server_->multipart = false;
    server_->feedback_rides = false;
    return {.kind = Verdict::Kind::Resend,
            .message = llmtrace::describe(reply) + "; this server takes no runs: check " +
                       "LANGSMITH_ENDPOINT (" + wire_->endpoint().url + ")"};
  }

  std::string observation_id(const llmtrace::Uuid& id) const override {
    return llmtrace::uuid_text(id);
  }

 private:
  void adopt_limits() {
    limits_.max_items = wire_->config().max_batch_items.value_or(server_->max_items);
    // As many batches as may be under way; what the user has set is kept to.
    limits_.wake_items =
        wire_->config().max_batch_items ? 0 : limits_.max_items * limits_.max_in_flight;
    limits_.max_bytes = server_->max_bytes;
    limits_.max_item_bytes = std::min(kMaxItemBytes, server_->max_bytes);
    const Compression wanted = wire_->wanted_compression();
    limits_.compression = llmtrace::Compression::None;
    if (wanted == Compression::Zstd && server_->zstd) {
      limits_.compression = llmtrace::Compression::Zstd;
    } else if (wanted != Compression::None && server_->gzip) {
      limits_.compression = llmtrace::Compression::Gzip;
    }
  }

  // The main part first, then what is out of band.
  void write_run(const Record& record, Phase phase, std::string& out) {
    const std::string id = llmtrace::uuid_text(record.uuid);
    const std::string name = (phase == Phase::End ? "patch." : "post.") + id;
    write_main(record, phase, id);
    append_json_part(out, name, scratch_);
    const ResolvedConfig& config = wire_->config();
    if (phase != Phase::End || record.input_updated) {
      write_part(out, name, ".inputs",
                 config.hide_inputs ? "{}" : as_object_text(record.input, "input"));
    }
    if (!record.output.is_absent()) {
      write_part(out, name, ".outputs",
                 config.hide_outputs ? "{}" : as_object_text(record.output, "output"));
    }
    write_part(out, name, ".events", events_text(record));
    const std::size_t fitting = phase == Phase::Start ? std::numeric_limits<std::size_t>::max()
                                                      : fitting_attachments(record);
    write_part(out, name, ".extra",
               extra_text(record, config.hide_metadata, runtime_, attachment_names(record, fitting),
                          invalid_numbers_));
    if (const std::string_view error = error_text(record); !error.empty()) {
      scratch_.clear();
      llmtrace::append_json_string(scratch_, error);
      append_json_part(out, name + ".error", scratch_);
    }
    if (record.run) write_details(out, record, phase, fitting, name, id);
  }

  // How many of its attachments go along: none by /runs/batch, and never so many that the run with
  // them would be too large to be taken.
  std::size_t fitting_attachments(const Record& record) const noexcept {
    if (!record.run || !server_->multipart) return 0;
    std::size_t bytes = 0;
    std::size_t count = 0;
    for (const auto& attachment : record.run->attachments) {
      bytes += attachment.bytes.size();
      if (bytes > limits_.max_item_bytes / 4 * 3) break;
      ++count;
    }
    return count;
  }

  static std::vector<std::string> attachment_names(const Record& record, std::size_t from) {
    std::vector<std::string> names;
    if (!record.run) return names;
    for (std::size_t i = from; i < record.run->attachments.size(); ++i) {
      names.push_back(record.run->attachments[i].name);
    }
    return names;
  }

  void write_main(const Record& record, Phase phase, const std::string& id) {
    const RunPlace place = place_of(record);
    JsonObject run;
    run.set_text("id", id);
    run.set_text("trace_id", llmtrace::uuid_text(place.trace_id));
    if (place.has_parent) run.set_text("parent_run_id", llmtrace::uuid_text(place.parent_id));
    run.set_text("dotted_order", place.dotted_order);
    run.set("name", quoted(record.name.empty() ? "unnamed" : record.name));
    run.set_text("run_type", to_string(run_type_of(record.type)));
    run.set("start_time", quoted_time(record.start_time));
    if (phase != Phase::Start) run.set("end_time", quoted_time(record.end_time));
    const std::string& project = project_of(record);
    run.set_text("session_name", project.empty() ? wire_->endpoint().project : project);
    if (record.run) run.set_text("reference_example_id", record.run->reference_example_id);
    const std::vector<std::string> tags = tags_of(record);
    if (!tags.empty()) run.set_json("tags", llmtrace::Json(tags));
    scratch_ = run.text();
  }

  // What an open run has of these goes once: `serialized` with its start, attachments with its end.
  void write_details(std::string& out, const Record& record, Phase phase, std::size_t attachments,
                     const std::string& name, const std::string& id) {
    const RunType type = run_type_of(record.type);
    if (phase != Phase::End && (type == RunType::Llm || type == RunType::Prompt)) {
      write_part(out, name, ".serialized", as_object_text(record.run->serialized, "serialized"));
    }
    if (phase == Phase::Start) return;
    for (std::size_t i = 0; i < attachments; ++i) {
      const auto& attachment = record.run->attachments[i];
      multipart_.append(out, "attachment." + id + "." + attachment.name, attachment.mime_type,
                        attachment.bytes);
    }
  }

  void write_part(std::string& out, const std::string& run, std::string_view field,
                  std::string_view json_text) const {
    if (!json_text.empty()) append_json_part(out, run + std::string(field), json_text);
  }

  void append_json_part(std::string& out, std::string_view name, std::string_view json_text) const {
    if (json_text.find("\\u0000") == std::string_view::npos) {
      multipart_.append(out, name, kJson, json_text);
    } else {
      multipart_.append(out, name, kJson, without_nul(json_text));
    }
  }

  static std::string quoted(std::string_view text) {
    std::string out;
    llmtrace::append_json_string(out, text);
    return out;
  }

  static std::string quoted_time(Timestamp time) {
    std::string out = "\"";
    llmtrace::append_rfc3339(out, time);
    out.push_back('"');
    return out;
  }

  // {"post": [...], "patch": [...]}; attachments cannot travel here.
  static void write_batch(const std::vector<std::string_view>& fragments, std::string& body) {
    std::string post;
    std::string patch;
    for (std::string_view fragment : fragments) {
      Multipart::Part part;
      Multipart::next(fragment, part);
      std::string& list = part.name.starts_with("post.") ? post : patch;
      const std::size_t id_end = part.name.size();
      if (!list.empty()) list.push_back(',');
      list.append(part.data);
      list.pop_back();  // the object's end, until its other members are there
      while (Multipart::next(fragment, part)) {
        if (part.name.starts_with("attachment.")) continue;
        list.append(",\"").append(part.name.substr(id_end + 1)).append("\":").append(part.data);
      }
      list.push_back('}');
    }
    body.append("{\"post\":[").append(post).append("],\"patch\":[").append(patch).append("]}");
  }

  std::shared_ptr<const Wire> wire_;
  std::shared_ptr<ServerInfo> server_;
  Multipart multipart_;
  std::string runtime_;
  std::string scratch_;
  llmtrace::LaneLimits limits_;
};

}  // namespace

std::unique_ptr<llmtrace::Encoder> make_runs_encoder(std::shared_ptr<const Wire> wire,
                                                     std::shared_ptr<ServerInfo> server) {
  return std::make_unique<RunsEncoder>(std::move(wire), std::move(server));
}

}  // namespace v0
}  // namespace langsmith
