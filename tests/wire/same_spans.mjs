// OTLP protobuf must say the same as OTLP JSON:   same_spans.mjs BINARY JSON
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { decodeJson, decodeProtobuf, spansOf } from './otlp.mjs';

const [binaryFile, jsonFile] = process.argv.slice(2);
const decoded = decodeProtobuf(readFileSync(binaryFile));
const json = decodeJson(readFileSync(jsonFile, 'utf8'));

if (!isDeepStrictEqual(decoded, json)) {
  const [left, right] = [spansOf(decoded), spansOf(json)];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    if (isDeepStrictEqual(left[i], right[i])) continue;
    console.log('protobuf:', JSON.stringify(left[i], null, 1), 'JSON:', JSON.stringify(right[i], null, 1));
  }
  process.exit(1);
}
console.log(`protobuf and JSON agree on ${spansOf(json).length} spans`);
