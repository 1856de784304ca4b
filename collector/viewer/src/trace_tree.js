// A trace's nodes as a tree, and the tree as the rows that are seen. The collector gives them in pre-order with
// their depths; here they get their parent, their children and how many they are with all below. One pass, for
// a trace may have tens of thousands.

/// -> {nodes, byId, span}: `nodes` in pre-order, `span` the milliseconds that the waterfall covers.
export function buildTree(summaries) {
  const nodes = summaries.map(nodeOf);
  const path = [];
  let span = 0;
  for (const node of nodes) {
    path.length = Math.min(node.depth, path.length);
    node.parent = path.at(-1) ?? null;
    node.parent?.children.push(node);
    path.push(node);
    span = Math.max(span, node.start + (node.duration ?? 0));
  }
  for (let i = nodes.length - 1; i >= 0; --i) {
    if (nodes[i].parent) nodes[i].parent.size += nodes[i].size;
  }
  return { nodes, byId: new Map(nodes.map((node) => [node.id, node])), span };
}

function nodeOf(summary, index) {
  const { id, depth, start_offset_ms: start, duration_ms: duration } = summary;
  return { summary, id, depth, index, start: start ?? 0, duration, parent: null, children: [], size: 1 };
}

/// The rows that are seen: none below a collapsed node; with `words`, only what has them and what leads there.
export function visibleRows(tree, collapsed, words = "") {
  const kept = words ? matching(tree, words.toLowerCase()) : null;
  const rows = [];
  for (let i = 0; i < tree.nodes.length; ) {
    const node = tree.nodes[i];
    if (kept && !kept.has(node)) {
      i += node.size; // nothing below has them either, or it would be kept
      continue;
    }
    rows.push(node);
    i += !kept && collapsed.has(node.id) ? node.size : 1;
  }
  return rows;
}

function matching(tree, words) {
  const kept = new Set();
  for (const node of tree.nodes) {
    if (!hasWords(node.summary, words)) continue;
    for (let above = node; above && !kept.has(above); above = above.parent) kept.add(above);
  }
  return kept;
}

function hasWords({ name, type, model, level, status_message: status }, words) {
  return [name, type, model, level, status].some((text) => text && text.toLowerCase().includes(words));
}

/// `node` and all below it, in pre-order.
export function subtree(tree, node) {
  return tree.nodes.slice(node.index, node.index + node.size);
}

/// What has to be unfolded so that `node` is seen.
export function unfoldedFor(node, collapsed) {
  const unfolded = new Set(collapsed);
  for (let above = node.parent; above; above = above.parent) unfolded.delete(above.id);
  return unfolded;
}
