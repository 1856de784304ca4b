// The golden bodies for LangSmith:   validate_langsmith.mjs SCHEMA GOLDEN_DIR HEADERS
// - multipart bodies are read by two parsers that are not ours, and every part says its length
// - what the parts hold, and every JSON body, fits the schemas of LangSmith's OpenAPI description
// - ids, times and paths are what the official client makes of them; HEADERS is what it wrote
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseMultipart } from '@mjackson/multipart-parser';
import Ajv2019 from 'ajv/dist/2019.js';
import { getUuidVersion } from 'langsmith/lib/utils/_uuid';
import { RunTree } from 'langsmith/run_trees';

const [schemaFile, golden, headersFile] = process.argv.slice(2);
const boundary = 'golden-boundary';
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const outOfBand = ['inputs', 'outputs', 'events', 'extra', 'error', 'serialized'];

const ajv = new Ajv2019({ allErrors: true, strict: false, formats: { uuid, 'date-time': time } });
ajv.addSchema(JSON.parse(readFileSync(schemaFile, 'utf8')));
const schema = (name) => ajv.compile({ $ref: `langsmith#/$defs/${name}` });
const run = schema('runs.Run');
const feedback = schema('FeedbackCreateSchema');

const bytes = (file) => readFileSync(`${golden}/${file}`);
const json = (file) => JSON.parse(bytes(file));

function fits(validate, value) {
  assert(validate(value), `${JSON.stringify(value, null, 1)}\n${JSON.stringify(validate.errors, null, 1)}`);
}

// The parts as {name, type, data}, in their order.
async function partsOf(file) {
  const body = bytes(file);
  const parts = [...parseMultipart(body, { boundary })].map((part) => {
    assert.equal(part.headers.get('content-length'), String(part.bytes.length), `${file} ${part.name}`);
    assert.equal(part.filename, undefined);
    return { name: part.name, type: part.mediaType, data: Buffer.from(part.bytes) };
  });
  const form = await new Response(body, {
    headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
  }).formData();
  assert.deepEqual([...form.keys()], parts.map((part) => part.name));
  return parts;
}

// {post: [run], patch: [run]} with each run's other parts put in, and the attachments.
async function runsOf(file) {
  const runs = { post: [], patch: [], attachments: [] };
  let last;
  for (const { name, type, data } of await partsOf(file)) {
    const [operation, id, field, ...rest] = name.split('.');
    assert.match(id, uuid);
    assert.equal(rest.length, 0, name);
    if (operation === 'attachment') {
      assert.equal(id, last.id);
      runs.attachments.push({ run: id, name: field, type, data });
      continue;
    }
    assert.equal(type, 'application/json', name);
    const value = JSON.parse(data);
    if (field === undefined) {
      last = value;
      assert.equal(last.id, id);
      outOfBand.forEach((key) => assert(!(key in last), `${name} holds ${key}`));
      runs[operation].push(last);
    } else {
      assert(outOfBand.includes(field) && id === last.id && !(field in last), name);
      last[field] = value;
    }
  }
  return runs;
}

// What the official client reads from the run's place is what the run says of itself.
function placeIsRight(one) {
  const read = RunTree.fromHeaders({ 'langsmith-trace': one.dotted_order });
  assert.equal(read.id, one.id);
  assert.equal(read.trace_id, one.trace_id);
  const child = read.createChild({ name: 'child' });
  assert.equal(child.trace_id, one.trace_id);
  assert.equal(child.parent_run.id, one.id);
  assert(child.dotted_order.startsWith(`${one.dotted_order}.`));

  const segments = one.dotted_order.split('.');
  segments.forEach((segment) => assert.match(segment, /^\d{8}T\d{12}Z[0-9a-f-]{36}$/));
  assert.deepEqual(segments, [...segments].sort(), 'a child starts before its parent');
  assert.equal(segments.at(-1), one.start_time.replace(/[-:.]/g, '') + one.id);
  if (segments.length === 1) {
    assert.equal(one.parent_run_id, undefined);
    assert.equal(one.trace_id, one.id);
  } else {
    const parent = RunTree.fromHeaders({ 'langsmith-trace': segments.slice(0, -1).join('.') });
    assert.equal(parent.id, one.parent_run_id);
  }
}

function idIsRight(one) {
  assert.equal(getUuidVersion(one.id), 7);
  assert.equal(parseInt(one.id.replace(/-/g, '').slice(0, 12), 16), Date.parse(one.start_time));
}

function runsAreRight(runs) {
  for (const one of runs) {
    fits(run, one);
    assert.match(one.start_time, time);
    if (one.end_time) assert.match(one.end_time, time);
    placeIsRight(one);
    idIsRight(one);
  }
}

