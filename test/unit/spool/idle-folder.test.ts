import { expect, test } from "vitest";
import { countsOf, recordOf, recoverAll, SpoolWorld } from "./spool-world.ts";

test("the folder of a living thread stays when another thread of its process releases the last segment in it", async () => {
  const world = new SpoolWorld();
  const instance = "a".repeat(32);
  const writing = world.start({ instance }).spool;
  const delivering = world.start({ instance }).spool;
  writing.writer.append("a", recordOf(1), countsOf(1), 1);
  const before = world.files("");
  const [segment] = writing.writer.seal();
  if (segment !== undefined) delivering.sealed.release(segment);
  expect(world.files(".seg")).toEqual([]);
  expect(world.files("").filter((path) => path.includes("owner.json"))).toHaveLength(1);
  expect(before.filter((path) => path.includes("live")).every((path) => world.files("").includes(path))).toBe(
    true,
  );
  expect(writing.writer.append("a", recordOf(2), countsOf(2), 2).status).toBe("appended");
  world.killAll();
  world.nowMs += 3_600_000;
  const { records } = await recoverAll(world.start().spool);
  expect(records.map(({ sequence }) => sequence)).toEqual([2]);
});
