// The environment of a program, as both vendors' configurations read it: lines "NAME=value". It is
// taken or refused by std::invalid_argument, what is taken keeps to its rules, and no refusal
// repeats a key.
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "langfuse/src/resolved_config.h"
#include "langsmith/src/resolved_config.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

// Ends every key, so that one can be told from what messages say anyway.
constexpr std::string_view kCanary = "canary-4711";

// The environment is replaced as a whole: glibc keeps for ever what setenv was given.
class Environment {
 public:
  explicit Environment(std::string_view text) {
    while (!text.empty()) {
      std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      line = line.substr(0, line.find('\0'));
      const bool is_key = line.substr(0, line.find('=')).ends_with("_KEY");
      lines_.push_back(std::string(line) + std::string(is_key ? kCanary : ""));
    }
    for (std::string& line : lines_) pointers_.push_back(line.data());
    pointers_.push_back(nullptr);
    ::environ = pointers_.data();
  }
  ~Environment() { ::environ = before_; }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  char** before_ = ::environ;
  std::vector<std::string> lines_;
  std::vector<char*> pointers_;
};

template <class Resolve, class Check>
void take_or_refuse(Resolve resolve, Check check) {
  try {
    check(resolve());
  } catch (const std::invalid_argument& refusal) {
    const std::string message = refusal.what();
    require(!message.empty());
    require(message.find(kCanary) == std::string::npos);
  }
}

void require_base_url(const std::string& url) {
  require(url.starts_with("http://") || url.starts_with("https://"));
  require(url.find_first_of("\r\n ") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz_text(data, size);
  if (text.find(kCanary) != std::string_view::npos) return 0;
  const Environment environment(text);
  take_or_refuse([] { return langfuse::resolve({}); },
                 [](const langfuse::ResolvedConfig& config) {
                   require_base_url(config.base_url);
                   require(config.sample_rate >= 0 && config.sample_rate <= 1);
                   require(config.timeout.count() > 0 && config.flush_interval.count() > 0);
                   require(config.flush_at > 0 && config.max_batch_bytes > 0);
                   require(config.environment.size() <= 40);
                 });
  take_or_refuse([] { return langsmith::resolve({}); },
                 [](const langsmith::ResolvedConfig& config) {
                   require(!config.endpoints.empty());
                   for (const langsmith::Endpoint& endpoint : config.endpoints) {
                     require_base_url(endpoint.url);
                     require(!config.enabled || !endpoint.api_key.empty());
                     require(endpoint.api_key.reveal().find('\n') == std::string::npos);
                   }
                   require(config.sample_rate >= 0 && config.sample_rate <= 1);
                   require(config.max_batch_items.value_or(1) > 0);
                 });
  return 0;
}
