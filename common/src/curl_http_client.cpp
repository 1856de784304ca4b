#include "common/src/curl_http_client.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "common/src/curl_easy.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::size_t kMaxReplyBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxHeaderBytes = std::size_t{64} << 10;
// libcurl's own bound follows the requests under way: it would close connections in every pause.
constexpr long kMaxKeptConnections = 64;
constexpr std::size_t kSpareHandles = 8;

/// One request under way. The handle points at it, so it stays where it is.
struct Transfer {
  CurlEasy easy;
  CurlHeaderList headers;
  HttpReply reply;
  std::size_t body_size = 0;
  std::size_t header_bytes = 0;
  bool too_large = false;
  unsigned sends = 0;
  std::optional<CURLcode> result{};  // of a transfer that has ended
};

// libcurl sends a request again by itself when a kept-alive connection dies before the reply. The
// server may have had the first one, so whether to repeat it is not for this layer to decide.
int on_send(void* user, char*, char*, int, int) noexcept {
  return static_cast<Transfer*>(user)->sends++ == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) noexcept {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.reply.body.size() + size > kMaxReplyBytes) {
    transfer.too_large = true;
    return 0;  // makes libcurl end the transfer
  }
  try {
    transfer.reply.body.append(data, size);
  } catch (const std::exception&) {  // must not unwind through C
    return 0;
  }
  return size;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) noexcept {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.header_bytes += size;
  if (transfer.header_bytes > kMaxHeaderBytes) {
    transfer.too_large = true;
    return 0;
  }
  std::string_view line(data, size);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  try {
    if (line.starts_with("HTTP/")) {
      transfer.reply.headers.clear();  // a 100 Continue, or a proxy's reply, came before
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      std::string_view value = line.substr(colon + 1);
      while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
        value.remove_prefix(1);
      transfer.reply.headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
    }
  } catch (const std::exception&) {
    return 0;
  }
  return size;
}

void set_up(Transfer& transfer, const HttpRequest& request) {
  CURL* const easy = transfer.easy.get();
  transfer.headers = make_header_list(request.headers);
  transfer.body_size = request.body.size();
  set_request(easy, request, transfer.headers.get());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &on_send);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
}

// Who did not answer: scheme, host and port, for people who must find a wrong address.
std::string server_of(CURL* easy) {
  const char* effective = nullptr;
  curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &effective);
  const std::string_view url = effective == nullptr ? "" : effective;
  const std::size_t host = std::min(url.find("://"), url.size());
  return std::string(url.substr(0, url.find_first_of("/?#", host + 3)));
}

// Completes the reply, as far as it came. A status line without the rest keeps its status: an ack
// may be in it. Done again, it does the same.
void finish(Transfer& transfer, CURLcode code) {
  HttpReply& reply = transfer.reply;
  long status = 0;
  curl_off_t uploaded = 0;
  long sent_header = 0;
  CURL* const easy = transfer.easy.get();
  if (easy != nullptr) {
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent_header);
  }
  reply.status = static_cast<int>(status);
  reply.complete = code == CURLE_OK;
  const bool repeated = transfer.sends > 1;
  reply.request_sent =
      repeated || (sent_header > 0 && uploaded == static_cast<curl_off_t>(transfer.body_size));
  if (transfer.too_large) {
    reply.error = "the server's reply is larger than llmtrace reads (1 MiB, 64 KiB of headers)";
  } else if (repeated) {
    reply.error = "the server closed the connection before it replied";
  } else if (easy == nullptr) {
    reply.error = "libcurl has no handle to give";
  } else if (code != CURLE_OK) {
    reply.error = server_of(easy) + ": " + curl_easy_strerror(code);
  }
}

