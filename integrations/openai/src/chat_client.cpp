#include <llmtrace/observed_scope.h>
#include <llmtrace/openai/chat_client.h>
#include <llmtrace/propagation.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "common/src/credentials.h"
#include "common/src/environment.h"
#include "common/src/http_text.h"
#include "common/src/id_types.h"
#include "common/src/utf8.h"
#include "integrations/openai/src/exchange.h"
#include "integrations/openai/src/recording.h"
#include "integrations/openai/src/wire.h"

namespace llmtrace {
inline namespace v0 {
namespace openai {
namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr milliseconds kMaxRetryDelay = std::chrono::seconds(30);
constexpr int kMaxDepth = 64;

bool is_worth_repeating(const Answer& answer) noexcept {
  if (answer.status == 0) return !answer.error.starts_with("cancelled");
  return answer.status == 408 || answer.status == 409 || answer.status == 429 ||
         answer.status >= 500;
}

// Until `delay` is over; false when it was asked to stop.
bool wait_for(milliseconds delay, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, delay, [] { return false; });
  return !stop.stop_requested();
}

bool is_one_for_each(const std::vector<std::vector<float>>& vectors, std::size_t inputs) noexcept {
  return vectors.size() == inputs &&
         std::none_of(vectors.begin(), vectors.end(), [](const auto& one) { return one.empty(); });
}

// A call under way: its generation, and what became of its attempts.
struct Call {
  Observation generation{};
  std::string body{};
  std::vector<std::string> failures{};  // of the attempts before the last
  int attempts = 0;
  SteadyTime deadline{};
};

}  // namespace

class ChatClient::Impl {
 public:
  explicit Impl(ChatConfig config)
      : config_(std::move(config)),
        base_url_(checked_base_url(
            text_option(config_.base_url, {"OPENAI_BASE_URL"}, "https://api.openai.com/v1"),
            "ChatConfig::base_url (OPENAI_BASE_URL)")),
        api_key_(config_.api_key.empty()
                     ? Secret(environment_variable("OPENAI_API_KEY").value_or(std::string()))
                     : config_.api_key),
        model_(text_option(config_.model, {"OPENAI_MODEL"}, "")),
        provider_(config_.provider.empty() ? provider_of(base_url_) : config_.provider),
        exchange_(
            {.idle_timeout = checked_duration(config_.idle_timeout, "ChatConfig::idle_timeout"),
             .max_reply_bytes = config_.max_reply_bytes}) {
    checked_duration(config_.timeout, "ChatConfig::timeout");
    if (config_.retry_delay < milliseconds(0)) {
      throw std::invalid_argument("ChatConfig::retry_delay must not be negative, got " +
                                  std::to_string(config_.retry_delay.count()) + " ms");
    }
    checked_headers(config_.headers);
    if (!api_key_.empty() && !is_header_value(api_key_.reveal())) {
      throw std::invalid_argument(
          "OPENAI_API_KEY must be one line without control characters: it goes into a header");
    }
    initialise_curl();
  }

  Result<ChatCompletion> complete(ChatRequest request) {
    Call call = begin(request, false);
    const Answer answer =
        perform(call, "/chat/completions", request.stop_token, {}, [] { return true; });
    if (!answer.error.empty()) return fail<ChatCompletion>(call, answer, std::nullopt);
    const auto reply = JsonValue::parse(answer.body, kMaxDepth);
    auto completion = reply ? read_completion(*reply) : std::nullopt;
    if (!completion || completion->choices.empty()) {
      return fail<ChatCompletion>(call, invalid(answer, reply), completion);
    }
    return finish(call, std::move(*completion), request.model);
  }

  Result<ChatCompletion> stream(ChatRequest request, const OnText& on_text) {
    Call call = begin(request, true);
    StreamReader reader(config_.max_reply_bytes);
    bool ended_by_caller = false;
    std::string unread;  // what came before any token: all there is to show of what is no stream
    std::optional<milliseconds> first_token;
    const SteadyTime start = std::chrono::steady_clock::now();
    const auto on_bytes = [&](std::string_view bytes) {
      const bool had_begun = reader.has_begun();
      if (!had_begun) unread += utf8_prefix(bytes, kMaxShownBytes - unread.size());
      const std::string text = reader.feed(bytes);
      if (!had_begun && reader.has_begun()) {
        call.generation.first_token();
        first_token =
            std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
      }
      if (!text.empty() && on_text && !on_text(text)) ended_by_caller = true;
      return !ended_by_caller && reader.error().empty();
    };
    const auto may_repeat = [&] {
      if (reader.has_begun()) return false;
      reader = StreamReader(config_.max_reply_bytes);  // what was cut must not go on in the next
      unread.clear();
      return true;
    };
    Answer answer;
    try {
      answer = perform(call, "/chat/completions", request.stop_token, on_bytes, may_repeat);
    } catch (const std::exception& error) {
      abandon(call, reader.completion(), error.what());
      throw;
    } catch (...) {
      abandon(call, reader.completion(), "what is no std::exception");
      throw;
    }
    ChatCompletion completion = reader.completion();
    completion.time_to_first_token = first_token;
    if (answer.error.empty()) answer.error = reader.error();
    if (answer.error.empty() && ended_by_caller) answer.error = "cancelled: the callback ended it";
    if (answer.error.empty() && !reader.is_complete()) {
      answer.error = "stream_cut: the stream ended before its end";
    }
    if (answer.error.empty() && completion.choices.empty()) {
      answer.error = "invalid_reply: the stream has no choices";
    }
    if (!answer.error.empty() && !reader.has_begun() && answer.body.empty()) {
      answer.body = std::move(unread);
    }
    if (!answer.error.empty()) return fail<ChatCompletion>(call, answer, completion);
    return finish(call, std::move(completion), request.model);
  }

