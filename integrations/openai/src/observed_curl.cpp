#include <llmtrace/openai/observed_curl.h>

#include <string>
#include <utility>

#include "integrations/openai/src/exchange.h"
#include "integrations/openai/src/recording.h"

namespace llmtrace {
inline namespace v0 {
namespace openai {

class ObservedCurl::Impl {
 public:
  Impl(void* curl, std::string_view request_body, WriteFunction write, void* user)
      : curl_(static_cast<CURL*>(curl)), write_(write), user_(user) {
    char* url = nullptr;
    curl_easy_getinfo(curl_, CURLINFO_EFFECTIVE_URL, &url);
    endpoint_ = url != nullptr ? url : "";
    ObservationParams params = generation_of(request_body, endpoint_);
    model_ = params.model;
    observation_ = start_observation(std::move(params));
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &Impl::on_body);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, this);
  }

  ~Impl() {
    if (!finished_)
      observation_.end(
          {.level = Level::Error, .status_message = "cancelled: it was never performed"});
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, write_);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, user_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void finish(int code) {
    if (std::exchange(finished_, true)) return;
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    const auto result = static_cast<CURLcode>(code);
    const std::string error = result == CURLE_OK ? std::string() : curl_error(result);
    observation_.end(update_of({.reply = body_,
                                .http_status = static_cast<int>(status),
                                .error = error,
                                .endpoint = endpoint_,
                                .request_model = model_}));
  }

  const Observation& observation() const noexcept { return observation_; }
  CURL* curl() const noexcept { return curl_; }

 private:
  static constexpr std::size_t kMostKept = std::size_t{32} << 20;

  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
    Impl& self = *static_cast<Impl*>(user);
    self.look_at({data, size * count});
    return self.write_ != nullptr ? self.write_(data, size, count, self.user_) : size * count;
  }

  void look_at(std::string_view bytes) noexcept {
    try {
      if (body_.size() + bytes.size() > kMostKept) return;
      body_.append(bytes);
      if (reader_.has_begun()) return;
      reader_.feed(bytes);
      if (reader_.has_begun()) observation_.first_token();
    } catch (const std::exception&) {  // no memory: recorded is what there was room for
    }
  }

  CURL* const curl_;
  const WriteFunction write_;
  void* const user_;
  std::string endpoint_;
  std::string model_;
  Observation observation_;
  StreamReader reader_;  // only for the time of the first token
  std::string body_;
  bool finished_ = false;
};

ObservedCurl::ObservedCurl(void* curl, std::string_view request_body, WriteFunction write,
                           void* user)
    : impl_(std::make_unique<Impl>(curl, request_body, write, user)) {}
ObservedCurl::~ObservedCurl() = default;

int ObservedCurl::perform() {
  const CURLcode code = curl_easy_perform(impl_->curl());
  impl_->finish(code);
  return code;
}

void ObservedCurl::finish(int code) { impl_->finish(code); }

const Observation& ObservedCurl::observation() const noexcept { return impl_->observation(); }

}  // namespace openai
}  // namespace v0
}  // namespace llmtrace
