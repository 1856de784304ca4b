#include "collector/api/trace_tree.h"

#include <unordered_map>
#include <utility>

namespace llmtrace::collector {
namespace {

// Walks with a stack of its own, because a hostile trace is as deep as it is long.
class Walk {
 public:
  explicit Walk(std::vector<MergedNode> nodes) : nodes_(std::move(nodes)) {
    children_.resize(nodes_.size());
    is_placed_.resize(nodes_.size());
    placed_.reserve(nodes_.size());
    std::unordered_map<std::string_view, std::size_t> by_id;
    for (std::size_t i = 0; i < nodes_.size(); ++i) by_id.emplace(nodes_[i].node.id, i);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const auto& parent_id = nodes_[i].node.parent_id;
      const auto parent = parent_id ? by_id.find(*parent_id) : by_id.end();
      if (parent == by_id.end() || parent->second == i) {
        roots_.push_back(i);
      } else {
        children_[parent->second].push_back(i);
      }
    }
  }

  std::vector<TreeNode> take() {
    for (const std::size_t root : roots_) place_all(root);
    for (std::size_t i = 0; i < nodes_.size(); ++i) place_all(i);  // circles have no root
    return std::move(placed_);
  }

 private:
  void place_all(std::size_t root) {
    std::vector<std::pair<std::size_t, std::int64_t>> open = {{root, 0}};
    while (!open.empty()) {
      const auto [at, depth] = open.back();
      open.pop_back();
      if (is_placed_[at]) continue;
      is_placed_[at] = true;
      placed_.push_back({.merged = std::move(nodes_[at]), .depth = depth});
      for (auto child = children_[at].rbegin(); child != children_[at].rend(); ++child) {
        open.emplace_back(*child, depth + 1);
      }
    }
  }

  std::vector<MergedNode> nodes_;
  std::vector<std::vector<std::size_t>> children_;
  std::vector<bool> is_placed_;
  std::vector<std::size_t> roots_;
  std::vector<TreeNode> placed_;
};

}  // namespace

std::vector<TreeNode> tree_of(std::vector<MergedNode> nodes) {
  return Walk(std::move(nodes)).take();
}

}  // namespace llmtrace::collector
