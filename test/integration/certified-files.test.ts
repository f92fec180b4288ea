import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parquetMetadata } from "hyparquet";
import { beforeAll, afterAll, expect, test } from "vitest";
import {
  collectionsOf,
  digestsOf,
  filesBelow,
  plainDigestsOf,
  readCertificate,
  writeFixtures,
} from "../interop/fixtures/certificate.ts";
import { footerProblems } from "../support/footer-check.ts";
import { arrowRs, duckdb, hyparquet } from "../support/parquet-engines.ts";
import { disposableFolder } from "../support/temp-folder.ts";

/*
 * Trees of files with every type and circumstance are written as they were certified, and engines that are not ours
 * find in each column what was. If others are intended: `node test/interop/fixtures/certify.ts`, and run this again.
 */

const { zstd, trees } = readCertificate();
let folder: Awaited<ReturnType<typeof disposableFolder>>;

beforeAll(async () => {
  folder = await disposableFolder();
  await writeFixtures(folder.path);
}, 180_000);

afterAll(() => folder[Symbol.asyncDispose]());

function each<T>(of: (name: string, root: string) => T, made: "zstd" | "none" = "zstd"): Record<string, T> {
  return Object.fromEntries(
    Object.keys(trees).map((name) => [name, of(name, join(folder.path, made, name))]),
  );
}

test("the certified trees are written as they were, byte for byte", () => {
  expect(each((_, root) => plainDigestsOf(root), "none")).toEqual(each((name) => trees[name]?.plain));
});

test("and so they are with pages compressed by the zstd that they were certified with", (context) => {
  const own = process.versions["zstd"] ?? "unknown";
  context.skip(zstd !== own, `they are of zstd ${zstd}, this Node has ${own}`);
  expect(each((_, root) => digestsOf(root))).toEqual(each((name) => trees[name]?.files));
});

test("no file has a type that an engine reads wrong or refuses", () => {
  const problems = each((_, root) =>
    filesBelow(root)
      .filter((path) => path.endsWith(".parquet"))
      .flatMap((path) =>
        footerProblems(parquetMetadata(new Uint8Array(readFileSync(join(root, path))).buffer)),
      ),
  );
  expect(problems).toEqual(each(() => []));
});

test.each([duckdb, arrowRs, hyparquet])(
  "$name finds the certified types, counts, sums and bounds",
  async (engine) => {
    for (const [name, { collections }] of Object.entries(trees))
      expect(await collectionsOf(engine, join(folder.path, "zstd", name)), name).toEqual(collections);
  },
);
