// Where the page is: the part after #, as a path and a query, e.g. #/traces/0af7…?node=b7ad…. Everything that
// a reader can see has such an address, so a link to it can be sent to somebody else. The part before # never
// changes: the server needs no rule for paths, and gets none of what is looked at in its log.
import { search } from "./search.js";

export function parseRoute(hash) {
  const [path, query = ""] = hash.replace(/^#/, "").split("?", 2);
  const parts = path.split("/").filter(Boolean).map(decoded);
  return { parts, query: queryOf(new URLSearchParams(query)) };
}

// What is repeated becomes a list.
function queryOf(search) {
  const names = [...new Set(search.keys())];
  return Object.fromEntries(names.map((name) => [name, search.getAll(name).length > 1 ? search.getAll(name) : search.get(name)]));
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a % that is none: shown as it is, and not found
  }
}

/// Leaves out what is empty, so that equal views have equal addresses.
export function routeTo(parts, query = {}) {
  return "#/" + parts.map(encodeURIComponent).join("/") + search(query);
}
