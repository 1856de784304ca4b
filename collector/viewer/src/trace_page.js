// One trace: its tree and waterfall on the left, the chosen node's details on the right; on a phone the details
// lie over the tree. The chosen node is in the address.
import { html, useCallback, useEffect, useMemo, useState } from "./html.js";
import { readTrace } from "./api.js";
import { Problem } from "./empty.js";
import { NodeDetails } from "./node_details.js";
import { copyText } from "./copy.js";
import { useKeys } from "./keys.js";
import { useLive } from "./live.js";
import { useNotice } from "./notice.js";
import { navigate } from "./router.js";
import { SearchBox } from "./search_box.js";
import { Splitter } from "./splitter.js";
import { subtreeText } from "./subtree_text.js";
import { TraceHead } from "./trace_head.js";
import { buildTree, unfoldedFor, visibleRows } from "./trace_tree.js";
import { TreeView } from "./tree_view.js";
import { useData } from "./use_data.js";
import { useThrottled } from "./use_throttled.js";
import { useTitle } from "./use_title.js";

export function TracePage({ id, query }) {
  const trace = useData(id, (signal) => readTrace(id, {}, signal));
  const reload = useThrottled(trace.reload);
  const { data, error } = trace;
  // Not before there is an answer, be it that the trace is not there yet: the stream begins with what the trace
  // looks like then, so that what came in between is seen.
  useLive(data !== null || error !== null, { trace_id: id }, (event, told) => {
    if (!data || event !== "trace" || !isSame(told, data.trace)) reload();
  });
  if (error && !data) return html`<${Problem} error=${error} onRetry=${trace.reload} />`;
  if (!data) return html`<p class="quiet" role="status">Loading…</p>`;
  return html`<${LoadedTrace} data=${data} query=${query} onChanged=${trace.reload} />`;
}

const isSame = (told, shown) => told.updated_time === shown.updated_time && told.score_count === shown.score_count;

function LoadedTrace({ data, query, onChanged }) {
  const { trace_id: id } = data.trace;
  const tree = useMemo(() => buildTree(data.nodes), [data]);
  const [collapsed, setCollapsed] = useState(() => new Set());
  const [words, setWords] = useState("");
  const rows = useMemo(() => visibleRows(tree, collapsed, words), [tree, collapsed, words]);
  const selected = tree.byId.get(query.node) ?? rows[0] ?? null;
  const select = useCallback((node) => node && navigate(["traces", id], { node: node.id }, { replace: true }), [id]);
  const fold = useCallback((node, folded) => setCollapsed((old) => withFolded(old, node, folded)), []);
  useEffect(() => {
    if (tree.byId.has(query.node)) setCollapsed((old) => unfoldedFor(tree.byId.get(query.node), old));
  }, [tree, query.node]);
  const [notice, tell] = useNotice();
  useTreeKeys({ tree, rows, selected, collapsed, select, fold, tell, id, isOpen: Boolean(query.node) });
  useEffect(() => document.getElementById("details").scrollTo(0, 0), [selected?.id]);
  useTitle(data.trace.name || "unnamed");
  usePaintMark();
  return html`<div class=${`trace-view ${query.node ? "has-node" : ""}`}>
    <${TraceHead} data=${data} />
    ${notice}
    <div class="panes">
      <section class="pane tree-pane" aria-label="Tree and waterfall">
        <div class="tree-tools row">
          <${SearchBox} value=${words} placeholder=${`Search ${data.nodes.length.toLocaleString("en-US")} nodes`} onSearch=${setWords} />
          <${FoldAll} tree=${tree} collapsed=${collapsed} onChange=${setCollapsed} />
        </div>
        <${TreeView} tree=${tree} rows=${rows} selected=${selected} collapsed=${collapsed} onSelect=${select} onFold=${fold} />
      </section>
      <${Splitter} />
      <section class="pane detail-pane" aria-label="Details" tabindex="-1" id="details">
        ${selected && html`<${NodeDetails} key=${selected.id} data=${data} node=${selected} tree=${tree} onChanged=${onChanged} onClose=${() => navigate(["traces", id])} />`}
      </section>
    </div>
  </div>`;
}

function withFolded(collapsed, node, folded) {
  const next = new Set(collapsed);
  if (folded) next.add(node.id);
  else next.delete(node.id);
  return next;
}

function FoldAll({ tree, collapsed, onChange }) {
  const folded = collapsed.size > 0;
  const foldAll = () => onChange(new Set(tree.nodes.filter((node) => node.depth > 0 && node.children.length).map((node) => node.id)));
  return html`<button type="button" class="button plain" onClick=${() => (folded ? onChange(new Set()) : foldAll())}>${folded ? "Unfold all" : "Fold all"}</button>`;
}

function useTreeKeys({ tree, rows, selected, collapsed, select, fold, tell, id, isOpen }) {
  const at = rows.indexOf(selected);
  const step = (by) => () => select(rows[Math.max(0, Math.min(rows.length - 1, at + by))]);
  const isFolded = selected && collapsed.has(selected.id);
  const unfold = () => (isFolded ? fold(selected, false) : select(selected?.children[0]));
  const foldOrParent = () => (selected?.children.length && !isFolded ? fold(selected, true) : select(selected?.parent));
  const nextError = () => {
    const failed = tree.nodes.filter((node) => node.summary.level === "ERROR");
    select(failed.find((node) => node.index > (selected?.index ?? -1)) ?? failed[0]);
  };
  const copy = (form, name) => () => {
    const said = (error) => tell(error ? `Not copied: ${error.message}` : `Copied as ${name}`);
    if (selected) subtreeText(id, tree, selected, form).then(copyText).then(() => said(), said);
  };
  useKeys({
    j: step(1), ArrowDown: step(1), k: step(-1), ArrowUp: step(-1), PageDown: step(20), PageUp: step(-20),
    Home: () => select(rows[0]), End: () => select(rows.at(-1)),
    ArrowRight: unfold, ArrowLeft: foldOrParent, e: nextError, c: copy("json", "JSON"), m: copy("markdown", "Markdown"),
    Enter: () => {
      select(selected);
      document.getElementById("details").focus();
    },
    Escape: () => leave(id, isOpen),
  });
}

// From the details to the tree, from the tree to the list.
function leave(id, isOpen) {
  const details = document.getElementById("details");
  if (details.contains(document.activeElement)) document.querySelector('[role="tree"]').focus();
  else if (isOpen && matchMedia("(max-width: 760px)").matches) navigate(["traces", id]);
  else navigate(["traces"]);
}

// Tells tools how long after the navigation the first rows were painted.
function usePaintMark() {
  useEffect(() => {
    const frame = requestAnimationFrame(() => setTimeout(() => performance.mark("trace-painted")));
    return () => cancelAnimationFrame(frame);
  }, []);
}
