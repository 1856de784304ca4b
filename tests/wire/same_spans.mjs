// OTLP protobuf, decoded by protobufjs, must say the same as OTLP JSON:   same_spans.mjs PROTOS BINARY JSON
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import protobuf from 'protobufjs';

const [protos, binaryFile, jsonFile] = process.argv.slice(2);
const root = new protobuf.Root();
root.resolvePath = (_, target) => `${protos}/${target}`;
root.loadSync('opentelemetry/proto/collector/trace/v1/trace_service.proto');
// OpenTelemetry's field of 2023, which these .proto files are too old for.
root.lookupType('opentelemetry.proto.trace.v1.Span').add(new protobuf.Field('flags', 16, 'fixed32'));
const type = root.lookupType('opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest');
const decoded = type.toObject(type.decode(readFileSync(binaryFile)), { longs: String });
const json = JSON.parse(readFileSync(jsonFile, 'utf8'));

// OTLP's JSON mapping: ids in hexadecimal, 64-bit integers as strings. Ids differ from run to run only
// by the seed, which is the same for both files.
function normal(value) {
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(normal);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, normal(member)]));
}

const spans = (body) => body.resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans));
if (!isDeepStrictEqual(normal(decoded), json)) {
  const [left, right] = [spans(normal(decoded)), spans(json)];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    if (isDeepStrictEqual(left[i], right[i])) continue;
    console.log('protobuf:', JSON.stringify(left[i], null, 1), 'JSON:', JSON.stringify(right[i], null, 1));
  }
  process.exit(1);
}
console.log(`protobuf and JSON agree on ${spans(json).length} spans`);
