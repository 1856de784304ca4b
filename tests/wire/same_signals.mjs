// OTLP logs and metrics in protobuf, decoded by protobufjs, must say the same as in JSON:
//   same_signals.mjs PROTOS logs|metrics BINARY JSON
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import protobuf from 'protobufjs';

const [protos, signal, binaryFile, jsonFile] = process.argv.slice(2);
const root = new protobuf.Root();
root.resolvePath = (_, target) => `${protos}/${target}`;
root.loadSync(`opentelemetry/proto/collector/${signal}/v1/${signal}_service.proto`);
const name = signal[0].toUpperCase() + signal.slice(1);
const type = root.lookupType(`opentelemetry.proto.collector.${signal}.v1.Export${name}ServiceRequest`);
const decoded = type.toObject(type.decode(readFileSync(binaryFile)), { longs: String });
const json = JSON.parse(readFileSync(jsonFile, 'utf8'));

// OTLP's JSON mapping: ids in hexadecimal, 64-bit integers as strings. An empty list is no list; eventName is
// younger than these .proto files, oracle.sh looks for it in what protoc prints.
function normal(value) {
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(normal);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value)
    .filter(([key, member]) => key !== 'eventName' && !(Array.isArray(member) && member.length === 0))
    .map(([key, member]) => [key, normal(member)]));
}

const [left, right] = [normal(decoded), normal(json)];
if (!isDeepStrictEqual(left, right)) {
  console.log('protobuf:', JSON.stringify(left, null, 1), 'JSON:', JSON.stringify(right, null, 1));
  process.exit(1);
}
console.log(`protobuf and JSON agree on ${jsonFile.split('/').pop()}`);
