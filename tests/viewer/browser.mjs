// Debian's Chromium without a window. Each page remembers what no page of ours may do: errors of scripts,
// messages in the console, dialogs, requests that leave the collector, violations of the Content-Security-Policy.
import assert from "node:assert/strict";
import { after } from "node:test";
import { chromium } from "playwright-core";

const kDeadline = 10_000;
let browser = null;
after(() => browser?.close());

async function launched() {
  if (browser) return browser;
  const names = "MAP *.example 127.0.0.1"; // names that somebody let point to this machine
  const args = ["--no-sandbox", "--no-proxy-server", "--disable-dev-shm-usage", `--host-resolver-rules=${names}`];
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
  return browser;
}

/// A browser that nobody used before, with playwright's `options`.
export async function newContext(options = {}) {
  const context = await (await launched()).newContext({ viewport: { width: 1280, height: 800 }, ...options });
  after(() => context.close());
  context.setDefaultTimeout(kDeadline);
  return context;
}

/// A page of its own context at `collector`'s `hash`. page.faults lists what went wrong on it.
export async function openPage(collector, hash = "", options = {}) {
  const page = await (await newContext(options)).newPage();
  await watch(page, collector);
  await page.goto(`${collector}/${hash}`);
  return page;
}

async function watch(page, collector) {
  page.faults = [];
  const fault = (kind) => (what) => page.faults.push(`${kind}: ${what}`);
  page.on("pageerror", (error) => fault("script")(error.stack));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && fault("console")(message.text()));
  page.on("dialog", (dialog) => {
    fault("dialog")(dialog.message());
    dialog.dismiss();
  });
  page.on("request", (request) => isForeign(request.url(), collector) && fault("request")(request.url()));
  await page.exposeFunction("reportViolation", fault("policy"));
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (event) => reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`)));
}

function isForeign(url, collector) {
  return !url.startsWith(collector + "/") && !/^(data|blob|about):/.test(url);
}

export function assertNoFaults(page) {
  assert.deepEqual(page.faults, []);
}
