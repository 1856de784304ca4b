// The scores of a node or of a trace; a thumb up or down, and any other score, can be added here. A second
// thumb replaces the first, the same one again takes it back.
import { html, useState } from "./html.js";
import { addScore, deleteScore } from "./api.js";
import { Problem } from "./empty.js";
import { Icon } from "./icons.js";
import { formatTime } from "./format.js";

const kThumbs = "thumbs";

export function Scores({ title = "Scores", traceId, nodeId, scores, onChanged }) {
  const [adding, setAdding] = useState(false);
  const [error, setError] = useState(null);
  const change = async (work) => {
    try {
      await work();
      setError(null);
      setAdding(false);
      onChanged();
    } catch (problem) {
      setError(problem);
    }
  };
  const target = { trace_id: traceId, ...(nodeId === null ? {} : { node_id: nodeId }) };
  const thumbsId = `thumbs-${traceId}-${nodeId ?? "trace"}`;
  const thumb = scores.find((score) => score.id === thumbsId)?.value;
  const press = (value) => change(() => (thumb === Number(value) ? deleteScore(thumbsId) : addScore({ ...target, id: thumbsId, name: kThumbs, value })));
  return html`<section class="part" aria-label=${title}>
    <header class="part-head">
      <h2 class="grow">${title}</h2>
      <button type="button" class="button plain only" aria-label="Thumb up" aria-pressed=${String(thumb === 1)} onClick=${() => press(true)}><${Icon} name="up" /></button>
      <button type="button" class="button plain only" aria-label="Thumb down" aria-pressed=${String(thumb === 0)} onClick=${() => press(false)}><${Icon} name="down" /></button>
      <button type="button" class="button plain" aria-expanded=${String(adding)} onClick=${() => setAdding(!adding)}>Add score</button>
    </header>
    ${error && html`<${Problem} error=${error} />`}
    ${adding && html`<${ScoreForm} onAdd=${(score) => change(() => addScore({ ...target, ...score }))} />`}
    ${scores.length > 0 && html`<ul class="scores">${scores.map((score) => html`<${ScoreLine} key=${score.id} score=${score} onDelete=${() => change(() => deleteScore(score.id))} />`)}</ul>`}
  </section>`;
}

function ScoreLine({ score, onDelete }) {
  return html`<li class="score">
    <span class="score-name clip">${score.name}</span>
    <span class="chip number"><span>${valueOf(score)}</span></span>
    <span class="grow muted score-comment">${score.comment}</span>
    <span class="faint" title=${formatTime(Date.parse(score.time))}>${String(score.origin ?? score.source).toLowerCase()}</span>
    ${score.source === "langfuse" && html`<button type="button" class="button plain only" aria-label=${`Delete score ${score.name}`} onClick=${onDelete}><${Icon} name="close" size=${12} /></button>`}
  </li>`;
}

function valueOf({ data_type: type, value, string_value: text }) {
  if (type === "BOOLEAN") return value === 1 ? "true" : "false";
  return text ?? (value == null ? "–" : String(value));
}

const kReaders = {
  number: (text) => Number(text),
  "true or false": (text) => text === "true",
  text: (text) => text,
};

function ScoreForm({ onAdd }) {
  const [kind, setKind] = useState("number");
  const submit = (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const comment = form.get("comment").trim();
    onAdd({ name: form.get("name").trim(), value: kReaders[kind](form.get("value")), ...(comment ? { comment } : {}) });
  };
  return html`<form class="score-form" aria-label="New score" onSubmit=${submit}>
    <label>Name<input class="field" name="name" required autocomplete="off" maxlength="200" placeholder="helpful" /></label>
    <label>Kind<select class="field" name="kind" value=${kind} onChange=${(event) => setKind(event.target.value)}>
      ${Object.keys(kReaders).map((one) => html`<option value=${one}>${one}</option>`)}
    </select></label>
    <label>Value${kind === "true or false"
      ? html`<select class="field" name="value"><option>true</option><option>false</option></select>`
      : html`<input class="field" name="value" required type=${kind === "number" ? "number" : "text"} step="any" autocomplete="off" />`}</label>
    <label class="wide">Comment<input class="field" name="comment" autocomplete="off" /></label>
    <button type="submit" class="button primary">Add score</button>
  </form>`;
}
