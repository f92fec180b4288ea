import { expect, test } from "vitest";
import type { SealedSegment } from "../../../src/spool/sealed-segments.ts";
import type { Spool } from "../../../src/spool/spool.ts";
import { bodyOf, countsOf, recordOf, recoverAll, SpoolWorld } from "./spool-world.ts";

/** How far a segment has come whose parts are delivered one by one. */

function sealed(spool: Spool): SealedSegment {
  for (let n = 1; n <= 3; n++) spool.writer.append("a", recordOf(n), countsOf(n), n);
  const [segment] = spool.writer.seal();
  return segment ?? expect.unreachable();
}

test("the next process goes on where this one was killed, with the same bytes and the same count of tries", async () => {
  const world = new SpoolWorld();
  const first = world.start();
  const segment = sealed(first.spool);
  first.spool.sealed.attempt(segment);
  await first.spool.sealed.freeze(segment, bodyOf("one", "two", "three"));
  expect(first.spool.sealed.progress(segment)).toBe(0);
  for (const part of [1, 2]) first.spool.sealed.advance(segment, part);
  expect(world.files(".seg")).toEqual([expect.stringMatching(new RegExp(`${segment.id}\\.a1\\.p2\\.seg$`))]);
  first.kill();
  const next = world.start();
  const [found] = (await recoverAll(next.spool)).segments;
  if (found === undefined) return expect.unreachable();
  expect(found).toMatchObject({ id: segment.id, counts: segment.counts, recovered: true });
  const { sealed: there } = next.spool;
  expect([there.progress(found), there.attempts(found), there.frozen(found)?.size]).toEqual([2, 1, 11]);
  expect(Array.from(there.read(found), ({ sequence }) => sequence)).toEqual([1, 2, 3]);
  there.advance(found, 3);
  there.release(found);
  expect([...world.files(".seg"), ...world.files(".body")]).toEqual([]);
});

test("without frozen bytes it is kept, too; but where a record is damaged, all is delivered again", async () => {
  for (const damage of [false, true]) {
    const world = new SpoolWorld();
    const first = world.start();
    const segment = sealed(first.spool);
    first.spool.sealed.advance(segment, 1);
    const [path = ""] = world.files(".seg");
    if (damage) {
      const fd = world.fileSystem.open(path, "update");
      const middle = Math.floor(segment.size / 2);
      const byte = world.fileSystem.contents(path)[middle] ?? 0;
      world.fileSystem.write(fd, [Uint8Array.of(byte ^ 255)], middle);
      world.fileSystem.close(fd);
    }
    first.kill();
    const next = world.start();
    const [found] = (await recoverAll(next.spool)).segments;
    if (found === undefined) return expect.unreachable();
    expect(next.spool.sealed.progress(found)).toBe(damage ? 0 : 1);
    expect([...next.spool.sealed.read(found)]).toHaveLength(damage ? 2 : 3);
    next.spool.sealed.release(found);
    expect(world.files(".seg")).toEqual([]);
  }
});
