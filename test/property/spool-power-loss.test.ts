import assert from "node:assert/strict";
import { expect, test } from "vitest";
import type { SealedSegment } from "../../src/spool/sealed-segments.ts";
import { tellFigures } from "../support/fault-figures.ts";
import { type SimulatedFileSystem, seeded } from "../support/simulated-file-system.ts";
import { countsOf, recordOf, recoverAll, SpoolWorld } from "../unit/spool/spool-world.ts";

/*
 * Power fails at random moments of random work; the disk keeps what was synced and any mixture of the rest.
 * What then must hold: everything synced and not yet released is there, nothing is there that was not
 * written, nothing twice.
 */

interface Moment {
  readonly disk: SimulatedFileSystem;
  /** Must be there. */
  readonly durable: ReadonlySet<number>;
  /** May be there. */
  readonly written: ReadonlySet<number>;
  /** Segments whose frozen bytes must be there. */
  readonly frozen: ReadonlyMap<string, string>;
}

async function* work(seed: number, steps: number): AsyncGenerator<{ moment(): Moment }> {
  const random = seeded(seed);
  const world = new SpoolWorld();
  let { spool, kill } = world.start({ maxOpen: 3 });
  const written = new Set<number>();
  const durable = new Set<number>();
  const frozen = new Map<string, string>();
  let sealed: SealedSegment[] = [];
  const sequencesOf = (segment: SealedSegment): number[] =>
    Array.from(spool.sealed.read(segment), ({ sequence }) => sequence);
  for (let step = 1; step <= steps; step++) {
    const choice = random(20);
    if (choice < 10) {
      spool.writer.append(`label ${random(4)}`, recordOf(step, random(2_000)), countsOf(step), step);
      written.add(step);
    } else if (choice < 12) {
      expect(spool.writer.sync().status).toBe("synced");
      for (const sequence of written) if (!releasedEver.has(sequence)) durable.add(sequence);
    } else if (choice < 14) {
      for (const segment of spool.writer.seal(() => random(2) === 0)) {
        sealed.push(segment);
        for (const sequence of sequencesOf(segment)) durable.add(sequence);
      }
    } else if (choice < 16 && sealed.length > 0) {
      const segment = sealed[random(sealed.length)];
      if (segment !== undefined) {
        spool.sealed.attempt(segment);
        const { sha256 } = await spool.sealed.freeze(segment, bytesOf(segment.id));
        frozen.set(segment.id, sha256);
      }
    } else if (choice < 18) {
      const [segment] = sealed.splice(random(sealed.length), 1);
      if (segment !== undefined) {
        for (const sequence of sequencesOf(segment)) {
          durable.delete(sequence);
          releasedEver.add(sequence);
        }
        frozen.delete(segment.id);
        spool.sealed.release(segment);
      }
    } else if (choice === 18) {
      kill();
      ({ spool, kill } = world.start({ maxOpen: 3 }));
      sealed = (await recoverAll(spool)).segments.slice();
      for (const segment of sealed) for (const sequence of sequencesOf(segment)) durable.add(sequence);
    }
    yield {
      moment: () => ({
        disk: world.fileSystem,
        durable: new Set(durable),
        written: new Set(written),
        frozen: new Map(frozen),
      }),
    };
  }
}
let releasedEver = new Set<number>();

async function* bytesOf(id: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(`body of ${id}`);
}

async function check(
  disk: SimulatedFileSystem,
  { durable, written, frozen }: Moment,
  hint: string,
): Promise<number> {
  const world = new SpoolWorld(disk, 1_000_000);
  const { spool } = world.start();
  const { records, segments } = await recoverAll(spool);
  const found = new Set<number>();
  for (const { sequence, bytes } of records) {
    if (found.has(sequence)) assert.fail(`${hint}: ${sequence} twice`);
    if (!written.has(sequence)) assert.fail(`${hint}: ${sequence} invented`);
    if (Buffer.compare(bytes, recordOf(sequence, bytes.length)) !== 0)
      assert.fail(`${hint}: ${sequence} changed`);
    found.add(sequence);
  }
  for (const sequence of durable) if (!found.has(sequence)) assert.fail(`${hint}: ${sequence} lost`);
  const byId = new Map(segments.map((segment) => [segment.id, segment]));
  for (const [id, sha256] of frozen) {
    const segment = byId.get(id);
    assert.equal(segment && spool.sealed.frozen(segment)?.sha256, sha256, `${hint}: frozen bytes of ${id}`);
  }
  return durable.size;
}

test("after a power cut everything that was synced is there, nothing twice, nothing invented", async ({
  task,
}) => {
  let states = 0;
  let durable = 0;
  for (let seed = 1; seed <= 130; seed++) {
    releasedEver = new Set();
    let step = 0;
    const random = seeded(seed * 7_919);
    for await (const { moment } of work(seed, 40)) {
      step++;
      for (let cut = 0; cut < 2; cut++) {
        const now = moment();
        durable += await check(now.disk.powerCut(random), now, `seed ${seed}, step ${step}, cut ${cut}`);
        states++;
      }
    }
  }
  expect(states).toBeGreaterThanOrEqual(10_000);
  expect(durable).toBeGreaterThan(states);
  tellFigures(task, {
    fault: "power cut, simulated disk",
    injected: states,
    acknowledged: durable,
    figure: "states of the disk; unsynced writes and names kept, lost, torn or zeroed at random",
  });
});

test("after the death of the process everything that was appended is there", async ({ task }) => {
  let states = 0;
  let there = 0;
  for (let seed = 1; seed <= 60; seed++) {
    releasedEver = new Set();
    let step = 0;
    for await (const { moment } of work(seed + 5_000, 40)) {
      const now = moment();
      const appended = new Set([...now.written].filter((sequence) => !releasedEver.has(sequence)));
      there += await check(now.disk.clone(), { ...now, durable: appended }, `seed ${seed}, step ${++step}`);
      states++;
    }
  }
  tellFigures(task, {
    fault: "death of the process, simulated disk",
    injected: states,
    acknowledged: there,
    figure: "after every step of 60 random lives",
  });
});

test("recovery that is itself cut short, at any system call, loses and repeats nothing", async ({ task }) => {
  let durable = 0;
  let cuts = 0;
  for (let seed = 1; seed <= 20; seed++) {
    releasedEver = new Set();
    let last: Moment | undefined;
    for await (const { moment } of work(seed + 9_000, 30)) last = moment();
    if (last === undefined) continue;
    const now = last;
    const before = now.disk.powerCut(seeded(seed));
    for (let at = 1; ; at++) {
      const disk = before.clone();
      disk.fault = ({ index }) => (index >= at ? { code: "EIO" } : undefined);
      const { spool } = new SpoolWorld(disk, 500_000).start();
      const recovery = spool.sealed.recover(() => {})[Symbol.asyncIterator]();
      while ((await recovery.next()).done !== true);
      const reached = disk.calls >= at;
      disk.fault = () => undefined;
      durable += await check(disk.clone(), now, `seed ${seed}, recovery cut at call ${at}`);
      durable += await check(
        disk.powerCut(seeded(at)),
        now,
        `seed ${seed}, recovery cut at call ${at}, then power`,
      );
      cuts++;
      if (!reached) break;
    }
  }
  expect(cuts).toBeGreaterThan(1_000);
  tellFigures(task, {
    fault: "recovery cut short at every system call, simulated disk",
    injected: cuts,
    acknowledged: durable,
    figure: "each then recovered twice: as it was, and after a power cut",
  });
});
