// Waiting for what a page is to show: each has a deadline and says what it saw instead.
import assert from "node:assert/strict";

const kDeadline = 10_000;

/// Until the text of `locator` is `wanted` (a string) or matches it (a RegExp).
export async function expectText(locator, wanted) {
  await expectValue(async () => ((await locator.count()) ? ((await locator.first().textContent()) ?? "").trim() : null), wanted, String(locator));
}

/// Until as many elements are there.
export async function expectCount(locator, wanted) {
  await expectValue(() => locator.count(), wanted, `number of ${locator}`);
}

/// Until the texts of all elements are these.
export async function expectTexts(locator, wanted) {
  await expectValue(async () => (await locator.allTextContents()).map((text) => text.trim()), wanted, String(locator));
}

export async function expectAttribute(locator, name, wanted) {
  await expectValue(async () => ((await locator.count()) ? locator.first().getAttribute(name) : null), wanted, `${name} of ${locator}`);
}

/// Until what `read` gives is `wanted`.
export async function expectValue(read, wanted, what) {
  const end = Date.now() + kDeadline;
  for (;;) {
    const seen = await read();
    if (fits(seen, wanted)) return;
    if (Date.now() > end) assert.fail(`${what}: ${JSON.stringify(seen)} instead of ${wanted instanceof RegExp ? wanted : JSON.stringify(wanted)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function fits(seen, wanted) {
  if (wanted instanceof RegExp) return typeof seen === "string" && wanted.test(seen);
  try {
    assert.deepEqual(seen, wanted);
    return true;
  } catch {
    return false;
  }
}
