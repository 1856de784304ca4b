// The line between tree and details, which the pointer or the arrow keys move. Where it stands is kept for the
// page's life, as a share of the width.
import { html, useRef, useState } from "./html.js";

const kStep = 2;
const kLeast = 25;
const kMost = 75;
let share = 52;

export function Splitter() {
  const [at, setAt] = useState(share);
  const line = useRef();
  const move = (wanted) => {
    share = Math.max(kLeast, Math.min(kMost, wanted));
    setAt(share);
    line.current.parentElement.style.setProperty("--tree-share", `${share}%`);
  };
  const drag = (event) => {
    if (!line.current.hasPointerCapture(event.pointerId)) return;
    const box = line.current.parentElement.getBoundingClientRect();
    move((100 * (event.clientX - box.left)) / box.width);
  };
  const keyDown = (event) => {
    const by = { ArrowLeft: -kStep, ArrowRight: kStep }[event.key];
    if (!by) return;
    event.preventDefault();
    move(at + by);
  };
  return html`<div ref=${line} class="splitter" role="separator" tabindex="0" aria-orientation="vertical" aria-label="Width of the tree"
    aria-valuenow=${Math.round(at)} aria-valuemin=${kLeast} aria-valuemax=${kMost} onKeyDown=${keyDown}
    onPointerDown=${(event) => line.current.setPointerCapture(event.pointerId)} onPointerMove=${drag}></div>`;
}
