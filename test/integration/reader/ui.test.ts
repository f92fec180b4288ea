import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keepScreenshot, startBrowser } from "../../support/browser.ts";
import { startAzurite } from "../../support/azurite.ts";
import { runNode } from "../../support/child.ts";
import { root as project } from "../../support/packed-project.ts";
import { disposableFolder } from "../../support/temp-folder.ts";
import { storeUiData, type UiData } from "../../support/ui-data.ts";
import { storeFile } from "../../unit/reader/stored-data.ts";
import { unusableLog, unusableLogRoot } from "../../unit/reader/unusable-log.ts";
import { shownText } from "../../../src/cli/ui/answers.ts";

/** What `mdc ui` shows, looked at in a real browser. */

const main = join(project, "dist/cli/main.js");
const browser: Browser | undefined = await startBrowser();
let folder: Awaited<ReturnType<typeof disposableFolder>>;
let destination: string;
let data: UiData;
let server: Served;

beforeAll(async () => {
  folder = await disposableFolder();
  destination = join(folder.path, "collected");
  data = await storeUiData(destination, join(folder.path, "spool"));
  server = await serve(destination);
});

afterAll(async () => {
  server?.child.kill("SIGKILL");
  await browser?.close();
  await folder?.[Symbol.asyncDispose]();
});

describe("the server", () => {
  test("gives data to whoever has the token, at this address, and to no other site's page", async () => {
    const { host, token } = server;
    const own = { host, authorization: `Bearer ${token}` };
    expect((await get("/api/overview", own)).status).toBe(200);
    expect((await get("/api/overview", { host })).status).toBe(401);
    expect((await get("/api/overview", { host, authorization: `Bearer ${token}x` })).status).toBe(401);
    expect((await get("/api/overview", { ...own, origin: "http://evil.example" })).status).toBe(401);
    expect((await get("/api/overview", { ...own, "sec-fetch-site": "cross-site" })).status).toBe(401);
    // DNS rebinding: the browser asks this address by a name that is not its own.
    expect((await get("/api/overview", { ...own, host: "evil.example" })).status).toBe(421);
    expect((await get("/", { host: `evil.example:${host.split(":")[1]}` })).status).toBe(421);
  });

  test("has the files of the page and the answers, and nothing else", async () => {
    const { host, token } = server;
    const own = { host, authorization: `Bearer ${token}` };
    for (const path of [
      "/../package.json",
      "/page.js/..",
      "/api/toString",
      "/api/",
      "/%2e%2e/x",
      "/collected",
    ])
      expect((await get(path, own)).status, path).toBe(404);
    expect((await get("/api/overview", own, "POST")).status).toBe(405);
    const ref = "flights/blue/model_inputs/inference_date=2026-11-22/x.parquet";
    expect(await get(`/api/body?ref=${encodeURIComponent(ref)}`, own)).toMatchObject({ status: 400 });
    const wrong = await get("/api/found?where=nonsense", own);
    expect(wrong).toMatchObject({ status: 400, text: expect.stringContaining("expected a column") });
    const page = await get("/", { host });
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(page.text).not.toContain(token);
  });

  test("answers for the other collections where a Delta log cannot be used, and names that", async () => {
    const beside = await serve(await unusableLogRoot());
    try {
      const answer = async (path: string): Promise<unknown> => {
        const headers = { host: beside.host, authorization: `Bearer ${beside.token}` };
        const { status, text } = await get(path, headers, "GET", beside);
        expect(status, text).toBe(200);
        return (JSON.parse(text.trim().split("\n").at(-1) as string) as { answer: unknown }).answer;
      };
      const unreadable = {
        count: 1,
        first: [
          { path: unusableLog, reason: expect.stringContaining("does not say what the table is") as string },
        ],
      };
      const collections = [{ collection: "inputs" }, { collection: "outputs" }];
      expect(await answer("/api/overview")).toMatchObject({ collections, unreadable });
      expect(await answer("/api/volume")).toMatchObject({
        series: [
          { collection: "inputs", verdict: "short" },
          { collection: "outputs", rows: 2 },
        ],
      });
      for (const question of ["columns", "profile"]) {
        const of = (collection: string) =>
          `/api/${question}?endpoint=flights&deployment=blue&collection=${collection}`;
        expect(await answer(of("outputs"))).toMatchObject({ rows: 2, unreadable: { count: 0 } });
        expect(await answer(of("inputs"))).toMatchObject({ rows: 0, unreadable });
      }
    } finally {
      beside.child.kill("SIGKILL");
    }
  });
});

