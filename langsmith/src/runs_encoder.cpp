// Runs, and feedback on those whose trace is known. A fragment is a run's parts, or feedback's one,
// as they stand in a multipart body; for a server that knows only /runs/batch a run's parts are put
// together to one JSON object, and feedback goes by the next lane.
#include <llmtrace/version.h>

#include <algorithm>
#include <limits>

#include "common/src/time_text.h"
#include "common/src/verdict.h"
#include "langsmith/src/feedback_fields.h"
#include "langsmith/src/run_fields.h"
#include "langsmith/src/wire.h"

namespace langsmith {
inline namespace v0 {
namespace {

using llmtrace::HttpReply;
using llmtrace::Phase;
using llmtrace::Record;
using llmtrace::Score;
using llmtrace::Timestamp;
using llmtrace::Verdict;

constexpr std::string_view kJson = "application/json";
constexpr std::size_t kMaxItemBytes = 20'000'000;
constexpr std::size_t kMaxNameCharacters = 128;  // older servers refuse more
constexpr std::string_view kPost = "post.";
constexpr std::string_view kAttachment = "attachment.";
constexpr std::string_view kFeedback = "feedback.";

// The forms of a request; see Encoder::form.
enum Form : std::uint32_t { kPlainMultipart, kPackedMultipart, kBatch };

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

  bool takes(llmtrace::ItemKind /*kind*/) const noexcept override { return true; }
  bool takes(const Score& score) const noexcept override {
    return server_->feedback_rides() && score.run_trace_id &&
           score.byte_size() < kMaxFeedbackBytes &&
           (!server_->needs_session || !session_of(score).empty());
  }
  const llmtrace::LaneLimits& limits() const noexcept override { return limits_; }

  using Encoder::encode;
  void encode(const Record& record, std::string& out) override {
    write_run(record, Phase::Complete, out);
  }
  void encode(const Score& score, std::string& out) override {
    const std::string_view session = server_->needs_session ? session_of(score) : "";
    multipart_.append(out,
                      std::string(kFeedback) + llmtrace::uuid_text(llmtrace::uuid_from(score.id)),
                      kJson, feedback_text(score, session, wire_->is_primary()));
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
  bool is_waiting() const noexcept override { return server_->is_awaited(); }

  bool scores_ride() const noexcept override { return server_->feedback_rides(); }
  std::string score_alone(std::string_view fragment) const override {
    Multipart::Part part;
    Multipart::next(fragment, part);
    std::string alone;
    append_feedback_fragment(alone, wire_->endpoint().project, part.data);
    return alone;
  }

  llmtrace::Envelope envelope(std::size_t /*payload_bytes*/) const override {
    return {"", std::string(multipart_.end())};
  }
  bool assemble(const std::vector<std::string_view>& fragments, std::string& body) override {
    if (server_->multipart()) return false;
    write_batch(fragments, body);
    return true;
  }
  llmtrace::HttpRequest request() override {
    if (server_->multipart()) {
      return wire_->request("POST", "/runs/multipart",
                            {{"Content-Type", multipart_.content_type()}});
    }
    return wire_->request("POST", "/runs/batch", {{"Content-Type", std::string(kJson)}});
  }

  std::uint32_t form() const noexcept override {
    if (!server_->multipart()) return kBatch;
    return limits_.compression == llmtrace::Compression::None ? kPlainMultipart : kPackedMultipart;
  }

  // Several requests may have been on their way in the form that is refused: each is sent anew.
  Verdict judge(const llmtrace::Attempt& attempt, const HttpReply& reply, Timestamp now) override {
    if (reply.status == 415 && attempt.form == kPackedMultipart) {
      server_->refuse_compression();
    } else if ((reply.status == 404 || reply.status == 405) && attempt.form != kBatch) {
      server_->miss_multipart(now);
    } else if (reply.status == 404 || reply.status == 405) {
      return judge_nowhere(reply);
    } else {
      return judge_reply(reply, now);
    }
    adopt_limits();
    return {.kind = Verdict::Kind::Resend, .message = llmtrace::describe(reply)};
  }

  std::string observation_id(const llmtrace::Uuid& id) const override {
    return llmtrace::uuid_text(id);
  }

 private:
  // No route for runs at all: a wrong endpoint, or a gateway whose server is away for a moment. The
  // latter must not cost what is in memory.
  Verdict judge_nowhere(const HttpReply& reply) {
    server_->miss_batch();
    adopt_limits();
    return {.kind = Verdict::Kind::Retry,
            .message = llmtrace::describe(reply) + "; neither /runs/multipart nor /runs/batch is " +
                       "there: check LANGSMITH_ENDPOINT (" + wire_->endpoint().url + ")"};
  }

  std::string_view session_of(const Score& score) const noexcept {
    return server_->sessions.find(wire_->project_or_own(score.project));
  }

  void adopt_limits() {
    limits_.max_items = wire_->config().max_batch_items.value_or(server_->max_items);
    // As many batches as may be under way; what the user has set is kept to.
    limits_.wake_items =
        wire_->config().max_batch_items ? 0 : limits_.max_items * limits_.max_in_flight;
    limits_.max_bytes = server_->max_bytes;
    limits_.max_item_bytes = std::min(kMaxItemBytes, server_->max_bytes);
    const Compression wanted = wire_->wanted_compression();
    limits_.compression = llmtrace::Compression::None;
    if (!server_->multipart() || server_->refuses_compression()) return;  // /runs/batch knows none
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
    write_part(out, name, ".events", events_text(record, config.hide_outputs));
    const std::size_t fitting = phase == Phase::Start ? std::numeric_limits<std::size_t>::max()
                                                      : fitting_attachments(record);
    write_part(out, name, ".extra",
               extra_text(record, config, runtime_, full_name(record),
                          attachment_names(record, fitting), invalid_numbers_));
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
    if (!record.run || !server_->multipart()) return 0;
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

  // What its name was before it was cut; empty for most.
  static std::string_view full_name(const Record& record) {
    const bool is_cut =
        character_prefix(record.name, kMaxNameCharacters).size() < record.name.size();
    return is_cut ? std::string_view(record.name) : std::string_view();
  }

  void write_main(const Record& record, Phase phase, const std::string& id) {
    const RunPlace place = place_of(record);
    JsonObject run;
    run.set_text("id", id);
    run.set_text("trace_id", llmtrace::uuid_text(place.trace_id));
    if (place.has_parent) run.set_text("parent_run_id", llmtrace::uuid_text(place.parent_id));
    run.set_text("dotted_order", place.dotted_order);
    run.set("name",
            quoted(record.name.empty() ? "unnamed"
                                       : character_prefix(record.name, kMaxNameCharacters)));
    run.set_text("run_type", to_string(run_type_of(record.type)));
    run.set("start_time", quoted_time(record.start_time));
    if (phase != Phase::Start) run.set("end_time", quoted_time(record.end_time));
    run.set_text("session_name", wire_->project_or_own(llmtrace::project_of(record)));
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
      multipart_.append(out, std::string(kAttachment) + id + "." + attachment.name,
                        attachment.mime_type, attachment.bytes);
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

  // {"post": [...], "patch": [...]}
  static void write_batch(const std::vector<std::string_view>& fragments, std::string& body) {
    std::string post;
    std::string patch;
    for (const std::string_view fragment : fragments) {
      std::string& list = fragment_name(fragment).starts_with(kPost) ? post : patch;
      if (!list.empty()) list.push_back(',');
      append_inline(list, fragment);
    }
    body.append("{\"post\":[").append(post).append("],\"patch\":[").append(patch).append("]}");
  }

  static std::string_view fragment_name(std::string_view fragment) {
    Multipart::Part part;
    Multipart::next(fragment, part);
    return part.name;
  }

  // A run with all its members. Attachments cannot travel here: they are named.
  static void append_inline(std::string& list, std::string_view fragment) {
    Multipart::Part part;
    Multipart::next(fragment, part);
    const std::size_t id_end = part.name.size();
    list.append(part.data);
    list.pop_back();  // the object's end, until its other members are there
    std::string extra;
    std::vector<std::string> left_out;
    while (Multipart::next(fragment, part)) {
      if (part.name.starts_with(kAttachment)) {
        left_out.emplace_back(part.name.substr(part.name.find('.', kAttachment.size()) + 1));
        continue;
      }
      const std::string_view field = part.name.substr(id_end + 1);
      if (field == "extra") {
        extra = part.data;
      } else {
        list.append(",\"").append(field).append("\":").append(part.data);
      }
    }
    if (!left_out.empty()) extra = extra_naming(extra, std::move(left_out));
    if (!extra.empty()) list.append(",\"extra\":").append(extra);
    list.push_back('}');
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
