#include "common/src/curl_http_client.h"

#include <curl/curl.h>
#include <llmtrace/version.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "common/src/http_text.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::size_t kMaxReplyBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxHeaderBytes = std::size_t{64} << 10;
// Younger than what servers keep: the shortest known closes idle connections after 110 s.
// libcurl's own bound follows the requests under way: it would close connections in every pause.
constexpr long kMaxKeptConnections = 64;
constexpr long kMaxConnectionAgeSeconds = 100;
constexpr long kUploadBufferBytes = 512L
                                    << 10;  // half the system calls and CPU of the default 64 KiB
constexpr std::size_t kLargeBodyBytes = 64 * 1024;
constexpr std::size_t kSpareHandles = 8;

struct EasyDeleter {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;

struct ListDeleter {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

HeaderList make_header_list(const std::vector<HttpHeader>& headers) {
  HeaderList list;
  const auto append = [&list](const std::string& line) {
    curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list.release());
    list.reset(longer);
  };
  for (const HttpHeader& header : headers) {
    // What is not valid was refused where it came from; this is the last gate before the wire.
    if (is_header_name(header.name) && is_header_value(header.value)) {
      append(header.name + ": " + header.value);
    }
  }
  append("Expect:");  // no round trip before a large body
  return list;
}

/// One request under way. The handle points at it, so it stays where it is.
struct Transfer {
  Easy easy;
  HeaderList headers;
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

// A program that the process executes must not inherit the connections, and the TLS state behind
// them.
curl_socket_t on_open_socket(void*, curlsocktype, curl_sockaddr* address) noexcept {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// An option that is a text, which libcurl copies. Without its proxy or its authorities a request
// must not go out.
void set_text(CURL* easy, CURLoption option, const char* text) {
  if ((curl_easy_setopt)(easy, option, text) == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
}

void set_up(Transfer& transfer, const HttpRequest& request) {
  CURL* const easy = transfer.easy.get();
  transfer.headers = make_header_list(request.headers);
  transfer.body_size = request.body.size();
  set_text(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers.get());
  set_text(easy, CURLOPT_USERAGENT, "llmtrace-cpp/" LLMTRACE_VERSION_STRING);
  if (request.method == "GET") {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    set_text(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    if (request.body.size() > kLargeBodyBytes) {
      curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBufferBytes);
    }
  }
  const auto timeout = static_cast<long>(request.timeout.count());
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, timeout);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1024L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, 10L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set_text(easy, CURLOPT_REDIR_PROTOCOLS_STR, "");
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kMaxConnectionAgeSeconds);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &on_send);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  if (request.proxy) set_text(easy, CURLOPT_PROXY, request.proxy->c_str());
  if (!request.ca_file.empty()) set_text(easy, CURLOPT_CAINFO, request.ca_file.c_str());
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
    reply.error = curl_easy_strerror(code);
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
  Easy take_handle() {
    if (spare_.empty()) return Easy(curl_easy_init());
    Easy easy = std::move(spare_.back());
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

  void recycle(Easy easy) noexcept {
    if (!easy || spare_.size() >= kSpareHandles) return;
    curl_easy_reset(easy.get());
    spare_.push_back(std::move(easy));
  }

  CURLM* multi_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Transfer>> transfers_;
  std::vector<Easy> spare_;
  std::size_t ended_ = 0;  // of transfers_: those with a result
};

}  // namespace

std::shared_ptr<HttpClient> make_curl_http_client() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      throw std::runtime_error("libcurl could not be initialised");
    }
  });
  return std::make_shared<CurlHttpClient>();
}

}  // namespace v0
}  // namespace llmtrace
