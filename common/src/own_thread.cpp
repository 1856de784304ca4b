#include "common/src/own_thread.h"

namespace llmtrace {
inline namespace v0 {
namespace {

thread_local bool is_own = false;

}  // namespace

void mark_own_thread() noexcept { is_own = true; }
bool on_own_thread() noexcept { return is_own; }

}  // namespace v0
}  // namespace llmtrace
