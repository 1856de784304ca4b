// OTLP requests, decoded by programs that are not ours: protobuf by the code that OpenTelemetry's own exporter has
// generated from the .proto files, JSON by Node. Both give the form of OTLP's JSON mapping: ids in hexadecimal,
// 64-bit integers as strings.
import root from '@opentelemetry/otlp-transformer/build/src/generated/root.js';

const { trace, logs, metrics } = root.opentelemetry.proto.collector;
const types = {
  trace: trace.v1.ExportTraceServiceRequest,
  logs: logs.v1.ExportLogsServiceRequest,
  metrics: metrics.v1.ExportMetricsServiceRequest,
};

export function decodeProtobuf(bytes, signal = 'trace') {
  const type = types[signal];
  return normal(type.toObject(type.decode(bytes), { longs: String }));
}

export function decodeJson(text) {
  return JSON.parse(text);
}

const lists = {
  trace: ['resourceSpans', 'scopeSpans', 'spans'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
};

// The spans, log records or metrics of a request.
export function itemsOf(body, signal) {
  return lists[signal].reduce((values, name) => values.flatMap((value) => value[name]), [body]);
}

function normal(value) {
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(normal);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, normal(member)]));
}
