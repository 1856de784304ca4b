// Phone and desk, light and dark, motion and none.
import { before, test } from "node:test";
import assert from "node:assert/strict";
import { assertNoFaults, openPage } from "./browser.mjs";
import { startCollector } from "./collector.mjs";
import { expectCount, expectText, expectValue } from "./expect.mjs";
import { sendAgent, sendRag } from "./traffic.mjs";

const kPhone = { viewport: { width: 390, height: 844 }, hasTouch: true };
let collector, rag;
before(async () => {
  collector = await startCollector();
  rag = await sendRag(collector);
  await sendAgent(collector);
});

const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const lightness = (colour) => Math.max(...colour.match(/[\d.]+/g).slice(0, 3).map(Number));

// How far the page can be scrolled sideways.
const overhang = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

for (const [view, hash, landmark] of [
  ["the list", "#/traces", ".trace-name"],
  ["the list's filters", "#/traces?user=ada&tag=rag&level=DEFAULT", ".filter-chips"],
  ["a trace", () => `#/traces/${rag.traceId}`, ".tree-row"],
  ["a node", () => `#/traces/${rag.traceId}?node=${rag.ids.generate}`, ".message"],
  ["the sessions", "#/sessions", ".session-row .trace-name"],
  ["a session", "#/sessions/chat-7", ".turn .part"],
  ["the dashboard", "#/dashboard", ".chart canvas"],
]) {
  test(`${view} fits on a phone`, async () => {
    const page = await openPage(collector, typeof hash === "string" ? hash : hash(), kPhone);
    await page.locator(landmark).first().waitFor();

    assert.equal(await overhang(page), 0);
    assertNoFaults(page);
  });
}

test("on a phone a node's details lie over the tree, and lead back to it", async () => {
  const page = await openPage(collector, `#/traces/${rag.traceId}`, kPhone);
  const details = page.getByRole("region", { name: "Details" });
  await expectCount(page.getByRole("treeitem"), 5);
  assert.equal(await details.isVisible(), false);

  await page.getByRole("treeitem").filter({ hasText: "compose answer" }).tap();
  await details.waitFor({ state: "visible" });
  assert.equal(await page.getByRole("tree").isVisible(), false);
  await details.getByRole("button", { name: "Back to the tree" }).tap();

  await page.getByRole("tree").waitFor({ state: "visible" });
  assert.equal(await details.isVisible(), false);
});

test("what is touched on a phone is large enough", async () => {
  const page = await openPage(collector, "#/traces", kPhone);
  await page.locator(".trace-name").first().waitFor();

  const small = await page.locator(".navigation-item:visible, .trace-row:visible:not(.trace-head)").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height).filter((height) => height < 40));

  assert.deepEqual(small, []);
});

test("light or dark is as the system says", async () => {
  const light = await openPage(collector, "", { colorScheme: "light" });
  const dark = await openPage(collector, "", { colorScheme: "dark" });

  assert.ok(lightness(await background(light)) > 230, await background(light));
  assert.ok(lightness(await background(dark)) < 40, await background(dark));
});

test("the reader's choice wins over the system's and is kept", async () => {
  const page = await openPage(collector, "", { colorScheme: "light" });
  await page.getByRole("button", { name: "Dark" }).click();
  await expectValue(async () => lightness(await background(page)) < 40, true, "dark");

  await page.reload();

  await expectText(page.locator(".toolbar h1"), "Traces");
  assert.ok(lightness(await background(page)) < 40, await background(page));
});

// WCAG's contrast of every piece of text with what is painted behind it.
for (const colorScheme of ["light", "dark"]) {
  test(`text has enough contrast when it is ${colorScheme}`, async () => {
    const page = await openPage(collector, `#/traces/${rag.traceId}?node=${rag.ids.generate}`, { colorScheme });
    await page.locator(".message").first().waitFor();
    for (const hash of [null, "#/traces", "#/dashboard"]) {
      if (hash) await page.goto(`${collector}/${hash}`);
      await page.locator(hash === "#/dashboard" ? ".chart canvas" : hash ? ".trace-name" : ".message").first().waitFor();
      assert.deepEqual(await page.evaluate(lowContrast), [], hash ?? "a trace");
    }
  });
}

function lowContrast() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const paint = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const colours = [];
    for (let at = element; at; at = at.parentElement) colours.unshift(getComputedStyle(at).backgroundColor);
    return colours;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const low = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest(".hidden-text, option, :disabled, .is-inside")) continue;
    const ground = behind(element);
    const [a, b] = [paint(ground), paint([...ground, getComputedStyle(element).color])].map(luminance);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) low.push(`${contrast.toFixed(2)} ${element.className}: ${texts.currentNode.data.trim().slice(0, 30)}`);
  }
  return low;
}

test("nothing moves for who wants no motion", async () => {
  const page = await openPage(collector, "", { reducedMotion: "reduce" });
  await expectText(page.locator(".button.live"), "Live");

  const moving = await page.evaluate(() => document.getAnimations().length);

  assert.equal(moving, 0);
});
