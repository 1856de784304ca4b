#include "integrations/openai/src/exchange.h"

#include <algorithm>
#include <new>
#include <utility>

#include "common/src/http_text.h"
#include "common/src/verdict.h"

namespace llmtrace {
inline namespace v0 {
namespace openai {
namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kMaxErrorBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxHeaderBytes = std::size_t{64} << 10;
constexpr milliseconds kPoll = std::chrono::seconds(1);

}  // namespace

std::string curl_error(CURLcode code) {
  const std::string reason = curl_easy_strerror(code);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return "timeout: " + reason;
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2_STREAM:
      return "stream_cut: " + reason;
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_WRITE_ERROR:  // by a write function
      return "cancelled: " + reason;
    default:
      return "connection: " + reason;
  }
}

// What libcurl's callbacks write to; read between two calls of it.
struct Exchange::Transfer {
  Answer answer{};
  std::string arrived{};  // and not read yet
  std::size_t total_bytes = 0;
  std::size_t header_bytes = 0;
  std::size_t max_bytes = 0;
  CURL* easy = nullptr;
  bool too_large = false;
  std::optional<CURLcode> result{};

  bool is_success() const noexcept { return answer.status >= 200 && answer.status < 300; }

  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) noexcept {
    auto& transfer = *static_cast<Transfer*>(user);
    long status = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    transfer.answer.status = static_cast<int>(status);
    std::size_t kept = size;
    if (transfer.is_success()) {
      transfer.too_large = size > transfer.max_bytes - transfer.total_bytes;
      if (transfer.too_large) return 0;
    } else {  // the beginning of an error's page says why
      kept = std::min(size, kMaxErrorBytes - transfer.total_bytes);
    }
    transfer.total_bytes += kept;
    try {
      transfer.arrived.append(data, kept);
    } catch (const std::exception&) {  // must not unwind through C
      return 0;
    }
    return size;
  }

  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) noexcept {
    constexpr std::string_view kRetryAfter = "retry-after";
    auto& transfer = *static_cast<Transfer*>(user);
    transfer.header_bytes += size;
    if (transfer.header_bytes > kMaxHeaderBytes) {
      transfer.too_large = true;
      return 0;
    }
    std::string_view line(data, size);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos ||
        !same_ignoring_case(line.substr(0, colon), kRetryAfter)) {
      return size;
    }
    line.remove_prefix(colon + 1);
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n' || line.back() == ' ')) {
      line.remove_suffix(1);
    }
    try {
      transfer.answer.retry_after = parse_retry_after(line, std::chrono::system_clock::now());
    } catch (const std::exception&) {
      return 0;
    }
    return size;
  }
};

Exchange::Line Exchange::take_line() {
  {
    const std::lock_guard lock(mutex_);
    if (!spare_.empty()) {
      Line line = std::move(spare_.back());
      spare_.pop_back();
      return line;
    }
  }
  Line line;
  line.multi.reset(curl_multi_init());
  line.easy.reset(curl_easy_init());
  if (line.multi == nullptr || line.easy == nullptr) throw std::bad_alloc();
  return line;
}

void Exchange::give_back(Line line) noexcept {
  curl_easy_reset(line.easy.get());
  try {
    const std::lock_guard lock(mutex_);
    if (spare_.size() < kSpareLines) spare_.push_back(std::move(line));
  } catch (const std::exception&) {  // no memory to keep it
  }
}

Answer Exchange::perform(const HttpRequest& request, const std::stop_token& stop,
                         const OnBytes& on_bytes) {
  Line line = take_line();
  CURL* const easy = line.easy.get();
  Transfer transfer{.max_bytes = limits_.max_reply_bytes, .easy = easy};
  const CurlHeaderList headers = make_header_list(request.headers);
  set_request(easy, request, headers.get());
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 0L);  // a model may think for long
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  if (curl_multi_add_handle(line.multi.get(), easy) != CURLM_OK) throw std::bad_alloc();

  struct Removal {  // whatever is thrown: the handle points at what is on this stack
    CURLM* multi;
    CURL* easy;
    ~Removal() { curl_multi_remove_handle(multi, easy); }
  };
  {
    const Removal removal{line.multi.get(), easy};
    run(line, transfer, stop, on_bytes);
  }
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  transfer.answer.status = static_cast<int>(status);
  give_back(std::move(line));
  return std::move(transfer.answer);
}

void Exchange::run(Line& line, Transfer& transfer, const std::stop_token& stop,
                   const OnBytes& on_bytes) {
  CURLM* const multi = line.multi.get();
  const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
  Answer& answer = transfer.answer;
  // Only a stream is expected to say something all the time.
  const auto patience = on_bytes ? limits_.idle_timeout : milliseconds::max();
  SteadyTime last_bytes = std::chrono::steady_clock::now();
  while (!transfer.result) {
    if (stop.stop_requested()) {
      answer.error = "cancelled: the program asked for it";
      return;
    }
    int running = 0;
    curl_multi_perform(multi, &running);
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) transfer.result = message->data.result;
    }
    const std::string arrived = std::exchange(transfer.arrived, {});
    if (!arrived.empty() && (!on_bytes || !transfer.is_success())) {
      answer.body += arrived;
    } else if (!arrived.empty() && !on_bytes(arrived)) {
      return;  // it knows why
    }
    if (transfer.result) break;
    // What the callback took is not the stream's silence.
    const SteadyTime now = std::chrono::steady_clock::now();
    if (!arrived.empty()) last_bytes = now;
    const auto rest = patience - std::chrono::duration_cast<milliseconds>(now - last_bytes);
    if (rest <= milliseconds(0)) {
      answer.error =
          "timeout: the stream said nothing for " + std::to_string(patience.count()) + " ms";
      return;
    }
    curl_multi_poll(multi, nullptr, 0, static_cast<int>(std::min(kPoll, rest).count()), nullptr);
  }
  if (transfer.too_large) {
    answer.error =
        "too_large: the reply is larger than " + std::to_string(transfer.max_bytes) + " bytes";
  } else if (*transfer.result != CURLE_OK) {
    answer.error = curl_error(*transfer.result);
  }
}

}  // namespace openai
}  // namespace v0
}  // namespace llmtrace
