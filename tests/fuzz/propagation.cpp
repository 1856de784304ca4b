// Headers of an incoming request: traceparent, tracestate, baggage and langsmith-trace, one a line.
// With a client that records, so that what was extracted is used.
#include <langsmith/client.h>
#include <llmtrace/propagation.h>

#include "common/src/instant_http_client.h"
#include "langsmith/src/propagator.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

langsmith::Client& client() {
  static auto& instance = *new langsmith::Client(
      {.api_key = "key",
       .endpoint = "http://127.0.0.1",
       .tracing = true,
       .transport = llmtrace::Transport::create(
           {.http_client = std::make_shared<llmtrace::InstantHttpClient>()})});
  return instance;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const char* const kNames[] = {"traceparent", "tracestate", "baggage", "langsmith-trace"};
  std::string_view text = fuzz_text(data, size);
  std::vector<llmtrace::HttpHeader> headers;
  for (const char* name : kNames) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    headers.push_back({name, std::string(text.substr(0, end))});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const llmtrace::ContextScope scope(
      llmtrace::extract(headers, {.baggage = true, .project = true}));
  const langsmith::Run run = client().start_run({.name = "x"});
  require(langsmith::is_dotted_order(run.dotted_order()));
  for (const llmtrace::HttpHeader& header : run.to_headers()) {
    require(header.value.find_first_of("\r\n") == std::string::npos);
    require(header.name != "baggage" || header.value.size() <= 8192);
  }
  return 0;
}
