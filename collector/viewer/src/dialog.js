// A dialog over the page. The browser's own <dialog> keeps the focus inside and closes on Escape.
import { html, useEffect, useRef } from "./html.js";
import { Icon } from "./icons.js";

export function Dialog({ title, onClose, children }) {
  const dialog = useRef();
  useEffect(() => {
    dialog.current.showModal();
    return () => dialog.current?.close();
  }, []);
  const closeOutside = (event) => event.target === dialog.current && onClose();
  const leaveKeysHere = (event) => event.stopPropagation();
  return html`<dialog ref=${dialog} class="dialog" aria-label=${title} onClose=${onClose} onClick=${closeOutside} onKeyDown=${leaveKeysHere}>
    <header class="row dialog-head">
      <h1 class="grow">${title}</h1>
      <button type="button" class="button plain only" aria-label="Close" onClick=${onClose}><${Icon} name="close" /></button>
    </header>
    <div class="dialog-body">${children}</div>
  </dialog>`;
}
