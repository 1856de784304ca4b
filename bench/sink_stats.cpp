#include "bench/sink_stats.h"

#include <curl/curl.h>

#include <memory>

#include "common/src/json_value.h"

namespace llmtrace::bench {
namespace {

struct EasyDeleter {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};

std::size_t append(char* data, std::size_t, std::size_t size, void* body) {
  static_cast<std::string*>(body)->append(data, size);
  return size;
}

std::string get(const std::string& url) {
  const std::unique_ptr<CURL, EasyDeleter> easy(curl_easy_init());
  std::string body;
  constexpr long kTimeoutSeconds = 5;
  curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT, kTimeoutSeconds);
  curl_easy_setopt(easy.get(), CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &append);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &body);
  return curl_easy_perform(easy.get()) == CURLE_OK ? body : std::string();
}

}  // namespace

std::optional<SinkStats> fetch_sink_stats(const std::string& base_url) {
  const auto parsed = JsonValue::parse(get(base_url + "/stats"));
  if (!parsed || (*parsed).find("unique") == nullptr) return std::nullopt;
  SinkStats stats;
  for (const auto& [name, count] : kSinkCounts) {
    stats.*count = static_cast<std::uint64_t>((*parsed)[name].as_integer());
  }
  return stats;
}

}  // namespace llmtrace::bench
