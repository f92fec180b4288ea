import { source as axe, type AxeResults } from "axe-core";
import { reportHtml } from "model-data-collector/monitor";
import type { Page } from "playwright-core";
import { afterAll, describe, expect, test } from "vitest";
import { keepScreenshot, startBrowser } from "../support/browser.ts";
import { monitorResult } from "../support/monitor/monitor-result.ts";
import { nastyStrings } from "../support/nasty-strings.ts";

/** The report, read in a real browser as a file is that somebody was sent. */

const browser = await startBrowser();
const now = new Date("2001-07-13T04:05:06Z");
const page = reportHtml(monitorResult(), { now });

describe.skipIf(browser === undefined)("the report in Chromium", () => {
  afterAll(() => browser?.close());

  test("is read without a script, verdict first, and a feature opens to what was computed", async () => {
    await using shown = await show(page, { javaScriptEnabled: false });
    const { tab } = shown;
    expect(await tab.title()).toContain("3 of 12 features drifted");
    expect(await tab.getByRole("heading", { level: 1 }).innerText()).toContain("3 of 12 features drifted");
    // In the first screen there is all that three seconds are enough for.
    for (const signal of ["Completeness", "Drift", "Quality", "Performance"])
      await expect(tab.getByRole("link", { name: signal }).isVisible()).resolves.toBe(true);
    const feature = tab.locator("details", { hasText: "feature_7" });
    expect(await feature.getByText("normalized Wasserstein distance").isVisible()).toBe(false);
    await feature.locator("summary").click();
    expect(await feature.getByText("normalized Wasserstein distance").isVisible()).toBe(true);
    // Small in the line, large when open; both are drawn, not empty boxes.
    const widths = await Promise.all(
      ["feature_7", "feature_8"].map(async (name) => {
        const chart = tab.locator("details", { hasText: name }).getByRole("img").first();
        return (await chart.boundingBox())?.width ?? 0;
      }),
    );
    expect(widths[0]).toBeGreaterThan(2 * (widths[1] ?? Infinity));
    expect(shown.asked).toEqual([]);
  });

  test.each([
    ["light", { colorScheme: "light", viewport: { width: 1200, height: 900 } }],
    ["dark", { colorScheme: "dark", viewport: { width: 1200, height: 900 } }],
  ] as const)("has nothing that shuts anybody out: %s", async (name, options) => {
    await using shown = await show(page, options);
    const { tab } = shown;
    await keepScreenshot(tab, `report-${name}`);
    await tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
    const { violations, passes } = await tab.evaluate<AxeResults>(`${axe}; axe.run()`);
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    expect(passes.map(({ id }) => id)).toContain("color-contrast");
  });

  test("fits a telephone: wide tables scroll, and the page does not", async () => {
    await using shown = await show(page, { viewport: { width: 360, height: 740 } });
    await keepScreenshot(shown.tab, "report-narrow");
    const overhang = "document.documentElement.scrollWidth - innerWidth";
    expect(await shown.tab.evaluate(overhang)).toBeLessThanOrEqual(0);
  });

  test("shows hostile names as the texts that they are", async () => {
    const hostile = [`"><img src=x onerror=alert(1)>`, "</style><script>alert(1)</script>", ...nastyStrings];
    const names = reportHtml(monitorResult({ features: hostile.length, nameOf: (i) => hostile[i] ?? "" }), {
      now,
    });
    await using shown = await show(names, {});
    const { tab } = shown;
    expect(await tab.locator("img, script, iframe, object, form").count()).toBe(0);
    expect(await tab.locator("summary").first().innerText()).toContain(hostile[0]);
    expect(await tab.locator("summary").count()).toBe(hostile.length);
    expect([shown.asked, shown.said]).toEqual([[], []]);
  });

  test("prints what was breached with its details, in black on white", async () => {
    await using shown = await show(page, { colorScheme: "dark" });
    const { tab } = shown;
    await tab.emulateMedia({ media: "print" });
    const [breached, passed] = ["feature_2", "feature_7"].map((name) =>
      tab.locator("details", { hasText: name }).getByText("rows before"),
    );
    expect(await breached?.isVisible()).toBe(true);
    expect(await passed?.isVisible()).toBe(false);
    const colours = "(({ color, backgroundColor }) => [color, backgroundColor])";
    expect(await tab.evaluate(`${colours}(getComputedStyle(document.querySelector("h2")))`)).toEqual([
      "rgb(0, 0, 0)",
      "rgba(0, 0, 0, 0)",
    ]);
    await keepScreenshot(tab, "report-print");
    const pdf = await tab.pdf({ format: "A4" });
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
  });

  test("opens with 1,000 features, and finds one of them", async () => {
    const many = monitorResult({
      features: 1_000,
      windows: 12,
      nameOf: (index) => `customer_feature_${index}`,
    });
    await using shown = await show(reportHtml(many, { now }), { javaScriptEnabled: false });
    const { tab } = shown;
    expect(await tab.locator("summary").count()).toBe(1_000);
    const last = tab.locator("details", { hasText: "customer_feature_999" });
    await last.locator("summary").click();
    expect(await last.getByText("rows before").isVisible()).toBe(true);
  });
});

/** A page in a tab of its own, with what it asked for from outside and what it said. */
async function show(
  text: string,
  options: NonNullable<Parameters<NonNullable<typeof browser>["newContext"]>[0]>,
): Promise<{ tab: Page; asked: string[]; said: string[] } & AsyncDisposable> {
  if (browser === undefined) throw new Error("no browser");
  const context = await browser.newContext(options);
  const [asked, said]: [string[], string[]] = [[], []];
  const tab = await context.newPage();
  const address = "http://report.test/";
  await context.route("**/*", (route) => {
    const url = route.request().url();
    if (url === address) return route.fulfill({ body: text, contentType: "text/html" });
    asked.push(url);
    return route.abort();
  });
  tab.on("dialog", (dialog) => {
    said.push(dialog.message());
    void dialog.dismiss();
  });
  tab.on("console", (message) => said.push(message.text()));
  await tab.goto(address);
  return { tab, asked, said, [Symbol.asyncDispose]: () => context.close() };
}
