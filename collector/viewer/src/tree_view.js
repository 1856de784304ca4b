// The tree with its waterfall. Only the rows in sight (and a few more) have elements; the screen reader hears
// the chosen one through aria-activedescendant.
import { html, useEffect, useLayoutEffect, useRef, useState } from "./html.js";
import { formatCompact, formatCost, formatDuration, tickStep } from "./format.js";
import { Icon, knownType, TypeIcon } from "./icons.js";

const kRowHeight = 30;
const kSpareRows = 12;
const kIndent = 14;
const kMostIndents = 16; // deeper ones share the place of the last
const kTicks = 4;
const kTicksOnPhone = 2;

export function TreeView({ tree, rows, selected, collapsed, onSelect, onFold }) {
  const scroller = useRef();
  const [top, setTop] = useState(0);
  const height = useHeight(scroller);
  const at = rows.indexOf(selected);
  useLayoutEffect(() => keepInSight(scroller.current, at), [at]);
  const first = Math.max(0, Math.floor(top / kRowHeight) - kSpareRows);
  const last = Math.min(rows.length, Math.ceil((top + height) / kRowHeight) + kSpareRows);
  return html`<div class="tree">
    <${Ruler} span=${tree.span} />
    <div class="tree-scroller" ref=${scroller} role="tree" tabindex="0" aria-label="Nodes" aria-activedescendant=${selected ? rowId(selected) : undefined}
      onScroll=${(event) => setTop(event.currentTarget.scrollTop)}>
      <div class="tree-rows" role="presentation" style=${{ height: `${rows.length * kRowHeight}px` }}>
        ${rows.slice(first, last).map((node, index) => html`<${Row} key=${node.id} node=${node} top=${(first + index) * kRowHeight} span=${tree.span}
          selected=${node === selected} collapsed=${collapsed.has(node.id)} onSelect=${onSelect} onFold=${onFold} />`)}
      </div>
      ${rows.length === 0 && html`<p class="quiet">No node has these words.</p>`}
    </div>
  </div>`;
}

const rowId = (node) => `node-${node.index}`;

function useHeight(element) {
  const [height, setHeight] = useState(() => innerHeight);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setHeight(entry.contentRect.height));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return height;
}

function keepInSight(scroller, index) {
  if (index < 0) return;
  const top = index * kRowHeight;
  const shown = scroller.clientHeight;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (top + kRowHeight > scroller.scrollTop + shown) scroller.scrollTop = top + kRowHeight - shown;
}

function Row({ node, top, span, selected, collapsed, onSelect, onFold }) {
  const { summary } = node;
  const hasChildren = node.children.length > 0;
  const failed = summary.level === "ERROR";
  const toggle = (event) => {
    event.stopPropagation();
    onFold(node, !collapsed);
  };
  return html`<div id=${rowId(node)} role="treeitem" class=${`tree-row type-${knownType(summary.type).toLowerCase()} ${failed ? "has-error" : ""}`}
    aria-level=${node.depth + 1} aria-selected=${String(selected)} aria-expanded=${hasChildren ? String(!collapsed) : undefined}
    style=${{ transform: `translateY(${top}px)` }} onClick=${() => onSelect(node)}>
    <div class="tree-name">
      <${Guides} depth=${node.depth} />
      ${hasChildren
        ? html`<button type="button" class="fold" tabindex="-1" aria-label=${collapsed ? "Unfold" : "Fold"} onClick=${toggle}><${Icon} name="chevron" size=${12} /></button>`
        : html`<span class="fold"></span>`}
      <${TypeIcon} type=${summary.type} />
      <span class="clip node-name">${summary.name || "unnamed"}</span>
      ${collapsed && html`<span class="chip number">+${node.size - 1}</span>`}
      ${failed && html`<span class="danger row" title=${summary.status_message ?? "error"}><${Icon} name="error" size=${13} /></span>`}
      ${summary.score_count > 0 && html`<span class="faint row" title=${`${summary.score_count} scores`}><${Icon} name="EVALUATOR" size=${12} /></span>`}
      <span class="node-figures faint number clip">${figures(summary)}</span>
    </div>
    <div class="tree-time"><${Bar} node=${node} span=${span} /></div>
  </div>`;
}

function Guides({ depth }) {
  const guides = Math.min(depth, kMostIndents);
  if (guides === 0) return null;
  return html`<span class="guides" style=${{ width: `${guides * kIndent}px` }}></span>`;
}

function figures({ model, total_tokens: tokens, cost_usd: cost }) {
  return [model, tokens > 0 && `${formatCompact(tokens)} tok`, cost > 0 && formatCost(cost)].filter(Boolean).join(" · ");
}

const percent = (part, whole) => (whole > 0 ? (100 * part) / whole : 0);

// The part until the first token is lighter. The duration stands where there is room: behind the bar, before it, or
// at its end.
function Bar({ node, span }) {
  const left = Math.min(percent(node.start, span), 99.6);
  const open = node.duration == null;
  const width = open ? 100 - left : Math.min(percent(node.duration, span), 100 - left);
  const wait = node.summary.time_to_first_token_ms;
  const right = left + width;
  const label = open ? "running" : formatDuration(node.duration);
  const inside = right >= 78 && left <= 22;
  const place = right < 78 ? { left: `${right}%` } : { right: `${100 - (inside ? right : left)}%` };
  return html`
    <span class=${`bar ${open ? "is-open" : ""}`} style=${{ left: `${left}%`, width: `${width}%` }}>
      ${wait > 0 && node.duration > 0 && html`<span class="bar-wait" style=${{ width: `${Math.min(percent(wait, node.duration), 100)}%` }}></span>`}
    </span>
    <span class=${`bar-label number ${inside ? "is-inside" : ""}`} style=${place}>${label}</span>`;
}

function Ruler({ span }) {
  const wanted = matchMedia("(max-width: 760px)").matches ? kTicksOnPhone : kTicks;
  const step = span > 0 ? tickStep(span, wanted) : 0;
  const ticks = step > 0 ? Array.from({ length: Math.floor(span / step) + 1 }, (_, index) => index * step) : [0];
  return html`<div class="ruler" aria-hidden="true">
    <div class="tree-name faint">Name</div>
    <div class="tree-time">
      ${ticks.filter((tick) => tick <= span * 0.94).map((tick) => html`<span key=${tick} class="tick number" style=${{ left: `${percent(tick, span)}%` }}>${tick === 0 ? "0" : formatDuration(tick)}</span>`)}
    </div>
  </div>`;
}
