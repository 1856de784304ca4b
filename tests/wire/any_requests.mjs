// Reads a line of JSON for each request, answers it with a line: "same", or what differs. See any_requests.cpp,
// which starts this. A line is {protobuf, json, expected}: both bodies in base64, and what was put in, every text
// of which is in base64, too, so that no writer of JSON text has to be trusted.
import { createInterface } from 'node:readline';
import { isDeepStrictEqual, inspect } from 'node:util';
import { decodeJson, decodeProtobuf, itemsOf } from './otlp.mjs';

const bytes = (base64) => Buffer.from(base64, 'base64');
const text = (base64) => bytes(base64).toString('utf8');
const double = (bits) => Buffer.from(bits, 'hex').readDoubleBE();

// The value that a tree in any_requests.cpp stands for, as JSON has it: no number is not finite there.
function plain([kind, value]) {
  switch (kind) {
    case 'null': return null;
    case 'bool': return value;
    case 'int': return Number(value);
    case 'double': return Number.isFinite(double(value)) ? double(value) : null;
    case 'text': return text(value);
    case 'list': return value.map(plain);
    case 'object': return Object.fromEntries(value.map(([key, member]) => [text(key), plain(member)]));
    default: throw new Error(`no kind ${kind}`);
  }
}

const values = {
  text: (value) => ({ stringValue: text(value) }),
  bool: (value) => ({ boolValue: value }),
  int: (value) => ({ intValue: value }),
  double: (value) => ({ doubleValue: double(value) }),
  texts: (value) => ({ arrayValue: { values: value.map((each) => ({ stringValue: text(each) })) } }),
  json: (value) => ({ stringValue: plain(value) }),
};

const attributes = (given) =>
  given.map(({ key, kind, value }) => ({ key: text(key), value: values[kind](value) }));

const present = (member, isPresent) => (isPresent ? member : {});

// What was put into a span, in the form of the JSON mapping: there is no member for what is not said.
function span(given) {
  const { parentSpanId, status, context, droppedAttributesCount, droppedEventsCount, events } = given;
  const message = status && text(status);
  return {
    traceId: given.traceId,
    spanId: given.spanId,
    name: text(given.name),
    kind: given.kind,
    startTimeUnixNano: given.startTimeUnixNano,
    endTimeUnixNano: given.endTimeUnixNano,
    attributes: attributes(given.attributes),
    events: events.map((each) => ({ ...each, name: text(each.name), attributes: attributes(each.attributes) })),
    ...present({ parentSpanId }, parentSpanId !== null),
    ...present({ status: { code: 2, ...present({ message }, message) } }, status !== null),
    ...present({ flags: context?.flags }, context),
    ...present({ traceState: text(context?.traceState ?? '') }, context?.traceState),
    ...present({ droppedAttributesCount }, droppedAttributesCount > 0),
    ...present({ droppedEventsCount }, droppedEventsCount > 0),
  };
}

// The attributes of `got` that hold JSON text, by `wanted`, are replaced by what that says.
function readJson(got, wanted) {
  wanted.forEach(({ kind }, i) => {
    const value = got[i]?.value;
    if (kind === 'json' && typeof value?.stringValue === 'string') value.stringValue = JSON.parse(value.stringValue);
  });
}

// Lists that are empty may be left out.
function readSpan(got, wanted) {
  readJson((got.attributes ??= []), wanted?.attributes ?? []);
  (got.events ??= []).forEach((event, i) => readJson((event.attributes ??= []), wanted?.events[i]?.attributes ?? []));
}

function readSpans(body, expected) {
  const spans = itemsOf(body, 'trace');
  spans.forEach((each, i) => readSpan(each, expected.spans[i]));
  const resource = body.resourceSpans[0].resource?.attributes ?? [];
  return [{ spans, resource }, { spans: expected.spans.map(span), resource: attributes(expected.resource) }];
}

