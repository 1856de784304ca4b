// Numbers and times as people read them. What is unknown is an en dash, never 0.
const kUnknown = "–";
const kMinute = 60_000;
const kHour = 60 * kMinute;
const kDay = 24 * kHour;

const integers = new Intl.NumberFormat("en-US");

export function formatCount(value) {
  return value == null ? kUnknown : integers.format(value);
}

/// 1234567 -> "1.23M": for tiles and narrow columns.
export function formatCompact(value) {
  if (value == null) return kUnknown;
  if (Math.abs(value) < 10_000) return integers.format(value);
  return new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 }).format(value);
}

export function formatDuration(milliseconds) {
  if (milliseconds == null || Number.isNaN(milliseconds)) return kUnknown;
  if (milliseconds < 0.001) return "0 ms";
  if (milliseconds < 1) return `${Math.round(milliseconds * 1000)} µs`;
  if (milliseconds < 10) return `${trimmed(milliseconds, 1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < kMinute - 5) return `${(milliseconds / 1000).toFixed(2)} s`;
  if (milliseconds < kHour) return pair(milliseconds, kMinute, "m", 1000, "s");
  return pair(milliseconds, kHour, "h", kMinute, "m");
}

function trimmed(value, digits) {
  return String(Number(value.toFixed(digits)));
}

function pair(milliseconds, large, largeName, small, smallName) {
  const whole = Math.round(milliseconds / small) * small;
  return `${Math.floor(whole / large)}${largeName} ${Math.floor((whole % large) / small)}${smallName}`;
}

/// US dollars: as many digits as a price per call needs.
export function formatCost(dollars) {
  if (dollars == null) return kUnknown;
  if (dollars === 0) return "$0";
  if (Math.abs(dollars) < 0.000001) return "<$0.000001";
  if (Math.abs(dollars) < 0.01) return "$" + trimmed(dollars, 6);
  if (Math.abs(dollars) < 1) return "$" + dollars.toFixed(4);
  return "$" + dollars.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

export function formatPercent(part, whole) {
  if (!whole) return kUnknown;
  const percent = (100 * part) / whole;
  return percent === 0 ? "0 %" : `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

export function formatAgo(then, now = Date.now()) {
  if (then == null) return kUnknown;
  const gone = now - then;
  if (gone < 5_000) return "now";
  if (gone < kMinute) return `${Math.floor(gone / 1000)}s ago`;
  if (gone < kHour) return `${Math.floor(gone / kMinute)}m ago`;
  if (gone < kDay) return `${Math.floor(gone / kHour)}h ago`;
  if (gone < 7 * kDay) return `${Math.floor(gone / kDay)}d ago`;
  return new Date(then).toLocaleDateString("en-CA");
}

/// "2026-11-27 02:30:07.123", in the reader's time zone.
export function formatTime(milliseconds) {
  if (milliseconds == null) return kUnknown;
  const date = new Date(milliseconds);
  const two = (value) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time}.${String(Math.floor(date.getMilliseconds())).padStart(3, "0")}`;
}

/// Steps of a time axis that covers `span` in about `wanted` steps: 1, 2 or 5 times a power of ten.
export function tickStep(span, wanted) {
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
}