describe.skipIf(browser === undefined)("the page", () => {
  test("shows the collections, what came when, and what cannot be read", async () => {
    await using view = await open("");
    const { page } = view;
    await page.getByRole("table", { name: "Collections" }).waitFor();
    const stored = await duckdb(`select count(*)::int as rows from '${files("model_inputs")}'`);
    const row = page.getByRole("row", { name: /^model_inputs/ });
    expect(await row.getByRole("cell").nth(1).textContent()).toBe(String(stored[0]?.["rows"]));
    expect(await row.textContent()).toContain("short");
    expect(await page.getByRole("group", { name: "Gaps" }).textContent()).toContain(
      "1 file that cannot be read",
    );
    await row.getByRole("link").click();
    await page.getByRole("heading", { level: 1, name: "model_inputs" }).waitFor();
    const alert = page.getByRole("alert").first();
    await alert.waitFor();
    expect(await alert.textContent()).toContain(data.broken);
  });

  test("names a Delta log that cannot be used beside the other collections", async () => {
    const beside = await serve(await unusableLogRoot());
    try {
      await using view = await open("", {}, beside);
      const { page } = view;
      const row = page.getByRole("row", { name: /^outputs/ });
      await row.waitFor();
      expect(await row.getByRole("cell").nth(1).textContent()).toBe("2");
      expect(await page.getByRole("alert").textContent()).toContain(unusableLog);
    } finally {
      beside.child.kill("SIGKILL");
    }
  });

  test("shows in a histogram what DuckDB counts", async () => {
    await using view = await open(`column?${place("model_inputs")}&column=distance&range=all`);
    const { page } = view;
    expect(await page.getByRole("img").getAttribute("aria-label")).toMatch(
      /^Histogram of 480 values from 150 /,
    );
    await page.getByText("As a table").click();
    const bins = await page
      .locator("details tbody tr")
      .evaluateAll((rows) =>
        rows.map((row) => [...row.children].map((cell) => Number(cell.textContent?.replaceAll(/[,%]/g, "")))),
      );
    expect(bins.length).toBeGreaterThan(10);
    const between = bins.map(
      ([from, to]) => `count(*) filter (distance >= ${from} and distance < ${to})::int`,
    );
    const [counted] = await duckdb(`select [${between.join(", ")}] as bins from '${files("model_inputs")}'`);
    expect(counted).toEqual({ bins: bins.map(([, , count]) => count) });
    // A bin leads to its rows.
    await page.locator("details tbody tr a").first().click();
    await page
      .locator("main")
      .getByText(`${String(bins[0]?.[2])} rows.`, { exact: true })
      .waitFor();
    const sum = bins.reduce((total, [, , count]) => total + (count ?? 0), 0);
    expect(await duckdb(`select count(distance)::int as n from '${files("model_inputs")}'`)).toEqual([
      { n: sum },
    ]);
  });

  test("leads from a value to its request, inputs beside outputs", async () => {
    await using view = await open("");
    const { page } = view;
    await page.keyboard.press("/");
    await page.keyboard.type("order_id=A-17");
    await page.keyboard.press("Enter");
    await page.locator("main").getByText("1 row.", { exact: true }).waitFor();
    await page.getByRole("rowheader").getByRole("link").click();
    await page.getByRole("heading", { level: 2, name: "Timeline" }).waitFor();
    const [input, output] = await Promise.all(
      ["model_inputs", "model_outputs"].map((name) => page.getByRole("article", { name }).boundingBox()),
    );
    expect(input?.y).toBe(output?.y);
    expect(output?.x).toBeGreaterThan((input?.x ?? 0) + (input?.width ?? 0));
    const article = page.getByRole("article", { name: "model_inputs" });
    expect(await article.getByRole("row", { name: /^order_id/ }).textContent()).toBe("order_idA-16A-17");
    await keepScreenshot(page, "ui/request");
  });

  test("shows bodies as they are, to the last digit", async () => {
    await using view = await open(`request?id=${data.exchange}`);
    const { page } = view;
    const request = page.getByRole("article", { name: "request" });
    await request.waitFor();
    expect(await request.textContent()).toContain("POST /score?version=3");
    // Twice as many lines as JSON.parse would leave digits right.
    expect(await request.locator("pre").textContent()).toContain('\n      "distance": 9007199254740993,\n');
    expect(await page.getByRole("article", { name: "response" }).textContent()).toContain(
      '"probability": 0.125',
    );
    await keepScreenshot(page, "ui/exchange");
    await page.goto(`${server.origin}/#/request?id=${data.exchange}-at-length`);
    const response = page.getByRole("article", { name: "response" });
    await response.getByText("read as gzip; the first 65,536 characters").waitFor();
    await response.getByRole("button", { name: "Show all of it" }).click();
    await response.locator("pre").filter({ hasText: "29999" }).waitFor();
    expect(await response.textContent()).not.toContain("the first");
    await page.goto(`${server.origin}/#/request?id=${data.exchange}-aside`);
    await request.getByRole("button", { name: "Show the body, 348.9 kB" }).click();
    await request.locator("pre").filter({ hasText: "59999" }).waitFor();
  });

  test("shows what waits on this machine, and what stands in JSON lines", async () => {
    const { openDeployment } = await import("model-data-collector");
    await using deployment = await openDeployment({
      ...{ destination, endpoint: "flights", deployment: "green", format: "jsonl" },
      spool: { directory: join(folder.path, "spool"), durability: "frame" },
    });
    const { id } = deployment.collector("model_inputs").collect([{ distance: 2_475, origin: "JFK" }]);
    await using view = await open(`request?id=${id}`);
    const { page } = view;
    const article = page.getByRole("article", { name: "model_inputs" });
    await article.waitFor();
    expect(await article.textContent()).toContain("not yet delivered");
    await deployment.flush();
    await page.goto(`${server.origin}/#/collection?${place("model_inputs", "green")}`);
    await page.getByRole("group", { name: "Rows of model_inputs" }).waitFor();
    expect(await page.getByRole("group", { name: "Rows of model_inputs" }).textContent()).toContain(
      "2475JFK",
    );
    expect(await page.getByRole("listitem").filter({ hasText: "distance" }).textContent()).toContain(
      "mean 2,475",
    );
  });

  test("is not harmed by what is stored", async () => {
    await using view = await open(`request?id=${data.hostile}`);
    const { page, asked, troubles } = view;
    await page.getByRole("article", { name: "hostile" }).waitFor();
    const text = await page.getByRole("article", { name: "hostile" }).textContent();
    expect(text).toContain("</script><script>window.harmed=1</script>");
    expect(text).toContain("\\u{202e}gnp.exe\\u{2066} turned");
    expect(text).toContain("1,000,000 characters");
    await keepScreenshot(page, "ui/hostile");
    await page.goto(`${server.origin}/#/collection?${place("hostile")}`);
    await page.getByRole("heading", { name: "Latest rows" }).waitFor();
    await page.getByRole("group", { name: "Rows of hostile" }).waitFor();
    expect(await page.evaluate("window.harmed")).toBeUndefined();
    expect(asked.filter((url) => !url.startsWith(`${server.origin}/`))).toEqual([]);
    expect(troubles).toEqual([]);
  });

  test("is not harmed by names either: of columns and ids, or by what an address says", async () => {
    const place = join(folder.path, "hostile names");
    storeHostileNames(place);
    const hostile = await serve(place);
    try {
      await using view = await open("", {}, hostile);
      const { page, asked, troubles } = view;
      const params = (values: Record<string, string>): string => new URLSearchParams(values).toString();
      const named = { endpoint: "flights", deployment: "blue", collection: "named" };
      const where = harmfulNames.map((name) => ({ endpoint: name, deployment: name, collection: name }));
      const views: readonly (readonly [name: string, params: Record<string, string>])[] = [
        ["", {}],
        ...where.map((one) => ["collection", { ...one, range: "all" }] as const),
        ["collection", { ...named, range: "all" }],
        ...harmfulNames.map((column) => ["column", { ...named, column, range: "all" }] as const),
        ...harmfulNames.map((name) => ["find", { where: `${name}=${name}` }] as const),
        ...harmfulNames.map((name) => ["find", { text: name, collection: name, from: name }] as const),
        ...harmfulNames.map((id) => ["request", { id, everywhere: "true" }] as const),
        ...harmfulNames.map((name) => ["collection", { ...named, range: name }] as const),
        ...harmfulNames.map((name) => [name, {}] as const),
      ];
      let seen = "";
      for (const [name, values] of views) {
        await page.goto(`${hostile.origin}/#/${encodeURIComponent(name)}?${params(values)}`);
        await page.waitForSelector("main h1");
        await page.waitForSelector("body:not(:has([aria-busy]))");
        const found = await page.evaluate<PageParts>(partsOfPage);
        const what = `${name}?${JSON.stringify(values)}`;
        expect(found, what).toEqual({ text: expect.any(String), foreign: [], links: [] });
        expect(found.text, what).not.toMatch(/[\u001b\u0007\u202a-\u202e\u2066-\u2069]/);
        seen += found.text;
      }
      // It was all there to be seen.
      for (const name of harmfulNames) expect(seen).toContain(shownText(name));
      expect(await page.evaluate("window.harmed")).toBeUndefined();
      expect(asked.filter((url) => !url.startsWith(`${hostile.origin}/`))).toEqual([]);
      expect(troubles.filter((trouble) => !trouble.startsWith("Failed to load resource"))).toEqual([]);
    } finally {
      hostile.child.kill("SIGKILL");
    }
  });

  test("runs nothing and asks nobody but its own server, whoever got a hold in it", async () => {
    await using view = await open("");
    const { page } = view;
    await page.getByRole("table", { name: "Collections" }).waitFor();
    const outside = await page.evaluate(`fetch("http://127.0.0.1:9/").catch(String)`);
    expect(outside).toContain("TypeError");
    const injected = await page.evaluate(`(() => {
      const tried = [];
      const attempt = (work) => { try { work(); tried.push("done"); } catch (error) { tried.push(error.name); } };
      attempt(() => { document.body.innerHTML = "<p>x</p>"; });
      const script = document.createElement("script");
      attempt(() => { script.textContent = "window.harmed = 1"; document.body.append(script); });
      const link = document.createElement("a");
      attempt(() => link.setAttribute("onclick", "window.harmed = 1"));
      document.body.append(link);
      link.click();
      return tried;
    })()`);
    expect(injected).toEqual(["TypeError", "TypeError", "TypeError"]);
    expect(await page.evaluate("window.harmed")).toBeUndefined();
  });

  const looks: readonly (readonly [string, BrowserContextOptions, rules: readonly string[] | undefined])[] = [
    ["light", { colorScheme: "light" }, undefined],
    ["dark", { colorScheme: "dark" }, ["color-contrast"]],
    ["narrow", { colorScheme: "light", viewport: { width: 380, height: 760 } }, []],
  ];
  test.each(looks)("is accessible in each view, %s, and fits the window", async (name, options, rules) => {
    const views: readonly (readonly [what: string, title: string, hash: string])[] = [
      ["overview", "Collections", ""],
      ["collection", "model_inputs", `collection?${place("model_inputs")}`],
      ["column", "origin", `column?${place("model_inputs")}&column=origin`],
      ["find", "Find rows", "find?where=origin%3DSEA"],
      ["request", "Request", `request?id=${data.id}`],
    ];
    await using view = await open("", options);
    const { page } = view;
    for (const [what, title, hash] of views) {
      await page.goto(`${server.origin}/#/${hash}`);
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
      await page.waitForSelector("body:not(:has([aria-busy]))");
      await keepScreenshot(page, `ui/${what}-${name}`);
      const width = await page.evaluate<number[]>("[document.documentElement.scrollWidth, innerWidth]");
      expect(width[0], what).toBeLessThanOrEqual(width[1] ?? 0);
      expect(await faults(page, rules), what).toEqual([]);
    }
  });

  test("is used by the keyboard, and says where it is", async () => {
    await using view = await open("");
    const { page } = view;
    await page.getByRole("table", { name: "Collections" }).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement?.textContent")).toBe("To the content");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement?.id")).toBe("main");
    await page.getByRole("link", { name: "Find", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("Conditions, one a line").fill("origin=SEA\ndistance>500");
    await page.getByLabel("Conditions, one a line").press("Tab");
    await page.getByRole("button", { name: "Find", exact: true }).press("Enter");
    const [{ n } = { n: 0 }] = await duckdb(
      `select count(*)::int as n from '${files("model_inputs")}' where origin = 'SEA' and distance > 500`,
    );
    await page
      .locator("main")
      .getByText(`${String(n)} rows.`, { exact: true })
      .waitFor();
    expect(await page.getByRole("status").textContent()).toBe(`${String(n)} rows.`);
    expect(await page.title()).toBe("Find rows · mdc");
  });

  test("asks for the whole URL without the token, and keeps it out of the address", async () => {
    await using view = await open("");
    await view.page.getByRole("table", { name: "Collections" }).waitFor();
    expect(view.page.url()).toBe(`${server.origin}/#/`);
    const other = await (await browser?.newContext())?.newPage();
    await other?.goto(`${server.origin}/`);
    expect(await other?.getByRole("alert").textContent()).toContain("open the whole URL");
    await other?.context().close();
  });

  test("shows what is in Azure Blob Storage", async () => {
    await using azurite = await startAzurite();
    await azurite.container("collected");
    const url = `${azurite.url}/collected/mdc?${azurite.sas("collected")}`;
    const stored = await storeUiDataAt(url);
    const remote = await serve(url);
    try {
      const page = await browser?.newPage();
      await page?.goto(remote.url);
      await page?.getByRole("table", { name: "Collections" }).waitFor();
      await page?.goto(`${remote.origin}/#/request?id=${stored}`);
      await page?.getByRole("article", { name: "model_outputs" }).waitFor();
      expect(await page?.content()).not.toContain("sig=");
      await page?.close();
    } finally {
      remote.child.kill("SIGKILL");
    }
  });
});