class CurlHttpClient final : public HttpClient {
 public:
  CurlHttpClient() : multi_(curl_multi_init()) {
    if (multi_ == nullptr) throw std::runtime_error("libcurl has no multi handle to give");
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kMaxKeptConnections);
    spare_.reserve(kSpareHandles);
  }
  ~CurlHttpClient() override {
    for (auto& [id, transfer] : transfers_) {
      if (transfer->easy) curl_multi_remove_handle(multi_, transfer->easy.get());
    }
    transfers_.clear();
    spare_.clear();
    curl_multi_cleanup(multi_);
  }
  CurlHttpClient(const CurlHttpClient&) = delete;
  CurlHttpClient& operator=(const CurlHttpClient&) = delete;

  void send(std::uint64_t id, const HttpRequest& request) override {
    auto made = std::make_unique<Transfer>();
    made->reply.id = id;
    made->easy = take_handle();
    if (made->easy) set_up(*made, request);
    Transfer& transfer = *transfers_.emplace(id, std::move(made)).first->second;
    const bool started =
        transfer.easy && curl_multi_add_handle(multi_, transfer.easy.get()) == CURLM_OK;
    if (!started) end(transfer, CURLE_OUT_OF_MEMORY);
  }

  std::vector<HttpReply> poll(std::chrono::milliseconds timeout) override {
    perform();
    if (ended_ == 0) {
      constexpr std::chrono::milliseconds kLongest = std::chrono::hours(1);
      curl_multi_poll(multi_, nullptr, 0, static_cast<int>(std::min(timeout, kLongest).count()),
                      nullptr);
      perform();
    }
    return take_replies();
  }

  void cancel(std::uint64_t id) noexcept override {
    const auto found = transfers_.find(id);
    if (found == transfers_.end()) return;
    if (found->second->result) --ended_;
    if (found->second->easy) curl_multi_remove_handle(multi_, found->second->easy.get());
    transfers_.erase(found);
  }

  void wakeup() noexcept override { curl_multi_wakeup(multi_); }

  HttpReply fetch(const HttpRequest& request) override {
    Transfer transfer;
    transfer.easy.reset(curl_easy_init());
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (transfer.easy) {
      set_up(transfer, request);
      code = curl_easy_perform(transfer.easy.get());
    }
    finish(transfer, code);
    return std::move(transfer.reply);
  }

 private:
  CurlEasy take_handle() {
    if (spare_.empty()) return CurlEasy(curl_easy_init());
    CurlEasy easy = std::move(spare_.back());
    spare_.pop_back();
    return easy;
  }

  void end(Transfer& transfer, CURLcode result) noexcept {
    transfer.result = result;
    ++ended_;
  }

  void perform() noexcept {
    int running = 0;
    curl_multi_perform(multi_, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode result = message->data.result;
      Transfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      curl_multi_remove_handle(multi_, transfer->easy.get());
      end(*transfer, result);
    }
  }

  // All of them, or none when memory ends: then the next poll finds them again.
  std::vector<HttpReply> take_replies() {
    std::vector<HttpReply> replies;
    if (ended_ == 0) return replies;
    replies.reserve(ended_);
    for (auto& [id, transfer] : transfers_) {
      if (transfer->result) finish(*transfer, *transfer->result);
    }
    std::erase_if(transfers_, [&](auto& entry) {
      Transfer& transfer = *entry.second;
      if (!transfer.result) return false;
      replies.push_back(std::move(transfer.reply));
      recycle(std::move(transfer.easy));
      return true;
    });
    ended_ = 0;
    return replies;
  }

  void recycle(CurlEasy easy) noexcept {
    if (!easy || spare_.size() >= kSpareHandles) return;
    curl_easy_reset(easy.get());
    spare_.push_back(std::move(easy));
  }

  CURLM* multi_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Transfer>> transfers_;
  std::vector<CurlEasy> spare_;
  std::size_t ended_ = 0;  // of transfers_: those with a result
};

}  // namespace

std::shared_ptr<HttpClient> make_curl_http_client() {
  initialise_curl();
  return std::make_shared<CurlHttpClient>();
}

}  // namespace v0
}  // namespace llmtrace
