// The page's first script, small and by itself: the trace that the address names is asked for while the page's
// code is still on its way. api.js takes the reply.
const shown = /^#\/traces\/([^/?]+)/.exec(location.hash);
if (shown) {
  const path = `api/traces/${shown[1]}`;
  const reply = fetch(path, { headers: tokenHeaders() });
  reply.catch(() => {}); // who takes it says so
  globalThis.earlyReply = { path, reply };
}

function tokenHeaders() {
  try {
    const token = sessionStorage.getItem("llmtrace-token");
    return token ? { Authorization: `Bearer ${token}` } : {};
  } catch {
    return {}; // storage is switched off
  }
}