const all = await runsOf('langsmith_runs.multipart');
runsAreRight(all.post);
assert.equal(all.patch.length, 0);
assert.deepEqual(new Set(all.post.map((one) => one.run_type)),
  new Set(['chain', 'llm', 'retriever', 'tool', 'embedding', 'prompt', 'parser']));
assert.deepEqual(all.attachments.map(({ name, type, data }) => [name, type, data.length]),
  [['request', 'application/octet-stream', 23], ['note_é', 'text/plain', 0]]);
console.log(`multipart: ${all.post.length} runs, ${all.attachments.length} attachments`);

// Of what cannot travel that way the names are told.
for (const one of all.post) {
  const left = all.attachments.filter(({ run }) => run === one.id).map(({ name }) => name);
  if (left.length === 0) continue;
  one.extra ??= {};
  one.extra.metadata = { ...one.extra.metadata, attachments_left_out: left };
}
const batch = json('langsmith_runs.json');
assert.deepEqual(batch, { post: all.post, patch: [] });
console.log('the batch form says the same');

const open = await runsOf('langsmith_open.multipart');
const ends = [await runsOf('langsmith_child_end.multipart'), await runsOf('langsmith_root_end.multipart')];
const end = { post: ends.flatMap((one) => one.post), patch: ends.flatMap((one) => one.patch) };
const byId = (runs) => [...runs].map((one) => one.id).sort();
assert.deepEqual([open.patch.length, end.post.length], [0, 0]);
assert.deepEqual(byId(open.post), byId(end.patch));
runsAreRight([...open.post, ...end.patch]);
open.post.forEach((one) => assert(!('end_time' in one)));
for (const one of end.patch) {
  assert(one.end_time);
  const posted = open.post.find((other) => other.id === one.id);
  for (const key of ['trace_id', 'parent_run_id', 'dotted_order', 'start_time', 'session_name']) {
    assert.equal(one[key], posted[key]);
  }
}
console.log(`${end.patch.length} runs posted open, then patched`);

const bodyParts = await partsOf('langsmith_feedback.multipart');
const feedbackParts = bodyParts.filter(({ name }) => name.startsWith('feedback.'));
assert(bodyParts.length > feedbackParts.length && feedbackParts.length > 0, 'feedback beside a run');
for (const { name, type, data } of feedbackParts) {
  const value = JSON.parse(data);
  fits(feedback, value);
  assert.equal(name, `feedback.${value.id}`);
  assert.equal(type, 'application/json');
  assert(value.trace_id);
}
console.log(`multipart: ${feedbackParts.length} of feedback`);
for (const [file, name] of [
  ['langsmith_feedback.json', 'FeedbackCreateSchema'],
  ['langsmith_feedback_update.json', 'FeedbackUpdateSchema'],
  ['langsmith_token.json', 'FeedbackIngestTokenCreateSchema'],
  ['langsmith_token_feedback.json', 'FeedbackCreateWithTokenExtendedSchema'],
]) {
  fits(schema(name), json(file));
  console.log(`${file}: ${name}`);
}

// A trace goes from the official client through ours to the official client.
const headersOf = (text) => Object.fromEntries(text.trim().split('\n').map((line) => line.split(': ')));
const caller = RunTree.fromHeaders(headersOf(readFileSync(headersFile, 'utf8')));
const { post: [continued] } = await runsOf('langsmith_continued.multipart');
fits(run, continued);
placeIsRight(continued);
idIsRight(continued);
assert.equal(continued.trace_id, caller.trace_id);
assert.equal(continued.parent_run_id, caller.id);
assert(continued.dotted_order.startsWith(`${caller.dotted_order}.`));
assert.equal(continued.session_name, caller.project_name);
assert.deepEqual(continued.tags, caller.tags);
for (const [key, value] of Object.entries(caller.extra.metadata)) {
  assert.equal(continued.extra.metadata[key], value);
}
const onward = RunTree.fromHeaders(headersOf(bytes('langsmith_headers.txt').toString()));
assert.equal(onward.id, continued.id);
assert.equal(onward.trace_id, caller.trace_id);
assert.equal(onward.dotted_order, continued.dotted_order);
assert.equal(onward.project_name, caller.project_name);
assert.deepEqual(onward.tags, caller.tags);
assert.deepEqual(onward.extra.metadata, caller.extra.metadata);
console.log('the official client reads our headers, and we read its');

// The validators must be able to say no.
assert(!run({ id: 'x', run_type: 'generation' }) && !run({ nonsense: 1 }) && !feedback({ score: 1 }));
assert(!feedback({ key: 'k', run_id: 'no uuid' }));