test("a port that is taken is told as such", async () => {
  const { hostname, port } = new URL(server.origin);
  expect(hostname).toBe("127.0.0.1");
  const { code, stderr } = await runNode([main, "ui", "--root", destination, "--port", port]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: `mdc: --port: ${port} is taken\n` });
});

test("Ctrl-C ends it with 0", async () => {
  const other = await serve(destination);
  const ended = once(other.child, "exit");
  other.child.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
});

interface Served {
  readonly child: ChildProcess;
  /** With the token. */
  readonly url: string;
  readonly origin: string;
  readonly host: string;
  readonly token: string;
}

/** Runs `mdc ui` on a place, until its child is killed. */
async function serve(root: string): Promise<Served> {
  const args = [main, "ui", "--root", root];
  const env = { ...process.env, MDC_SPOOL_DIR: join(folder.path, "spool") };
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], env });
  for await (const line of createInterface(child.stdout)) {
    if (!line.includes("/#token=")) continue;
    const { origin, host, hash } = new URL(line);
    return { child, url: line, origin, host, token: hash.replace("#token=", "") };
  }
  throw new Error("mdc ui ended before it said where it is");
}

async function storeUiDataAt(url: string): Promise<string> {
  const { openDeployment } = await import("model-data-collector");
  await using deployment = await openDeployment({
    ...{ destination: url, endpoint: "flights", deployment: "blue" },
    spool: { directory: join(folder.path, "remote-spool") },
  });
  const context = deployment.collector("model_inputs").collect([{ distance: 2475 }]);
  deployment.collector("model_outputs").collect([{ late: true }], context);
  await deployment.flush();
  return context.id;
}

interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** URLs that were asked for. */
  readonly asked: readonly string[];
  /** What the browser complained of. */
  readonly troubles: readonly string[];
}

/** Opens a view as somebody would who was given the URL. */
async function open(view: string, options: BrowserContextOptions = {}, at: Served = server): Promise<Opened> {
  if (browser === undefined) throw new Error("there is no browser");
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  const [asked, troubles]: [string[], string[]] = [[], []];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
  page.on("pageerror", (error) => troubles.push(error.message));
  await page.goto(at.url);
  if (view !== "") await page.goto(`${at.origin}/#/${view}`);
  return { page, asked, troubles, [Symbol.asyncDispose]: () => context.close() };
}

/** Names that would run, load, break out of, turn around or colour what shows them. */
const harmfulNames = [
  '"><img src=x onerror=window.harmed=1>',
  "<script>window.harmed=1<\u2044script>",
  "javascript:window.harmed=1",
  "<style>*{display:none}",
  "\u202egnp.exe\u2066 turned",
  "\u001b[31mred\u0007",
  "{{constructor.constructor('window.harmed=1')()}}",
] as const;

/** For each harmful name a column, a value and an id of that name. */
function storeHostileNames(place: string): void {
  const requestTime = new Date(Date.now() - 3_600_000).toISOString();
  for (const name of harmfulNames) {
    const rows = [{ [name]: name }, { [name]: "</style>" }];
    storeFile(place, [{ collection: "named", id: name, requestTime, rows }], { [name]: "STRING" });
  }
}

