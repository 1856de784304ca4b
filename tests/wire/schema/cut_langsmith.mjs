// Writes langsmith.json, the part of LangSmith's OpenAPI description that our bodies must fit:
//   node cut_langsmith.mjs openapi.json >langsmith.json
// openapi.json is what https://api.smith.langchain.com/openapi.json gives; langsmith.json is of 2026-05-21.
import { readFileSync } from 'node:fs';

const roots = ['runs.Run', 'FeedbackCreateSchema', 'FeedbackUpdateSchema',
  'FeedbackIngestTokenCreateSchema', 'FeedbackCreateWithTokenExtendedSchema'];
const components = JSON.parse(readFileSync(process.argv[2], 'utf8')).components.schemas;
const prefix = '#/components/schemas/';
const prose = new Set(['title', 'description', 'default']);
const cut = {};

function take(name) {
  if (cut[name]) return;
  cut[name] = {};  // now, for a schema may refer to itself
  const schema = without(components[name]);
  // A key that the server does not know is an error.
  if (schema.properties) schema.unevaluatedProperties = false;
  cut[name] = schema;
}

function without(value) {
  if (Array.isArray(value)) return value.map(without);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, member]) => {
    if (prose.has(key) && typeof member !== 'object' || key === 'discriminator') return [];
    if (key !== '$ref') return [[key, without(member)]];
    const name = member.slice(prefix.length);
    take(name);
    return [[key, `#/$defs/${name}`]];
  }));
}

roots.forEach(take);
console.log(JSON.stringify({
  $comment: "From the components of LangSmith's OpenAPI description of 2026-05-21, by cut_langsmith.mjs: " +
    'without its prose, unevaluatedProperties added.',
  $schema: 'https://json-schema.org/draft/2019-09/schema',
  $id: 'langsmith',
  $defs: Object.fromEntries(Object.entries(cut).sort(([a], [b]) => (a < b ? -1 : 1))),
}, null, 1));
