import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { schemaFolder, schemaPath, toldFilePath } from "../../../src/layout/dataset-path.ts";
import { ColumnProfile } from "../../../src/monitor.ts";
import { profileLine } from "../../../src/profile/stored-profiles.ts";
import { openDataset } from "../../../src/reader.ts";
import { datasetOf } from "../../../src/reader/dataset.ts";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import { mergeProfileDays } from "../../../src/upkeep/profiles/merge-days.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { run } from "../cli/run.ts";

/* `mdc compact` merges the profiles of days that are over; the other tests of merging are property tests. */

const first = Date.parse("2026-11-22T00:00:00Z");
const hourMs = 3_600_000;
const place = { endpoint: "flights", deployment: "blue" };
const collection = "model_inputs";
const [from, to] = [new Date(first), new Date(first + 48 * hourMs)];
const folder = "flights/blue/_profile";

/** Two days of hours, 10 rows each, as an object's path and text. */
const hours: readonly (readonly [string, string])[] = Array.from({ length: 48 }, (_, i) => {
  const createdAt = first + i * hourMs + 600_000;
  const profile = new ColumnProfile({ kind: "numerical", seed: i });
  profile.add(Array.from({ length: 10 }, (_, j) => i * 10 + j));
  const told = { instance: "a", hour: new Date(first + i * hourMs).toISOString(), collection, rows: 10 };
  const id = i.toString(16).padStart(32, "0");
  return [
    toldFilePath("profile", place, { id, createdAt }),
    profileLine({ kind: "rows", ...told }) +
      profileLine({ kind: "column", ...told, column: "distance", profile: profile.toJSON() }),
  ];
});

async function storedRoot(): Promise<string> {
  const root = await tempFolder();
  for (const [path, text] of hours) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const namesOf = (root: string, day: string): string[] => readdirSync(join(root, folder, day)).sort();

test("days become one object beside their profiles, which stay, and purge takes both", async () => {
  const root = await storedRoot();
  const would = await run("compact", "--root", root, "--dry-run");
  expect(would).toMatchObject({ code: 0 });
  expect(would.out).toMatch(/_profile\/2026-11-22: 25 objects of profiles of [\d.,]+ \w+: would be merged/);
  expect(namesOf(root, "2026-11-22")).toHaveLength(24);
  const { code, out, err } = await run("compact", "--root", root);
  expect(code).toBe(0);
  expect(out).toMatch(
    /_profile\/2026-11-22: 25 objects of profiles of [\d.,]+ \w+ merged to a day of [\d.,]+/,
  );
  expect(err).toContain("profiles of 2 days merged");
  const [day, ...others] = namesOf(root, "2026-11-22").toReversed();
  expect(day).toMatch(/^day-[0-9a-f]{32}\.jsonl$/);
  expect(others).toHaveLength(24);
  expect(JSON.parse((await run("compact", "--root", root, "--json")).out)).toEqual([]);

  await using data = await openDataset(root);
  const [both] = await data.windowProfiles({ collection, windows: [{ from, to }] });
  const column = both?.columns.get("distance");
  expect([both?.rows, column?.rows, column?.min, column?.max]).toEqual([480, 480, 0, 479]);
  expect(await data.profiles({ collection })).toHaveLength(48);
  expect((await run("purge", "--root", root, "--older-than", "1d", "--yes")).code).toBe(0);
  expect([...namesOf(root, "2026-11-22"), ...namesOf(root, "2026-11-23")]).toEqual([]);
});

test("what comes late is counted, and merged the next time, in place of the day before", async () => {
  const root = await storedRoot();
  await run("compact", "--root", root);
  const [before] = namesOf(root, "2026-11-23").toReversed();
  const [path = "", text = ""] = hours[30] ?? [];
  writeFileSync(join(root, path.replace(/.{10}\.jsonl$/, "ffffffffff.jsonl")), text);
  const rows = async (): Promise<number | undefined> => {
    await using data = await openDataset(root);
    const [both] = await data.windowProfiles({ collection, windows: [{ from, to }] });
    return both?.rows;
  };
  expect(await rows()).toBe(490);
  const merged = JSON.parse((await run("compact", "--root", root, "--json")).out);
  expect(merged).toMatchObject([{ folder: `${folder}/2026-11-23`, status: "merged", objects: 26 }]);
  expect(namesOf(root, "2026-11-23").filter((name) => name.startsWith("day-"))).not.toContain(before);
  expect(namesOf(root, "2026-11-23")).toHaveLength(26);
  expect(await rows()).toBe(490);
});

test("days that are not over, and a run for one collection, leave profiles alone", async () => {
  const store = createMemoryStore();
  for (const [path, text] of hours) await store.put(path, Buffer.from(text));
  const options = { endpoint: undefined, deployment: undefined, olderThanMs: 24 * hourMs, dryRun: false };
  const days: string[] = [];
  const onDay = ({ folder: name }: { readonly folder: string }): void => void days.push(name);
  await mergeProfileDays(store, { ...options, now: first + 48 * hourMs - 1, onDay });
  expect(days).toEqual([]);
  await mergeProfileDays(store, { ...options, now: first + 48 * hourMs, onDay });
  expect(days).toEqual([`${folder}/2026-11-22`]);
  const root = await storedRoot();
  const pins = join(root, schemaPath(schemaFolder("flights", "blue", collection), 1));
  mkdirSync(dirname(pins), { recursive: true });
  writeFileSync(pins, "{}");
  expect(
    JSON.parse((await run("compact", "--root", root, "--collection", collection, "--json")).out),
  ).toEqual([]);
});

test("a window of days reads an object for each; a part of a day its own", async () => {
  const store = createMemoryStore();
  for (const [path, text] of hours) await store.put(path, Buffer.from(text));
  const options = { endpoint: undefined, deployment: undefined, olderThanMs: 0, dryRun: false };
  await mergeProfileDays(store, { ...options, now: first + 9 * 24 * hourMs, onDay: () => {} });
  const read: string[] = [];
  const get = store.get.bind(store);
  store.get = async (path, given) => {
    read.push(path.replace(/^.*\/(day|\d{8}T\d{2}).*$/, "$1"));
    return await get(path, given);
  };
  const rowsOf = async (length: number): Promise<number | undefined> => {
    read.length = 0;
    const windows = [{ from, to: new Date(first + length * hourMs) }];
    return (await datasetOf(store).windowProfiles({ collection, windows }))[0]?.rows;
  };
  expect([await rowsOf(48), read]).toEqual([480, ["day", "day"]]);
  expect(await rowsOf(26)).toBe(260);
  expect(read.filter((name) => name === "day")).toHaveLength(1);
  expect(read).toContain("20261123T01");
  expect(read).not.toContain("20261122T05");
});

test("a merged day says what it was made of, and is one line for each column", async () => {
  const root = await storedRoot();
  await run("compact", "--root", root);
  const [name = ""] = namesOf(root, "2026-11-22").toReversed();
  const [head, ...lines] = readFileSync(join(root, folder, "2026-11-22", name), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(head).toMatchObject({ kind: "day", day: "2026-11-22" });
  expect(Object.values(head.of)).toEqual(Array.from({ length: 24 }, () => ["2026-11-22"]));
  const told = { instance: "", hour: "2026-11-22T00:00:00.000Z", span: "day", collection, rows: 240 };
  expect(lines).toMatchObject([
    { kind: "rows", ...told },
    { kind: "column", ...told, column: "distance", profile: { rows: 240, min: 0, max: 239 } },
  ]);
});
