#include "samples/rag_pipeline/langfuse_reader.h"

#include <utility>

#include "samples/rag_pipeline/record_reader.h"
#include "samples/support/json_reader.h"

namespace rag {

using namespace samples;

LangfuseReader::LangfuseReader(std::string url, std::string public_key, std::string secret_key)
    : url_(std::move(url)), public_key_(std::move(public_key)), secret_key_(std::move(secret_key)) {
  while (url_.ends_with('/')) url_.pop_back();
}

RunRecords LangfuseReader::read_trace(const std::string& trace_id) const {
  RunRecords records;
  read_pages(
      "/api/public/v2/observations?limit=1000&fields=basic,io,metadata,model,usage,metrics,"
      "trace_context&traceId=" +
          url_encoded(trace_id),
      records.observations, &read_observation);
  read_pages("/api/public/v3/scores?limit=100&fields=subject&traceId=" + url_encoded(trace_id),
             records.scores, &read_score);
  return records;
}

template <class Record, class Convert>
void LangfuseReader::read_pages(const std::string& path, std::vector<Record>& records,
                                Convert convert) const {
  std::string cursor;
  do {
    HttpCall call{.url = url_ + path, .user = public_key_, .password = secret_key_};
    call.timeout = std::chrono::seconds(10);
    if (!cursor.empty()) call.url += "&cursor=" + url_encoded(cursor);
    const std::string body = ask(call);
    if (body.empty()) return;
    const auto page = parse_json(body);
    if (!page) throw std::runtime_error(call.url + " answers no JSON");
    for (const auto& row : elements_of(member(*page, "data"))) records.push_back(convert(row));
    cursor = text_of(member(member(*page, "meta"), "cursor"));
  } while (!cursor.empty());
}

}  // namespace rag
