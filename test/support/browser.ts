import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { chmod, mkdir, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import { type Browser, chromium, type Page } from "playwright-core";
import { root } from "./packed-project.ts";

/** Where distributions and vendors put Chromium, or what is made of it. */
const usualPlaces = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  String.raw`C:\Program Files\Google\Chrome\Application\chrome.exe`,
  String.raw`C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`,
];

/** Nothing of a browser's own is asked of the network. */
const quietly = [
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/**
 * Starts a real Chromium without a window: that of the variable `CHROMIUM`; the one that npm has installed,
 * on Linux with an x64 processor; or that of the machine. Undefined, and said so with the reason, where none
 * of them runs: a test that needs one is skipped then.
 */
export async function startBrowser(): Promise<Browser | undefined> {
  const given = process.env["CHROMIUM"];
  const found = given === undefined ? [await installed(), ...usualPlaces] : [given];
  let reason = "set CHROMIUM, or install chromium";
  for (const path of found) {
    if (path === undefined || !existsSync(path)) continue;
    try {
      return await chromium.launch({ executablePath: path, chromiumSandbox: false, args: quietly });
    } catch (error) {
      // Its libraries are missing, say: the first line says it.
      reason = `${path}: ${String(error).split("\n", 1).join("")}`;
    }
  }
  process.stderr.write(`skipped: no browser (${reason})\n`);
  return undefined;
}

/** The browser that is in a package of npm, compressed: it is laid beside the packages, once. */
async function installed(): Promise<string | undefined> {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  const folder = join(root, "node_modules/@sparticuz/chromium");
  const manifest = await readFile(join(folder, "package.json"), "utf8").catch(() => undefined);
  if (manifest === undefined) return undefined;
  const { version } = JSON.parse(manifest) as { version: string };
  const path = join(root, "node_modules/.cache", `chromium-${version}`);
  if (existsSync(path)) return path;
  await mkdir(dirname(path), { recursive: true });
  const laid = `${path}-${randomUUID()}`;
  await pipeline(
    createReadStream(join(folder, "bin/chromium.br")),
    createBrotliDecompress(),
    createWriteStream(laid),
  );
  await chmod(laid, 0o755);
  await rename(laid, path);
  return path;
}

/** Keeps what a page looks like for people, as `artefacts/<name>.png`, which is not committed. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  const path = join(root, "artefacts", `${name}.png`);
  await mkdir(dirname(path), { recursive: true });
  await page.screenshot({ path, fullPage: true });
}
