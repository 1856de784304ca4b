// What the calling thread asked of the allocator: operator new of the whole test program keeps it.
#pragma once

#include <cstddef>

namespace llmtrace::tests {

/// The largest block since this was set to 0, in bytes.
std::size_t& largest_allocation() noexcept;

}  // namespace llmtrace::tests
