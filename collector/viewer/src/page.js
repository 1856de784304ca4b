// The frame around every view: navigation, the theme, help, and the keys that work everywhere.
import { html, useEffect, useState } from "./html.js";
import { Dashboard } from "./dashboard.js";
import { HelpDialog } from "./help.js";
import { Icon } from "./icons.js";
import { useKeys } from "./keys.js";
import { navigate, routeTo, useRoute } from "./router.js";
import { SessionList } from "./session_list.js";
import { SessionPage } from "./session_page.js";
import { isDark, onThemeChange, toggleTheme } from "./theme.js";
import { TraceList } from "./trace_list.js";
import { TracePage } from "./trace_page.js";

const kViews = [
  { path: "traces", name: "Traces", icon: "trace", key: "t" },
  { path: "sessions", name: "Sessions", icon: "session", key: "s" },
  { path: "dashboard", name: "Dashboard", icon: "dashboard", key: "d" },
];

export function Page() {
  const { parts, query } = useRoute();
  const [help, setHelp] = useState(false);
  const [view = "traces", id] = parts;
  useKeys({
    "?": () => setHelp(true),
    "g t": () => navigate(["traces"]),
    "g s": () => navigate(["sessions"]),
    "g d": () => navigate(["dashboard"]),
    "shift+t": toggleTheme,
  });
  return html`<div class="page">
    <${Navigation} view=${view} onHelp=${() => setHelp(true)} />
    <main class="view" id="main">${viewOf(view, id, query)}</main>
    ${help && html`<${HelpDialog} onClose=${() => setHelp(false)} />`}
  </div>`;
}

function viewOf(view, id, query) {
  if (view === "traces" && id) return html`<${TracePage} key=${id} id=${id} query=${query} />`;
  if (view === "sessions" && id) return html`<${SessionPage} key=${id} id=${id} />`;
  if (view === "sessions") return html`<${SessionList} query=${query} />`;
  if (view === "dashboard") return html`<${Dashboard} query=${query} />`;
  return html`<${TraceList} query=${query} />`;
}

function Navigation({ view, onHelp }) {
  return html`<nav class="navigation" aria-label="Views">
    <a class="brand" href=${routeTo(["traces"])} aria-label="llmtrace: all traces"><${Mark} /><span>llmtrace</span></a>
    ${kViews.map(({ path, name, icon, key }) => html`<a key=${path} class="navigation-item" href=${routeTo([path])} title=${`${name} (g ${key})`} aria-current=${view === path ? "page" : undefined}>
      <${Icon} name=${icon} /><span>${name}</span>
    </a>`)}
    <span class="grow"></span>
    <${ThemeButton} />
    <button type="button" class="navigation-item" title="Keys and help (?)" onClick=${onHelp}><${Icon} name="help" /><span>Help</span></button>
  </nav>`;
}

function Mark() {
  return html`<svg class="mark" viewBox="0 0 32 32" width="20" height="20" aria-hidden="true">
    <rect width="32" height="32" rx="8" /><path d="M8 10h12" /><path d="M12 16h12" /><path d="M16 22h6" />
  </svg>`;
}

function ThemeButton() {
  const [dark, setDark] = useState(isDark);
  useEffect(() => onThemeChange(() => setDark(isDark())), []);
  return html`<button type="button" class="navigation-item" aria-pressed=${String(dark)} title="Light or dark (Shift T)" onClick=${toggleTheme}>
    <${Icon} name=${dark ? "sun" : "moon"} /><span>${dark ? "Light" : "Dark"}</span>
  </button>`;
}