  Result<Embeddings> embed(EmbeddingRequest request) {
    Call call = begin(request);
    Answer answer = perform(call, "/embeddings", request.stop_token, {}, [] { return true; });
    if (!answer.error.empty()) return fail<Embeddings>(call, answer, std::nullopt);
    const auto reply = JsonValue::parse(answer.body, kMaxDepth);
    auto embeddings = reply ? read_embeddings(*reply) : std::nullopt;
    if (!embeddings) return fail<Embeddings>(call, invalid(answer, reply), std::nullopt);
    if (!is_one_for_each(embeddings->vectors, request.input.items().size())) {
      answer.error = "invalid_reply: not one list of numbers for each of the " +
                     std::to_string(request.input.items().size()) + " inputs";
      return fail<Embeddings>(call, answer, std::nullopt);
    }
    embeddings->attempts = call.attempts;
    ObservationUpdate update;
    if (embeddings->usage) update.usage_details = usage_details_of(*embeddings->usage);
    update.cost_details = cost(embeddings->cost, embeddings->usage, request.model);
    embeddings->cost = update.cost_details.find("total");
    update.output =
        Json{{"vectors", embeddings->vectors.size()},
             {"dimensions", embeddings->vectors.empty() ? 0 : embeddings->vectors[0].size()}};
    end(call, std::move(update));
    return std::move(*embeddings);
  }

 private:
  Call begin(ChatRequest& request, bool streamed) {
    if (request.model.empty()) request.model = model_;
    ChatPieces pieces = pieces_of(request, streamed);
    Call call = begin(request_body(request, pieces));
    if (!detail::listening()) return call;
    const bool is_all = request.extra.is_absent();  // else it may have replaced any of them
    ObservationParams params = is_all ? generation_of({.model = request.model,
                                                       .said = std::move(pieces.messages),
                                                       .tools = std::move(pieces.tools),
                                                       .parameters = std::move(pieces.parameters)},
                                                      provider_)
                                      : generation_of(call.body, base_url_);
    params.prompt = std::move(request.prompt);
    start(call, std::move(params), request.name, std::move(request.metadata));
    return call;
  }

  Call begin(EmbeddingRequest& request) {
    if (request.model.empty()) request.model = model_;
    Call call = begin(request_body(request));
    if (!detail::listening()) return call;
    start(call, generation_of(call.body, base_url_), request.name, std::move(request.metadata));
    return call;
  }

  Call begin(std::string body) const {
    return {.body = std::move(body),
            .deadline = std::chrono::steady_clock::now() + config_.timeout};
  }

  void start(Call& call, ObservationParams params, const std::string& name, Json metadata) const {
    if (!name.empty()) params.name = name;
    params.provider = provider_;
    if (!config_.capture_content) params.input = {};
    params.metadata.merge(std::move(metadata));
    call.generation = start_observation(std::move(params));
  }

  HttpRequest request_of(const Call& call, std::string_view path) const {
    HttpRequest request;
    request.url = base_url_ + std::string(path);
    request.body = call.body;
    request.timeout =
        std::chrono::ceil<milliseconds>(call.deadline - std::chrono::steady_clock::now());
    request.proxy = config_.proxy;
    request.ca_file = text_option(config_.ca_file, {}, "");
    request.headers.push_back({"Content-Type", "application/json"});
    if (!api_key_.empty()) {
      request.headers.push_back({"Authorization", joined({"Bearer ", api_key_.reveal()})});
    }
    request.headers.insert(request.headers.end(), config_.headers.begin(), config_.headers.end());
    if (config_.propagate) {
      for (HttpHeader& header : inject(call.generation))
        request.headers.push_back(std::move(header));
    }
    return request;
  }

