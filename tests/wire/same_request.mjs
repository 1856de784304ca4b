// An OTLP request in protobuf must say the same as in JSON:   same_request.mjs trace|logs|metrics BINARY JSON
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { decodeJson, decodeProtobuf, itemsOf } from './otlp.mjs';

const [signal, binaryFile, jsonFile] = process.argv.slice(2);
const decoded = withoutEmptyLists(decodeProtobuf(readFileSync(binaryFile), signal));
const json = withoutEmptyLists(decodeJson(readFileSync(jsonFile, 'utf8')));

// An empty list is no list.
function withoutEmptyLists(value) {
  if (Array.isArray(value)) return value.map(withoutEmptyLists);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).filter(([, member]) => !(Array.isArray(member) && member.length === 0));
  return Object.fromEntries(members.map(([key, member]) => [key, withoutEmptyLists(member)]));
}

if (!isDeepStrictEqual(decoded, json)) {
  const [left, right] = [itemsOf(decoded, signal), itemsOf(json, signal)];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    if (isDeepStrictEqual(left[i], right[i])) continue;
    console.log('protobuf:', JSON.stringify(left[i], null, 1), 'JSON:', JSON.stringify(right[i], null, 1));
  }
  process.exit(1);
}
console.log(`protobuf and JSON agree on ${itemsOf(json, signal).length} of ${jsonFile.split('/').pop()}`);
