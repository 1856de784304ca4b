// What every module of the page is written with: htm's tagged templates over preact. A string in a template
// becomes a text node or an attribute, never markup, so what a trace holds is always shown as text.
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
export { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
