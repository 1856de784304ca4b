// Spans as an OpenTelemetry program sends them: OTLP JSON to /v1/traces.
import { randomBytes } from "node:crypto";
import { post } from "./collector.mjs";

export const newTraceId = () => randomBytes(16).toString("hex");
export const newSpanId = () => randomBytes(8).toString("hex");

/// `start` and `end` are milliseconds, counted from `epoch` (default: a minute ago).
export function span({ traceId, id = newSpanId(), parent, name, start = 0, end = 100, epoch = Date.now() - 60_000, attributes = {}, error, events = [] }) {
  return {
    traceId,
    spanId: id,
    ...(parent ? { parentSpanId: parent } : {}),
    name,
    kind: 1,
    startTimeUnixNano: nanoseconds(epoch + start),
    endTimeUnixNano: nanoseconds(epoch + end),
    attributes: keyValues(attributes),
    events: events.map((event) => ({ name: event.name, timeUnixNano: nanoseconds(epoch + (event.at ?? start)), attributes: keyValues(event.attributes ?? {}) })),
    status: error === undefined ? {} : { code: 2, message: error },
  };
}

function nanoseconds(milliseconds) {
  return String(BigInt(Math.round(milliseconds * 1000)) * 1000n);
}

function keyValues(object) {
  return Object.entries(object).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value) {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (Number.isInteger(value)) return { intValue: String(value) };
  if (typeof value === "number") return { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { stringValue: JSON.stringify(value) };
}

export function traceBody(spans, resource = { "service.name": "viewer-tests" }) {
  return { resourceSpans: [{ resource: { attributes: keyValues(resource) }, scopeSpans: [{ scope: { name: "tests" }, spans }] }] };
}

export async function sendSpans(collector, spans) {
  await post(`${collector}/v1/traces`, traceBody(spans));
}

/// Log lines as [{traceId, spanId, at, severity, body, attributes}], to /v1/logs.
export async function sendLogs(collector, lines) {
  const logRecords = lines.map(({ traceId, spanId, at, severity = "INFO", number = 9, body, attributes = {} }) => ({
    traceId, spanId, timeUnixNano: nanoseconds(at), severityText: severity, severityNumber: number, body: anyValue(body), attributes: keyValues(attributes),
  }));
  await post(`${collector}/v1/logs`, { resourceLogs: [{ resource: { attributes: [] }, scopeLogs: [{ scope: { name: "tests" }, logRecords }] }] });
}
