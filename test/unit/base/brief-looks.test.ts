import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { BriefLooks } from "../../../src/base/files/brief-looks.ts";
import { systemClock } from "../../../src/base/time/clock.ts";
import { tempFolder } from "../../support/temp-folder.ts";

afterEach(() => void vi.restoreAllMocks());

async function storedFile(): Promise<string> {
  const path = join(await tempFolder(), "file");
  writeFileSync(path, "0123456789");
  return path;
}

/** How many calls wait for another thread, those of the test runner among them. */
function withOthers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "FSReqCallback").length;
}

/** Lets a call to the clock seem to be so many milliseconds after the one before. */
function pace(ms: () => number): void {
  let now = systemClock.monotonic();
  vi.spyOn(systemClock, "monotonic").mockImplementation(() => (now += ms()));
}

test("files that are near are looked at by this thread", async () => {
  const looks = new BriefLooks();
  const path = await storedFile();
  const before = withOthers();
  const facts = looks.inspectPath(path);
  const bytes = looks.readFileRange(path, 2, 5);
  const none = looks.inspectPath(`${path}-not`);
  expect(withOthers()).toBe(before);
  expect(await facts).toMatchObject({ kind: "file", size: 10 });
  expect(Buffer.from(await bytes).toString()).toBe("234");
  expect(await none).toBeUndefined();
  await expect(looks.readFileRange(`${path}-not`, 0, 1)).rejects.toMatchObject({ code: "ENOENT" });
});

test("the event loop comes round after some milliseconds, however many calls are waiting", async () => {
  const looks = new BriefLooks();
  const path = await storedFile();
  pace(() => 0.1);
  let turns = 0;
  const count = (): void => {
    turns++;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  const all = await Promise.all(Array.from({ length: 400 }, () => looks.inspectPath(path)));
  clearImmediate(counting);
  expect(all.every((one) => one?.size === 10)).toBe(true);
  // Each call is 0.3 ms by the clock, and a turn has 4.
  expect(turns).toBeGreaterThan(20);
  expect(turns).toBeLessThan(100);
});

test("files that are far are looked at by others, until they are tried again", async () => {
  const looks = new BriefLooks();
  const path = await storedFile();
  let ms = 1;
  pace(() => ms);
  const wasWithOthers: boolean[] = [];
  for (let i = 0; i < 600; i++) {
    const before = withOthers();
    const look = looks.inspectPath(path);
    // A turn that is used up ends first.
    if (ms === 0) wasWithOthers.push(withOthers() > before);
    expect(await look).toMatchObject({ size: 10 });
    if (i === 40) ms = 0;
  }
  expect(wasWithOthers.indexOf(false)).toBeGreaterThan(200);
  expect(wasWithOthers.slice(-256).includes(true)).toBe(false);
});