interface PageParts {
  readonly text: string;
  /** Elements and attributes that the page itself has none of. */
  readonly foreign: readonly string[];
  /** Where links lead that lead out of the page. */
  readonly links: readonly string[];
}

const partsOfPage = `(() => {
  const all = [...document.querySelectorAll("*")];
  const isForeign = (one) =>
    /^(img|iframe|object|embed|style|base|form-action)$/i.test(one.tagName) ||
    (one.tagName === "SCRIPT" && one.getAttribute("src") !== "/page.js") ||
    one.getAttributeNames().some((name) => name.startsWith("on") || name === "style" || name === "srcdoc");
  const attributes = all.flatMap((one) => ["title", "aria-label"].map((name) => one.getAttribute(name) ?? ""));
  return {
    text: [document.title, document.body.innerText, ...attributes].join(" "),
    foreign: all.filter(isForeign).map(({ outerHTML }) => outerHTML.slice(0, 200)),
    links: all.map((one) => one.getAttribute("href")).filter((href) => href !== null && !/^[/#]/.test(href)),
  };
})()`;

/** What axe finds wrong with a page, by some of its rules or by all. */
async function faults(page: Page, rules: readonly string[] | undefined): Promise<string[]> {
  if (rules?.length === 0) return [];
  const { source } = (await import("axe-core")).default;
  // Beside the page's policy, which lets no script of anybody in.
  return await page.evaluate(`(async () => {
    ${source};
    const { violations } = await axe.run(document, { resultTypes: ["violations"], ${rules === undefined ? "" : `runOnly: ${JSON.stringify(rules)}`} });
    return violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" "));
  })()`);
}

function place(collection: string, deployment = "blue"): string {
  return new URLSearchParams({ endpoint: "flights", deployment, collection }).toString();
}

/** The files of a collection that are files. */
function files(collection: string): string {
  return `${destination}/flights/blue/${collection}/*/*/2*.parquet`;
}

async function duckdb(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson();
  connection.closeSync();
  return rows as Record<string, unknown>[];
}

/** A request with the headers that are given, `Host` too, which `fetch` would not send. */
async function get(
  path: string,
  headers: Readonly<Record<string, string>>,
  method = "GET",
  at: Served = server,
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
  const { hostname, port } = new URL(at.origin);
  return await new Promise((resolve, reject) => {
    const sent = httpRequest({ hostname, port, path, headers, method }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}
