#include "langfuse/src/wire.h"

#include <llmtrace/version.h>

#include <algorithm>
#include <iterator>

#include "common/src/credentials.h"
#include "common/src/http_text.h"
#include "common/src/json_text.h"

namespace langfuse {
inline namespace v0 {
namespace {

llmtrace::Secret basic_authorization(const ResolvedConfig& config) {
  const llmtrace::Secret pair(
      llmtrace::joined({config.public_key, ":", config.secret_key.reveal()}));
  const llmtrace::Secret encoded(llmtrace::base64(pair.reveal()));
  return {llmtrace::joined({"Basic ", encoded.reveal()})};
}

template <class Numbers, class Append>
std::string to_json_object(const Numbers& numbers, std::uint64_t& invalid, Append append) {
  std::string out = "{";
  for (const auto& item : numbers.items()) {
    if (item.value < 0) {
      ++invalid;
      continue;
    }
    if (out.size() > 1) out.push_back(',');
    llmtrace::append_json_string(out, item.name);
    out.push_back(':');
    append(out, item.value);
  }
  out.push_back('}');
  return out;
}

}  // namespace

Wire::Wire(ResolvedConfig config)
    : config_(std::move(config)), authorization_(basic_authorization(config_)) {}

llmtrace::HttpRequest Wire::request(std::string_view method, std::string_view path,
                                    std::vector<llmtrace::HttpHeader> headers) const {
  llmtrace::HttpRequest request;
  request.method = method;
  request.url = config_.base_url + "/" + std::string(path);
  request.timeout = config_.timeout;
  request.proxy = config_.proxy;
  request.ca_file = config_.ca_file;
  request.headers.push_back({"Authorization", std::string(authorization_.reveal())});
  request.headers.push_back({"x-langfuse-sdk-name", "cpp"});
  request.headers.push_back({"x-langfuse-sdk-version", LLMTRACE_VERSION_STRING});
  request.headers.push_back({"x-langfuse-public-key", config_.public_key});
  std::move(headers.begin(), headers.end(), std::back_inserter(request.headers));
  for (const llmtrace::HttpHeader& header : config_.additional_headers) {
    std::erase_if(request.headers, [&](const llmtrace::HttpHeader& ours) {
      return llmtrace::same_ignoring_case(ours.name, header.name);
    });
  }
  request.headers.insert(request.headers.end(), config_.additional_headers.begin(),
                         config_.additional_headers.end());
  return request;
}

const llmtrace::PromptReference* linked_prompt(const llmtrace::Record& record) noexcept {
  const bool generation_like = record.type == llmtrace::ObservationType::Generation ||
                               record.type == llmtrace::ObservationType::Embedding;
  if (!generation_like) return nullptr;
  if (record.prompt) return &record.prompt->reference;
  const bool inherited = record.attributes && !record.attributes->prompt.name.empty();
  return inherited ? &record.attributes->prompt : nullptr;
}

std::string_view langfuse_type(llmtrace::ObservationType type) noexcept {
  const bool unknown =
      type == llmtrace::ObservationType::Prompt || type == llmtrace::ObservationType::Parser;
  return llmtrace::to_string(unknown ? llmtrace::ObservationType::Span : type);
}

std::string numbers_to_json(const llmtrace::UsageDetails& usage, std::uint64_t& invalid) {
  return to_json_object(usage, invalid, llmtrace::append_json_integer);
}

std::string numbers_to_json(const llmtrace::CostDetails& cost, std::uint64_t& invalid) {
  return to_json_object(cost, invalid, llmtrace::append_json_number);
}

}  // namespace v0
}  // namespace langfuse
