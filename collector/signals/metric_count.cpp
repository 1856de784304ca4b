#include "collector/signals/metric_count.h"

#include <initializer_list>
#include <protozero/pbf_reader.hpp>
#include <string>

#include "collector/bad_request.h"
#include "collector/otlp_to_json.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

using protozero::pbf_reader;

// Every field of these numbers, wherever it stands in the message.
template <class Visit>
void for_each_message(pbf_reader message, std::initializer_list<std::uint32_t> fields,
                      Visit visit) {
  while (message.next()) {
    bool is_wanted = false;
    for (const std::uint32_t field : fields) {
      is_wanted = is_wanted || message.tag_and_type() == bytes_field(field);
    }
    if (is_wanted) {
      visit(message.get_message());
    } else {
      message.skip();
    }
  }
}

}  // namespace

std::size_t count_points_protobuf(std::string_view body) {
  std::size_t count = 0;
  const auto count_point = [&](pbf_reader) { ++count; };
  // Gauge, Sum, Histogram, ExponentialHistogram, Summary; in each the points are field 1.
  const auto of_metric = [&](pbf_reader metric) {
    for_each_message(metric, {5, 7, 9, 10, 11},
                     [&](pbf_reader data) { for_each_message(data, {1}, count_point); });
  };
  try {
    for_each_message(pbf_reader(body.data(), body.size()), {1}, [&](pbf_reader resource_metrics) {
      for_each_message(resource_metrics, {2}, [&](pbf_reader scope_metrics) {
        for_each_message(scope_metrics, {2}, of_metric);
      });
    });
  } catch (const protozero::exception& error) {
    throw BadRequest(std::string("the body is no protobuf message: ") + error.what());
  }
  return count;
}

std::size_t count_points_json(std::string_view body) {
  const auto request = JsonValue::parse(body);
  if (!request || !request->is_object()) throw BadRequest("the body is no JSON object");
  std::size_t count = 0;
  for (const JsonValue& resource_metrics : (*request)["resourceMetrics"].elements()) {
    for (const JsonValue& scope_metrics : resource_metrics["scopeMetrics"].elements()) {
      for (const JsonValue& metric : scope_metrics["metrics"].elements()) {
        for (const std::string_view data :
             {"gauge", "sum", "histogram", "exponentialHistogram", "summary"}) {
          count += metric[data]["dataPoints"].elements().size();
        }
      }
    }
  }
  return count;
}

}  // namespace llmtrace::collector
