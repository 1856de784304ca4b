// Light or dark: as the system says, until the reader chooses. The choice is kept in this browser.
const kKey = "llmtrace-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function chosen() {
  try {
    return localStorage.getItem(kKey);
  } catch {
    return null; // storage is switched off: the system decides
  }
}

export function applyTheme() {
  const theme = chosen();
  if (theme) document.documentElement.dataset.theme = theme;
}

export function isDark() {
  return (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
}

export function toggleTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(kKey, theme);
  } catch {
    // as above: it holds until the page is left
  }
  dispatchEvent(new Event("themechange"));
}

/// Calls `changed` when the colours do; returns how to stop that.
export function onThemeChange(changed) {
  addEventListener("themechange", changed);
  system.addEventListener("change", changed);
  return () => {
    removeEventListener("themechange", changed);
    system.removeEventListener("change", changed);
  };
}

/// The colour behind a CSS variable, resolved, for canvases.
export function colourOf(variable) {
  const probe = document.createElement("span");
  probe.style.color = `var(${variable})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
