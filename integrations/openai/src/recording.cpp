#include "integrations/openai/src/recording.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/src/http_text.h"
#include "common/src/utf8.h"
#include "integrations/openai/src/sse_parser.h"
#include "integrations/openai/src/wire.h"

namespace llmtrace {
inline namespace v0 {
namespace openai {
namespace {

constexpr std::size_t kShownErrorBytes = 300;
constexpr int kMaxDepth = 64;

// Not parameters: what is said to the model, and what is said elsewhere of the observation.
constexpr std::string_view kNoParameters[] = {"model", "messages", "input", "tools"};

Json from(const JsonValue& value) { return Json::from_valid_text(value.to_text()); }

Json parameters_of(const JsonValue& request) {
  std::string text;
  JsonWriter writer(text);
  writer.begin_object();
  for (const auto& [name, value] : request.members()) {
    const bool is_parameter = std::find(std::begin(kNoParameters), std::end(kNoParameters), name) ==
                              std::end(kNoParameters);
    if (!is_parameter || request.find(name) != &value) continue;  // a repeated name counts once
    writer.key(name);
    writer.raw(value.to_text());
  }
  writer.end_object();
  return object_or_absent(std::move(text));
}

}  // namespace

std::string_view provider_of(std::string_view endpoint) noexcept {
  constexpr std::pair<std::string_view, std::string_view> kHosts[] = {
      {"openai.azure.com", "azure.ai.openai"},
      {"api.anthropic.com", "anthropic"},
      {"api.deepseek.com", "deepseek"},
      {"api.groq.com", "groq"},
      {"api.mistral.ai", "mistral_ai"},
      {"api.perplexity.ai", "perplexity"},
      {"api.x.ai", "x_ai"},
      {"api.cohere.com", "cohere"},
      {"googleapis.com", "gcp.gemini"},
      {"openrouter.ai", "openrouter"},
  };
  const std::string_view host = url_host(endpoint);
  for (const auto& [suffix, provider] : kHosts) {
    const bool is_it = host == suffix || (host.size() > suffix.size() && host.ends_with(suffix) &&
                                          host[host.size() - suffix.size() - 1] == '.');
    if (is_it) return provider;
  }
  return "openai";
}

ObservationParams generation_of(std::string_view request_body, std::string_view endpoint) {
  const JsonValue request = JsonValue::parse(request_body, kMaxDepth).value_or(JsonValue());
  const bool embeds = request.find("messages") == nullptr && request.find("input") != nullptr;
  const JsonValue* const said = request.find(embeds ? "input" : "messages");
  const JsonValue* const tools = request.find("tools");
  return generation_of(
      {.as_type = embeds ? ObservationType::Embedding : ObservationType::Generation,
       .model = request["model"].as_string(),
       .said = said != nullptr ? from(*said) : Json(),
       .tools = tools != nullptr ? from(*tools) : Json(),
       .parameters = parameters_of(request)},
      provider_of(endpoint));
}

ObservationParams generation_of(RequestFacts request, std::string_view provider) {
  const bool embeds = request.as_type == ObservationType::Embedding;
  ObservationParams params;
  params.as_type = request.as_type;
  params.provider = provider;
  params.name =
      (embeds ? "embeddings" : "chat") + (request.model.empty() ? "" : " " + request.model);
  params.model = std::move(request.model);
  params.input = std::move(request.said);
  params.model_parameters = std::move(request.parameters);
  if (!request.tools.is_absent()) params.metadata = {{"tools", std::move(request.tools)}};
  return params;
}

namespace {

void write_finish_reasons(JsonWriter& writer, const ChatCompletion& completion) {
  const auto has_reason = [](const Choice& choice) { return !choice.finish_reason.empty(); };
  if (std::none_of(completion.choices.begin(), completion.choices.end(), has_reason)) return;
  writer.key("finish_reasons");
  writer.begin_array();
  for (const Choice& choice : completion.choices) {
    if (has_reason(choice)) writer.string(choice.finish_reason);
  }
  writer.end_array();
}

Json metadata_of(const ChatCompletion& completion) {
  std::string text;
  JsonWriter writer(text);
  writer.begin_object();
  if (!completion.id.empty()) {
    writer.key("response_id");
    writer.string(completion.id);
  }
  if (!completion.model.empty()) {
    writer.key("response_model");
    writer.string(completion.model);
  }
  write_finish_reasons(writer, completion);
  writer.end_object();
  return object_or_absent(std::move(text));
}

}  // namespace

ObservationUpdate update_of(const ChatCompletion& completion) {
  ObservationUpdate update;
  if (!completion.choices.empty()) update.output = output_of(completion);
  if (completion.usage) update.usage_details = usage_details_of(*completion.usage);
  update.metadata = metadata_of(completion);
  return update;
}

CostDetails cost_of(std::optional<double> stated, const std::optional<Usage>& usage,
                    const PriceQuery& query, const PriceTable& prices) {
  if (stated) return {{"total", *stated}};
  if (!usage) return {};
  return prices.estimate(query, usage_details_of(*usage)).value_or(CostDetails());
}

std::string http_error(int status, std::string_view body) {
  const auto reply = JsonValue::parse(body, kMaxDepth);
  std::string reason = reply ? read_error(*reply) : std::string();
  if (reason.empty()) append_utf8(reason, body);
  std::replace_if(
      reason.begin(), reason.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; },
      ' ');
  return "http_" + std::to_string(status) + ": " +
         std::string(utf8_prefix(reason, kShownErrorBytes));
}

namespace {

std::optional<ChatCompletion> read_stream(std::string_view events, std::string& error) {
  StreamReader reader(events.size() + 1);
  reader.feed(events);
  error = reader.error();
  if (error.empty() && !reader.is_complete()) error = "stream_cut: the stream ended before its end";
  return reader.completion();
}

// By its first line, behind a byte order mark and empty lines.
bool is_stream(std::string_view reply) noexcept {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (reply.starts_with(kByteOrderMark)) reply.remove_prefix(kByteOrderMark.size());
  reply.remove_prefix(std::min(reply.find_first_not_of("\r\n"), reply.size()));
  constexpr std::string_view kFields[] = {":", "data:", "event:", "id:", "retry:"};
  return std::any_of(std::begin(kFields), std::end(kFields),
                     [reply](std::string_view field) { return reply.starts_with(field); });
}

}  // namespace

ObservationUpdate update_of(const Outcome& outcome) {
  std::string error(outcome.error);
  std::optional<ChatCompletion> completion;
  std::optional<Embeddings> embeddings;
  const bool has_failed =
      outcome.http_status != 0 && (outcome.http_status < 200 || outcome.http_status >= 300);
  if (has_failed) {
    if (error.empty()) error = http_error(outcome.http_status, outcome.reply);
  } else if (is_stream(outcome.reply)) {
    std::string stream_error;
    completion = read_stream(outcome.reply, stream_error);
    if (error.empty()) error = std::move(stream_error);
  } else if (!outcome.reply.empty()) {
    const JsonValue reply = JsonValue::parse(outcome.reply, kMaxDepth).value_or(JsonValue());
    completion = read_completion(reply);
    if (!completion) embeddings = read_embeddings(reply);
    const bool is_empty = completion ? completion->choices.empty() : !embeddings;
    if (is_empty && error.empty()) {
      const std::string reason = read_error(reply);
      error = "invalid_reply: " + (reason.empty() ? "no choices in it" : reason);
    }
  } else if (error.empty()) {
    error = "invalid_reply: it is empty";
  }

  ObservationUpdate update = completion ? update_of(*completion) : ObservationUpdate();
  if (embeddings && embeddings->usage) update.usage_details = usage_details_of(*embeddings->usage);
  const std::string model = completion && !completion->model.empty()
                                ? completion->model
                                : std::string(outcome.request_model);
  const std::optional<Usage> usage = completion   ? completion->usage
                                     : embeddings ? embeddings->usage
                                                  : std::nullopt;
  update.cost_details =
      cost_of(completion   ? completion->cost
              : embeddings ? embeddings->cost
                           : std::nullopt,
              usage, {.model = model, .endpoint = outcome.endpoint},
              outcome.prices != nullptr ? *outcome.prices : PriceTable::built_in());
  if (!error.empty()) {
    if (update.output.is_absent() && !outcome.reply.empty()) {
      update.output = utf8_prefix(outcome.reply, kMaxShownBytes);
    }
    update.level = Level::Error;
    update.status_message = std::move(error);
  }
  return update;
}

class StreamReader::Impl {
 public:
  explicit Impl(std::size_t max_bytes) : parser(max_bytes), max_bytes_(max_bytes) {}

  void event(std::string_view data, std::string& added) {
    if (!error.empty() || done) return;
    if (data == "[DONE]") {
      done = true;
      return;
    }
    const auto chunk = JsonValue::parse(data, kMaxDepth);
    if (!chunk || !chunk->is_object()) {
      error = "invalid_reply: an event of the stream is no JSON object";
      return;
    }
    error = read_error(*chunk);
    if (!error.empty()) {
      error = "upstream_error: " + error;
      return;
    }
    added += chunks.add(*chunk);
  }
  void count(std::size_t bytes) {
    seen_ += bytes;
    if (error.empty() && (seen_ > max_bytes_ || parser.has_overflowed())) {
      error = "too_large: the stream is larger than " + std::to_string(max_bytes_) + " bytes";
    }
  }

  SseParser parser;
  ChunkReader chunks;
  std::string error;
  bool done = false;

 private:
  const std::size_t max_bytes_;
  std::size_t seen_ = 0;
};

StreamReader::StreamReader(std::size_t max_bytes) : impl_(std::make_unique<Impl>(max_bytes)) {}
StreamReader::~StreamReader() = default;
StreamReader::StreamReader(StreamReader&&) noexcept = default;
StreamReader& StreamReader::operator=(StreamReader&&) noexcept = default;

std::string StreamReader::feed(std::string_view bytes) {
  std::string added;
  impl_->parser.feed(bytes, [&](std::string_view data) { impl_->event(data, added); });
  impl_->count(bytes.size());
  return added;
}

bool StreamReader::has_begun() const noexcept { return impl_->chunks.has_begun(); }
bool StreamReader::is_complete() const noexcept {
  return impl_->done || impl_->chunks.is_finished();
}
const std::string& StreamReader::error() const noexcept { return impl_->error; }
ChatCompletion StreamReader::completion() const { return impl_->chunks.completion(); }

}  // namespace openai
}  // namespace v0
}  // namespace llmtrace