// Of an observation, what the conventions leave no choice about.
function readObservations(body, { observations }) {
  const spans = itemsOf(body, 'trace');
  const seen = spans.map((each, i) => {
    const wanted = observations[i];
    const values = new Map(each.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
    const textOf = (key) => values.get(key) ?? '';
    const said = (side) => {
      if (wanted.isGeneration) return JSON.parse(values.get(`gen_ai.${side}.messages`))[0].parts[0].content;
      const value = values.get(`${side}.value`);
      return values.get(`${side}.mime_type`) === 'application/json' ? JSON.parse(value) : value;
    };
    return {
      name: each.name,
      user: textOf('user.id'),
      session: textOf('session.id'),
      tags: (values.get('llmtrace.tags')?.values ?? []).map((tag) => tag.stringValue),
      said: textOf('llmtrace.metadata.said'),
      status: { code: each.status?.code ?? 0, message: each.status?.message ?? '' },
      model: textOf('gen_ai.request.model'),
      provider: textOf('gen_ai.provider.name'),
      numbers: ['gen_ai.request.temperature', 'llmtrace.cost.total'].map((key) => Number(values.get(key) ?? 0)),
      tokens: ['gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens'].map((key) => Number(values.get(key) ?? 0)),
      input: said('input'),
      output: said('output'),
      startTimeUnixNano: each.startTimeUnixNano,
      endTimeUnixNano: each.endTimeUnixNano,
    };
  });
  const given = ([kind, value]) => (kind === 'json' ? plain(value) : text(value));
  const wanted = observations.map((each) => ({
    name: (each.isGeneration && text(each.model) && `chat ${text(each.model)}`) || text(each.name) || (each.isGeneration ? 'chat' : 'span'),
    user: text(each.user),
    session: text(each.session),
    tags: [...new Set(each.tags.map(text))],
    said: text(each.said),
    status: { code: each.error ? 2 : 0, message: text(each.error) },
    model: text(each.model),
    provider: text(each.provider),
    numbers: [double(each.temperature), double(each.cost)],
    tokens: [each.inputTokens, each.outputTokens],
    input: given(each.input),
    output: given(each.output),
    startTimeUnixNano: each.startTimeUnixNano,
    endTimeUnixNano: each.endTimeUnixNano,
  }));
  return [seen, wanted];
}

function readLogs(body, expected) {
  const seen = itemsOf(body, 'logs').map((log, i) => {
    readJson((log.attributes ??= []), expected.logs[i]?.attributes ?? []);
    const { timeUnixNano, observedTimeUnixNano, traceId = null, spanId = null, flags = 0, droppedAttributesCount = 0 } = log;
    const { severityNumber = 0, severityText = '', body: said = { stringValue: '' }, eventName = '' } = log;
    const texts = { severityText, said: said.stringValue, eventName };
    return { timeUnixNano, observedTimeUnixNano, traceId, spanId, flags, severityNumber, ...texts, attributes: log.attributes, droppedAttributesCount };
  });
  const wanted = expected.logs.map((log) => ({
    timeUnixNano: log.timeUnixNano,
    observedTimeUnixNano: log.timeUnixNano,
    traceId: log.traceId,
    spanId: log.spanId,
    flags: log.flags,
    severityNumber: log.severityNumber,
    severityText: text(log.severityText),
    said: text(log.body),
    eventName: text(log.eventName),
    attributes: attributes(log.attributes),
    droppedAttributesCount: log.droppedAttributesCount,
  }));
  return [seen, wanted];
}

function seenMetric({ name = '', description = '', unit = '', gauge, sum, histogram }) {
  const numbers = gauge ?? sum ?? histogram;
  const kind = (gauge && 'gauge') ?? (histogram && 'histogram') ?? (sum.isMonotonic ? 'counter' : 'upDownCounter');
  const points = numbers.dataPoints.map(({ attributes: labels = [], bucketCounts = [], explicitBounds = [], ...point }) =>
    histogram ? { labels, bucketCounts, explicitBounds, ...point } : { labels, ...point });
  return { name, description, unit, kind, temporality: numbers.aggregationTemporality, points };
}

function wantedPoint(point, { type, isDelta, timeUnixNano, bounds }) {
  const common = {
    labels: attributes(point.attributes).filter(({ value }) => value.stringValue !== ''),
    timeUnixNano,
    ...present({ startTimeUnixNano: point.startTimeUnixNano }, type !== 'gauge'),
  };
  if (type !== 'histogram') return { ...common, asDouble: double(point.value) };
  return {
    ...common,
    count: point.count,
    sum: double(point.sum),
    bucketCounts: point.buckets,
    explicitBounds: bounds.map(double),
    ...present({ min: double(point.min), max: double(point.max) }, !isDelta && point.count !== '0'),
  };
}

function readMetrics(body, expected) {
  const wanted = expected.metrics.map((metric) => ({
    name: text(metric.name),
    description: text(metric.description),
    unit: text(metric.unit),
    kind: metric.type,
    temporality: metric.type === 'gauge' ? undefined : metric.isDelta ? 1 : 2,
    points: metric.points.map((point) => wantedPoint(point, metric)),
  }));
  return [itemsOf(body, 'metrics').map(seenMetric), wanted];
}

// By what is expected: of which signal the request is, and what of it is compared.
const readers = {
  spans: { signal: 'trace', read: readSpans },
  observations: { signal: 'trace', read: readObservations },
  logs: { signal: 'logs', read: readLogs },
  metrics: { signal: 'metrics', read: readMetrics },
};

function answer(line) {
  const { protobuf, json, expected } = JSON.parse(line);
  const { signal, read } = Object.entries(readers).find(([name]) => name in expected)[1];
  const bodies = { protobuf: decodeProtobuf(bytes(protobuf), signal), JSON: decodeJson(text(json)) };
  for (const [what, body] of Object.entries(bodies)) {
    const [seen, wanted] = read(body, expected);
    if (isDeepStrictEqual(seen, wanted)) continue;
    return `${what}: ${inspect(seen, { depth: 12 })}, not ${inspect(wanted, { depth: 12 })}`;
  }
  return 'same';
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    reply = answer(line);
  } catch (error) {
    reply = error.stack;
  }
  process.stdout.write(`${reply.replaceAll('\n', ' ')}\n`);
}