  // Attempts, until one is answered or must not be repeated. The answer's error is empty for a
  // complete 2xx.
  template <class MayRepeat>
  Answer perform(Call& call, std::string_view path, const std::stop_token& stop,
                 const Exchange::OnBytes& on_bytes, MayRepeat may_repeat) {
    for (;;) {
      ++call.attempts;
      HttpRequest request = request_of(call, path);
      const HeaderWiper wiper(request);
      Answer answer = exchange_.perform(request, stop, on_bytes);
      if (answer.error.empty() && (answer.status < 200 || answer.status >= 300)) {
        answer.error = http_error(answer.status, answer.body);
      }
      answer.error = redacted(answer.error, credentials_of(request));
      if (answer.error.empty() || !is_worth_repeating(answer) ||
          call.attempts > config_.max_retries || !may_repeat()) {
        return answer;
      }
      const milliseconds delay = answer.retry_after.value_or(backoff(call.attempts));
      if (std::chrono::steady_clock::now() + delay >= call.deadline) return answer;
      call.failures.push_back(answer.error);
      if (!wait_for(delay, stop)) return {.error = "cancelled: the program asked for it"};
    }
  }

  // Full jitter, as the transport's.
  milliseconds backoff(int attempts) const {
    const int doublings = std::min(attempts - 1, 10);
    const auto bound = std::min(config_.retry_delay * (1 << doublings), kMaxRetryDelay);
    return milliseconds(random_bits() % static_cast<std::uint64_t>(bound.count() + 1));
  }

  Answer invalid(Answer answer, const std::optional<JsonValue>& reply) const {
    const std::string reason = reply ? read_error(*reply) : "it is no JSON";
    answer.error = "invalid_reply: " + (reason.empty() ? "it has no choices, nor data" : reason);
    return answer;
  }

  CostDetails cost(std::optional<double> stated, const std::optional<Usage>& usage,
                   std::string_view model) const {
    return cost_of(stated, usage,
                   {.model = model, .provider = config_.provider, .endpoint = base_url_},
                   config_.prices != nullptr ? *config_.prices : PriceTable::built_in());
  }

  ObservationUpdate told(const ChatCompletion& completion, std::string_view request_model) const {
    ObservationUpdate update = update_of(completion);
    const std::string_view model = completion.model.empty() ? request_model : completion.model;
    update.cost_details = cost(completion.cost, completion.usage, model);
    if (update.cost_details.empty()) {
      update.cost_details = cost(completion.cost, completion.usage, request_model);
    }
    if (!config_.capture_content) update.output = {};
    return update;
  }

  ChatCompletion finish(Call& call, ChatCompletion completion,
                        std::string_view request_model) const {
    completion.attempts = call.attempts;
    ObservationUpdate update = told(completion, request_model);
    completion.cost = update.cost_details.find("total");
    end(call, std::move(update));
    return completion;
  }

  // What arrived before it went wrong is recorded, too.
  template <class Value>
  Result<Value> fail(Call& call, const Answer& answer,
                     const std::optional<ChatCompletion>& partial) const {
    ObservationUpdate update = partial ? told(*partial, "") : ObservationUpdate();
    if (config_.capture_content && !answer.body.empty()) {
      update.output = utf8_prefix(answer.body, kMaxShownBytes);
    }
    update.level = Level::Error;
    update.status_message = answer.error;
    end(call, std::move(update));
    return Error{base_url_ + ": " + answer.error, answer.status};
  }

  // The caller's function threw: what arrived is recorded, and the exception goes on.
  void abandon(Call& call, const ChatCompletion& partial, std::string_view reason) const {
    const Answer answer{.error = "cancelled: the callback threw " + std::string(reason)};
    static_cast<void>(fail<ChatCompletion>(call, answer, partial));
  }

  static void end(const Call& call, ObservationUpdate update) {
    if (call.attempts > 1) {
      update.metadata.merge({{"attempts", call.attempts}, {"failed_attempts", call.failures}});
    }
    call.generation.end(std::move(update));
  }

  const ChatConfig config_;
  const std::string base_url_;
  const Secret api_key_;
  const std::string model_;
  const std::string provider_;
  Exchange exchange_;
};

ChatClient::ChatClient(ChatConfig config) : impl_(std::make_unique<Impl>(std::move(config))) {}
ChatClient::~ChatClient() = default;
ChatClient::ChatClient(ChatClient&&) noexcept = default;
ChatClient& ChatClient::operator=(ChatClient&&) noexcept = default;

Result<ChatCompletion> ChatClient::complete(ChatRequest request) const {
  return impl_->complete(std::move(request));
}
Result<ChatCompletion> ChatClient::stream(ChatRequest request, const OnText& on_text) const {
  return impl_->stream(std::move(request), on_text);
}
Result<Embeddings> ChatClient::embed(EmbeddingRequest request) const {
  return impl_->embed(std::move(request));
}

}  // namespace openai
}  // namespace v0
}  // namespace llmtrace
