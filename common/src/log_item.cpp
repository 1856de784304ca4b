#include "common/src/log_item.h"

#include <exception>
#include <utility>

#include "common/src/flusher.h"
#include "common/src/transport_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

class QueueingExporter final : public LogExporter {
 public:
  explicit QueueingExporter(Ref<const DestinationSet> set) : set_(std::move(set)) {}

  void export_record(LogRecord&& record) noexcept override {
    try {
      auto item = Ref<LogItem>::make();
      item->record = std::move(record);
      item->destinations = set_;
      const std::size_t bytes = item->record.byte_size();
      for (TransportImpl* transport : set_->transports()) {
        transport->submit(ItemKind::Log, *item, *set_, bytes);
      }
    } catch (const std::exception&) {  // no memory for it
      for (const Ref<Destination>& destination : set_->destinations()) {
        destination->refuse(DropReason::EncodeFailed);
      }
    }
  }

 private:
  const Ref<const DestinationSet> set_;
};

}  // namespace

std::shared_ptr<LogExporter> make_log_exporter(Ref<const DestinationSet> set) {
  return std::make_shared<QueueingExporter>(std::move(set));
}

}  // namespace v0
}  // namespace llmtrace
