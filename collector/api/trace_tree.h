// TraceTree is one trace put together from its nodes: in pre-order, a parent before its children
// and siblings by their start.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collector/traces/node.h"

namespace llmtrace::collector {

struct TreeNode {
  MergedNode merged{};
  std::int64_t depth = 0;
};

/// `nodes` in order of their start. One whose parent is not among them is a root, and so is one of
/// several that are each other's parents.
std::vector<TreeNode> tree_of(std::vector<MergedNode> nodes);

}  // namespace llmtrace::collector
