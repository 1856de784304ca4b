#include "langsmith/src/wire.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "common/src/http_text.h"
#include "common/src/id_types.h"
#include "common/src/json_value.h"
#include "common/src/verdict.h"

namespace langsmith {
inline namespace v0 {
namespace {

using llmtrace::HttpReply;
using llmtrace::JsonValue;
using llmtrace::Timestamp;
using llmtrace::Verdict;
using std::chrono::seconds;

constexpr seconds kAskAgain(60);
constexpr std::chrono::milliseconds kFirstPatience = seconds(1);
constexpr std::chrono::hours kTryMultipartAgain(1);
constexpr std::size_t kMostItems = 10'000;
constexpr std::size_t kMostBytes = 100'000'000;

// "0.8.10" or "0.9.0rc2" against three numbers.
bool is_at_least(std::string_view version, std::array<int, 3> wanted) {
  std::array<int, 3> numbers{};
  const char* at = version.data();
  const char* const end = at + version.size();
  for (int& number : numbers) {
    const auto result = std::from_chars(at, end, number);
    if (result.ec != std::errc()) break;
    at = result.ptr;
    if (at == end || *at != '.') break;
    ++at;
  }
  return numbers >= wanted;
}

std::size_t limit_of(const JsonValue& value, std::size_t fallback, std::size_t most) {
  const std::int64_t limit = value.as_integer();
  return limit <= 0 ? fallback : std::min(static_cast<std::size_t>(limit), most);
}

}  // namespace

Wire::Wire(std::shared_ptr<const ResolvedConfig> config, std::size_t endpoint)
    : config_(std::move(config)), endpoint_(endpoint) {}

Compression Wire::wanted_compression() const noexcept {
  if (config_->compression) return *config_->compression;
  // On one machine, compressing costs more than it saves.
  return llmtrace::is_loopback_url(endpoint().url) ? Compression::None : Compression::Zstd;
}

std::string_view Wire::project_or_own(std::string_view project) const noexcept {
  return project.empty() || endpoint().project_is_fixed ? endpoint().project : project;
}

llmtrace::HttpRequest Wire::plain_request(std::string_view method, std::string url) const {
  llmtrace::HttpRequest request;
  request.method = method;
  request.url = std::move(url);
  request.timeout = config_->timeout;
  request.proxy = config_->proxy;
  request.ca_file = config_->ca_file;
  request.headers = {{"Accept", "application/json"}};
  return request;
}

void Wire::add_headers(llmtrace::HttpRequest& request) const {
  for (const llmtrace::HttpHeader& header : endpoint().additional_headers) {
    std::erase_if(request.headers, [&](const llmtrace::HttpHeader& ours) {
      return llmtrace::same_ignoring_case(ours.name, header.name);
    });
    request.headers.push_back(header);
  }
}

llmtrace::HttpRequest Wire::open_request(std::string_view method, std::string_view path) const {
  llmtrace::HttpRequest request = plain_request(method, endpoint().url + std::string(path));
  add_headers(request);
  return request;
}

llmtrace::HttpRequest Wire::foreign_request(std::string_view method, std::string_view url) const {
  llmtrace::HttpRequest request = plain_request(method, std::string(url));
  if (url.starts_with(endpoint().url + "/")) add_headers(request);
  return request;
}

llmtrace::HttpRequest Wire::request(std::string_view method, std::string_view path,
                                    std::vector<llmtrace::HttpHeader> headers) const {
  llmtrace::HttpRequest request = plain_request(method, endpoint().url + std::string(path));
  request.headers.push_back({"x-api-key", std::string(endpoint().api_key.reveal())});
  if (!endpoint().workspace_id.empty()) {
    request.headers.push_back({"X-Tenant-Id", endpoint().workspace_id});
  }
  std::move(headers.begin(), headers.end(), std::back_inserter(request.headers));
  add_headers(request);
  return request;
}

void ServerInfo::miss_multipart(Timestamp now) noexcept {
  lacks_multipart_ = true;
  try_multipart_again_ = now + kTryMultipartAgain;
}

std::optional<llmtrace::HttpRequest> ServerInfo::ask(const Wire& wire, Timestamp now) {
  if (lacks_multipart_ && now >= try_multipart_again_) lacks_multipart_ = false;
  if (known_ || asked_ || now < ask_again_) return std::nullopt;
  ask_again_ = now + kAskAgain;
  llmtrace::HttpRequest request = wire.open_request("GET", "/info");
  if (!answered_) request.timeout = std::min(request.timeout, kFirstPatience);
  asked_ = true;
  return request;
}

void ServerInfo::learn(const HttpReply& reply, Timestamp now) {
  ask_again_ = now + kAskAgain;
  asked_ = false;
  answered_ = true;
  if (reply.status != 200 || !reply.complete) return;  // the defaults serve
  const auto info = JsonValue::parse(reply.body);
  if (!info || !info->is_object()) return;
  known_ = true;
  const JsonValue& batch = (*info)["batch_ingest_config"];
  const JsonValue& flags = (*info)["instance_flags"];
  const JsonValue* const use_multipart = batch.find("use_multipart_endpoint");
  told_multipart_ = use_multipart != nullptr && use_multipart->as_bool();
  max_items = limit_of(batch["size_limit"], max_items, kMostItems);
  max_bytes = limit_of(batch["size_limit_bytes"], max_bytes, kMostBytes);
  zstd = flags["zstd_compression_enabled"].as_bool();
  gzip = flags["gzip_body_enabled"].as_bool();
  told_feedback_rides_ = is_at_least((*info)["version"].as_string(), {0, 8, 10});
  needs_session = flags["sdb_query_enabled"].as_bool() && !flags["ch_query_enabled"].as_bool();
}

Verdict judge_reply(const HttpReply& reply, Timestamp now) {
  // The server has it already: what a re-send is answered with, and a success.
  if (reply.status == 409) return {};
  Verdict verdict = llmtrace::judge_status(reply, now);
  if (reply.status == 429 && !verdict.retry_after) {
    // The server says nothing of when; the reference clients wait ten seconds.
    constexpr std::uint64_t kJitter = 5'000;
    verdict.retry_after =
        seconds(10) + std::chrono::milliseconds(llmtrace::random_bits() % kJitter);
  }
  if (reply.status == 403 &&
      reply.body.find("org_scoped_key_requires_workspace") != std::string::npos) {
    verdict.message += "; the key belongs to an organization: set LANGSMITH_WORKSPACE_ID";
  }
  return verdict;
}

Multipart::Multipart() {
  std::string boundary = "llmtrace";
  for (int i = 0; i < 2; ++i) {
    std::array<std::uint8_t, 8> bytes{};
    const std::uint64_t bits = llmtrace::random_bits();
    std::memcpy(bytes.data(), &bits, bytes.size());
    llmtrace::append_hex(boundary, bytes.data(), bytes.size());
  }
  begin_ = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"";
  end_ = "--" + boundary + "--\r\n";
  content_type_ = "multipart/form-data; boundary=" + boundary;
}

namespace {

constexpr std::string_view kTypeHeader = "\"\r\nContent-Type: ";
constexpr std::string_view kLengthHeader = "\r\nContent-Length: ";
constexpr std::string_view kHeaderEnd = "\r\n\r\n";

}  // namespace

void Multipart::append(std::string& out, std::string_view name, std::string_view content_type,
                       std::string_view data) const {
  out.append(begin_).append(name).append(kTypeHeader).append(content_type);
  out.append(kLengthHeader).append(std::to_string(data.size())).append(kHeaderEnd);
  out.append(data).append("\r\n");
}

bool Multipart::next(std::string_view& rest, Part& part) {
  constexpr std::string_view kName = "name=\"";
  const std::size_t name = rest.find(kName);
  if (name == std::string_view::npos) return false;
  const std::size_t name_begin = name + kName.size();
  const std::size_t name_end = rest.find('"', name_begin);
  const std::size_t length = rest.find(kLengthHeader, name_end) + kLengthHeader.size();
  std::size_t size = 0;
  std::from_chars(rest.data() + length, rest.data() + rest.size(), size);
  const std::size_t begin = rest.find(kHeaderEnd, length) + kHeaderEnd.size();
  part.name = rest.substr(name_begin, name_end - name_begin);
  part.data = rest.substr(begin, size);
  rest.remove_prefix(begin + size + 2);
  return true;
}

}  // namespace v0
}  // namespace langsmith
