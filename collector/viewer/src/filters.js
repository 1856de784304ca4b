// The filters of the trace list: a panel to set them, chips that say which are set. They live in the address.
import { html } from "./html.js";
import { read } from "./api.js";
import { Icon } from "./icons.js";
import { useData } from "./use_data.js";

/// Parameters of /api/traces that the panel sets; `many` may hold several.
export const kFilters = [
  { key: "name", name: "Name", facet: "names" },
  { key: "user", name: "User", facet: "users" },
  { key: "session", name: "Session" },
  { key: "tag", name: "Tag", facet: "tags", many: true },
  { key: "environment", name: "Environment", facet: "environments" },
  { key: "model", name: "Model", facet: "models" },
  { key: "source", name: "Source", choices: ["langfuse", "langsmith", "otlp"] },
  { key: "min_latency_ms", name: "Latency at least (ms)", number: true },
  { key: "level", name: "Level", choices: ["DEBUG", "DEFAULT", "WARNING", "ERROR"], many: true },
  { key: "type", name: "Type", choices: ["SPAN", "EVENT", "GENERATION", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "EMBEDDING", "GUARDRAIL"], many: true },
];

const listOf = (value) => (value == null || value === "" ? [] : [value].flat());

/// The set filters as [{filter, value}].
export function setFilters(query) {
  return kFilters.flatMap((filter) => listOf(query[filter.key]).map((value) => ({ filter, value })));
}

export function FilterPanel({ query, onChange }) {
  const facets = useData("facets", (signal) => read("facets", {}, signal));
  return html`<form class="filter-panel" aria-label="Filters" onSubmit=${(event) => event.preventDefault()}>
    ${kFilters.map((filter) => html`<${Filter} key=${filter.key} filter=${filter} value=${query[filter.key]}
      offers=${facets.data?.[filter.facet] ?? []} onChange=${(value) => onChange({ [filter.key]: value })} />`)}
  </form>`;
}

function Filter({ filter, value, offers, onChange }) {
  if (filter.choices && filter.many) return html`<${Choices} filter=${filter} value=${listOf(value)} onChange=${onChange} />`;
  if (filter.choices) {
    return html`<label class="filter"><span>${filter.name}</span>
      <select class="field" name=${filter.key} value=${value ?? ""} onChange=${(event) => onChange(event.target.value)}>
        <option value="">any</option>
        ${filter.choices.map((choice) => html`<option value=${choice}>${choice}</option>`)}
      </select>
    </label>`;
  }
  return html`<${TextFilter} filter=${filter} value=${value} offers=${offers} onChange=${onChange} />`;
}

function Choices({ filter, value, onChange }) {
  const toggled = (choice) => (value.includes(choice) ? value.filter((one) => one !== choice) : [...value, choice]);
  return html`<fieldset class="filter wide"><legend>${filter.name}</legend>
    ${filter.choices.map((choice) => html`<button type="button" class="chip choice" aria-pressed=${String(value.includes(choice))} onClick=${() => onChange(toggled(choice))}>${choice.toLowerCase()}</button>`)}
  </fieldset>`;
}

// Of a filter that may hold several, what is typed is added; its chips take it away again.
function TextFilter({ filter, value, offers, onChange }) {
  const list = `offers-${filter.key}`;
  const commit = (event) => {
    const typed = event.target.value.trim();
    if (!filter.many) return onChange(typed);
    event.target.value = "";
    if (typed && !listOf(value).includes(typed)) onChange([...listOf(value), typed]);
  };
  return html`<label class="filter"><span>${filter.name}</span>
    <input class="field" name=${filter.key} type=${filter.number ? "number" : "text"} min="0" autocomplete="off" spellcheck=${false}
      list=${offers.length ? list : undefined} value=${filter.many ? "" : value ?? ""} onChange=${commit} />
    ${offers.length > 0 && html`<datalist id=${list}>${offers.map((offer) => html`<option value=${offer} />`)}</datalist>`}
  </label>`;
}

export function FilterChips({ query, onChange }) {
  const set = setFilters(query);
  if (set.length === 0) return null;
  const without = ({ filter, value }) => onChange({ [filter.key]: listOf(query[filter.key]).filter((one) => one !== value) });
  return html`<div class="row wrap filter-chips">
    ${set.map((one) => html`<button type="button" class="chip outline" aria-label=${`Remove filter ${one.filter.name} ${one.value}`} onClick=${() => without(one)}>
      <span><span class="faint">${one.filter.name.toLowerCase()}</span> ${one.value}</span><${Icon} name="close" size=${10} />
    </button>`)}
    <button type="button" class="chip" onClick=${() => onChange(Object.fromEntries(kFilters.map(({ key }) => [key, ""])))}>Clear</button>
  </div>`;
}
