// The golden JSON bodies against the vendor's schemas:   validate.mjs SCHEMA GOLDEN_DIR
import { readFileSync } from 'node:fs';
import Ajv2019 from 'ajv/dist/2019.js';

const [schemaFile, golden] = process.argv.slice(2);
const ajv = new Ajv2019({ allErrors: true, strict: false });
ajv.addSchema(JSON.parse(readFileSync(schemaFile, 'utf8')));

function validator(name, extra = {}) {
  return ajv.compile({ $ref: `langfuse#/$defs/${name}`, ...extra });
}

const event = validator('IngestionEvent');
const score = validator('CreateScoreRequest', { unevaluatedProperties: false });
let failed = 0;

function check(validate, item, what) {
  if (validate(item)) return;
  failed += 1;
  console.log(what, JSON.stringify(item), JSON.stringify(validate.errors, null, 1));
}

for (const file of ['ingestion.json', 'score_events.json']) {
  const { batch } = JSON.parse(readFileSync(`${golden}/${file}`, 'utf8'));
  for (const item of batch) check(event, item, file);
  console.log(`${file}: ${batch.length} events`);
}
const scores = JSON.parse(readFileSync(`${golden}/scores.json`, 'utf8'));
for (const item of scores) check(score, item, 'scores.json');
console.log(`scores.json: ${scores.length} scores`);

// The validator itself must be able to say no.
if (event({ id: 'x', timestamp: '2026-11-16T08:00:00Z', type: 'span-create', body: { nonsense: 1 } }) ||
    score({ name: 'x' })) {
  console.log('the schema accepts what it must refuse');
  failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
