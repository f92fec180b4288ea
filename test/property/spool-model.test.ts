import fc from "fast-check";
import { expect, test } from "vitest";
import type { SealedSegment } from "../../src/spool/sealed-segments.ts";
import { tellFigures } from "../support/fault-figures.ts";
import { countsOf, type Process, recordOf, recoverAll, SpoolWorld } from "../unit/spool/spool-world.ts";

/*
 * Random lives of a few processes that share a spool folder, played on the spool and on a list. The list
 * knows, of each record that was acknowledged, whether it was delivered; whatever happens, what recovery
 * finds in the end is exactly the rest, each record once.
 */

interface Model {
  /** Acknowledged and not delivered. */
  readonly waiting: Map<number, string>;
}

class Machine {
  readonly world = new SpoolWorld();
  readonly processes: {
    process: Process;
    instance: string;
    sequence: number;
    sealed: SealedSegment[];
    recent: number[];
  }[] = [];
  #instances = 0;

  constructor() {
    for (let n = 0; n < 3; n++) this.spawn(n);
  }

  spawn(slot: number, instance?: string): void {
    const name = instance ?? (++this.#instances).toString(16).padStart(32, "f");
    const old = this.processes[slot];
    // Numbers are told apart between instances, so that one list can hold all.
    const sequence = instance === undefined ? this.#instances * 10_000 : (old?.sequence ?? 0);
    const process = this.world.start({ instance: name, maxOpen: 3 });
    this.processes[slot] = {
      process,
      instance: name,
      sequence,
      sealed: [],
      recent: instance === undefined ? [] : (old?.recent ?? []),
    };
  }

  at(slot: number) {
    return this.processes[slot] ?? expect.unreachable();
  }
}

/** How often each kind of command was played. */
const played = new Map<string, number>();

type Command = fc.AsyncCommand<Model, Machine>;

function command(text: string, run: (model: Model, machine: Machine) => Promise<void> | void): Command {
  return {
    check: () => true,
    run: async (model, machine) => {
      const [word = ""] = text.split("(");
      played.set(word, (played.get(word) ?? 0) + 1);
      await run(model, machine);
    },
    toString: () => text,
  };
}

const slot = fc.nat(2);
const pick = fc.nat(9);

const append = fc.tuple(slot, fc.nat(5), fc.integer({ min: 0, max: 300 })).map(([n, labelNumber, size]) =>
  command(`append(${n}, ${labelNumber}, ${size})`, (model, machine) => {
    const one = machine.at(n);
    const sequence = ++one.sequence;
    const label = `label ${labelNumber}`;
    const result = one.process.spool.writer.append(
      label,
      recordOf(sequence, size),
      countsOf(sequence),
      sequence,
    );
    if (result.status !== "appended") return;
    model.waiting.set(sequence, label);
    one.recent.push(sequence);
  }),
);
const sync = slot.map((n) =>
  command(`sync(${n})`, (_, machine) => void machine.at(n).process.spool.writer.sync()),
);
const seal = fc.tuple(slot, fc.boolean()).map(([n, all]) =>
  command(`seal(${n}, ${all})`, (_, machine) => {
    const one = machine.at(n);
    one.sealed.push(...one.process.spool.writer.seal(all ? undefined : ({ label }) => label < "label 3"));
  }),
);
const attempt = fc.tuple(slot, pick).map(([n, index]) =>
  command(`attempt(${n}, ${index})`, (_, machine) => {
    const { process, sealed } = machine.at(n);
    const segment = sealed[index];
    if (segment === undefined) return;
    const before = process.spool.sealed.attempt(segment);
    expect(process.spool.sealed.attempt(segment)).toBe(before + 1);
  }),
);
const freeze = fc.tuple(slot, pick).map(([n, index]) =>
  command(`freeze(${n}, ${index})`, async (_, machine) => {
    const { process, sealed } = machine.at(n);
    const segment = sealed[index];
    if (segment === undefined) return;
    const frozen = await process.spool.sealed.freeze(segment, bodyOf(segment.id));
    expect(process.spool.sealed.frozen(segment)?.sha256).toBe(frozen.sha256);
    let text = "";
    for await (const chunk of frozen.open()) text += Buffer.from(chunk).toString();
    expect(text).toBe(`body of ${segment.id}`);
  }),
);
const release = fc.tuple(slot, pick).map(([n, index]) =>
  command(`release(${n}, ${index})`, (model, machine) => {
    const { process, sealed } = machine.at(n);
    const [segment] = sealed.splice(index, 1);
    if (segment === undefined) return;
    for (const { sequence } of process.spool.sealed.read(segment))
      expect(model.waiting.delete(sequence)).toBe(true);
    process.spool.sealed.release(segment);
  }),
);
const recover = slot.map((n) =>
  command(`recover(${n})`, async (model, machine) => {
    const one = machine.at(n);
    const { segments, records, losses } = await recoverAll(one.process.spool);
    expect(losses).toEqual([]);
    for (const { sequence, label, bytes, counts } of records) {
      expect(model.waiting.get(sequence)).toBe(label);
      expect(counts).toEqual(countsOf(sequence));
      expect(Buffer.compare(bytes, recordOf(sequence, bytes.length))).toBe(0);
    }
    one.sealed.push(...segments);
  }),
);
const kill = slot.map((n) =>
  command(`kill(${n})`, (_, machine) => {
    machine.at(n).process.kill();
    machine.spawn(n);
  }),
);
const close = slot.map((n) =>
  command(`close(${n})`, (_, machine) => {
    machine.at(n).process.spool.writer.close();
    machine.spawn(n);
  }),
);
const threadDies = fc.tuple(slot, fc.nat(4)).map(([n, again]) =>
  command(`threadDies(${n}, ${again})`, async (model, machine) => {
    const { process, instance, recent } = machine.at(n);
    const stillOpen = new Set(process.spool.writer.open().flatMap(({ label }) => label));
    process.kill();
    machine.spawn(n, instance);
    const one = machine.at(n);
    // What the dead thread may have written without being heard comes again.
    for (const sequence of recent.slice(recent.length - again)) {
      const label = model.waiting.get(sequence);
      if (label === undefined || !stillOpen.has(label)) continue;
      one.process.spool.writer.append(label, recordOf(sequence, 9), countsOf(sequence), sequence);
    }
    one.sealed.push(...(await recoverAll(one.process.spool)).segments);
  }),
);

async function* bodyOf(id: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode("body of ");
  yield new TextEncoder().encode(id);
}

test("whatever processes do and wherever they die, recovery finds what was acknowledged and not delivered, once", async ({
  task,
}) => {
  let recovered = 0;
  let lives = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.commands(
        [
          append,
          append,
          append,
          append,
          sync,
          seal,
          seal,
          attempt,
          freeze,
          release,
          recover,
          recover,
          kill,
          close,
          threadDies,
        ],
        {
          maxCommands: 60,
          size: "max",
        },
      ),
      async (commands) => {
        const model: Model = { waiting: new Map() };
        const machine = new Machine();
        await fc.asyncModelRun(() => ({ model, real: machine }), commands);
        machine.world.killAll();
        const { records, losses } = await recoverAll(machine.world.start().spool);
        expect(losses).toEqual([]);
        expect(records.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(
          [...model.waiting.keys()].sort((a, b) => a - b),
        );
        recovered += records.length;
        lives++;
      },
    ),
    { numRuns: 600 },
  );
  expect(recovered).toBeGreaterThan(1_000);
  const commands = [...played.values()].reduce((sum, times) => sum + times, 0);
  tellFigures(task, {
    fault: "model with crash and restart (fast-check)",
    injected: lives,
    fired: lives,
    acknowledged: recovered,
    figure: `${commands} commands, among them ${played.get("kill") ?? 0} kills, ${played.get("threadDies") ?? 0} deaths of a thread, ${played.get("recover") ?? 0} recoveries`,
  });
});
