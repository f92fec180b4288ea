import fc from "fast-check";
import { expect, test } from "vitest";
import type { Durability } from "../../src/config/deployment-config.ts";
import { expectBalance } from "../support/scratch.ts";
import { ThreadWorld } from "./thread-world.ts";

/*
 * Random lives of a deployment: it collects, flushes and closes while its thread starts late, dies, hangs,
 * comes back or never comes. Whatever happens: a flush that resolves told the truth, one that rejects says
 * how many frames are left, the ledger balances, and in the end every frame is in exactly one file or counted
 * as dropped.
 */

/** What one life has seen, and what has to be true of it. */
class Machine {
  readonly world: ThreadWorld;
  readonly durability: Durability;
  collected = 0;
  /** Frames that a flush said are safe: they survive even a kill. */
  safe = 0;
  dead = false;
  /** What was found to be untrue when nobody waited for it. */
  readonly failures: unknown[] = [];
  readonly open = new Set<Promise<void>>();
  closed: Promise<unknown> | undefined;

  /** A life that is closed early has little left to see, so most are not. */
  readonly closesEarly: boolean;

  constructor(durability: Durability, closesEarly: boolean, near = true) {
    this.durability = durability;
    this.closesEarly = closesEarly;
    this.world = new ThreadWorld(durability, near);
  }

  get stats() {
    return this.world.core.ledger.snapshot();
  }

  get dropped(): number {
    return Object.values(this.stats.frames.dropped).reduce<number>((sum, count) => sum + (count ?? 0), 0);
  }

  collect(frames: number): void {
    for (let i = 0; i < frames; i++)
      this.world.collector.collect([{ n: this.collected++, text: "x".repeat(90) }]);
  }

  flush(to: "spool" | "store", deadlineMs: number): void {
    const { world, collected: before } = this;
    const flushed = world.core.flush(to, deadlineMs).then(
      () => {
        if (this.dead) return;
        count(`flush to ${to} resolved`);
        this.safe = Math.max(this.safe, before);
        if (to === "store") expect(this.missing(before)).toBeLessThanOrEqual(this.dropped);
      },
      (thrown: unknown) => {
        if (this.dead) return;
        const error = thrown as Error;
        count(`flush to ${to} rejected`);
        const [, about, said] = /flush: (?:.*, and |.* with )?(up to )?(\d+) frame/.exec(error.message) ?? [];
        const left = this.missing(before) - this.dropped;
        expect(Number(said), error.message).toBeGreaterThan(0);
        if (to === "spool" || this.closed !== undefined) return;
        // What is stored, but not yet told, is all that it may count too much.
        expect(Number(said), error.message).toBeGreaterThanOrEqual(left);
        const untold = world.threads.some(({ waiting }) => waiting > 0);
        if (about === undefined && !untold) expect(Number(said), error.message).toBe(left);
      },
    );
    const settled: Promise<void> = flushed.finally(() => this.open.delete(settled));
    settled.catch((failure: unknown) => this.failures.push(failure));
    this.open.add(settled);
  }

  /** How many of the first frames are not stored. */
  missing(first: number): number {
    const stored = new Set(this.world.stored());
    let missing = 0;
    for (let n = 0; n < first; n++) if (!stored.has(n)) missing++;
    return missing;
  }
}

/** How often each thing happened. */
const happened = new Map<string, number>();

function count(what: string): void {
  happened.set(what, (happened.get(what) ?? 0) + 1);
}

type Command = fc.AsyncCommand<object, Machine>;

function command(text: string, run: (machine: Machine) => Promise<unknown> | void): Command {
  return {
    check: () => true,
    run: async (_, machine) => {
      count(text.split("(")[0] ?? "");
      await run(machine);
      expectBalance(machine.stats);
    },
    toString: () => text,
  };
}

const collect = fc
  .integer({ min: 1, max: 12 })
  .map((frames) => command(`collect(${frames})`, (machine) => machine.collect(frames)));
const turns = fc
  .integer({ min: 1, max: 8 })
  .map((times) => command(`turn(${times})`, (machine) => machine.world.turn(times)));
const pass = fc
  .integer({ min: 1, max: 9 })
  .map((messages) => command(`pass(${messages})`, (machine) => machine.world.thread?.pass(messages)));
const hear = fc
  .integer({ min: 1, max: 9 })
  .map((messages) => command(`hear(${messages})`, (machine) => machine.world.thread?.hear(messages)));
const settle = fc.constant(command("settle()", (machine) => machine.world.settle()));
const advance = fc
  .constantFrom(5, 25, 1_000, 11_000, 70_000)
  .map((ms) => command(`advance(${ms})`, (machine) => machine.world.advance(ms)));
const flush = fc
  .tuple(fc.constantFrom("spool" as const, "store" as const), fc.constantFrom(0, 500, 20_000))
  .map(([to, ms]) => command(`flush(${to}, ${ms})`, (machine) => machine.flush(to, ms)));
const close = fc.constantFrom(0, 5_000).map((ms) =>
  command(`close(${ms})`, (machine) => {
    if (!machine.closesEarly) return;
    machine.closed ??= machine.world.core.close(ms);
  }),
);
const die = fc.constant(command("die()", (machine) => machine.world.thread?.die()));
const dieAfter = fc
  .nat(40)
  .map((calls) => command(`dieAfter(${calls})`, (machine) => machine.world.thread?.dieAfter(calls)));
const hang = fc.boolean().map((lingers) =>
  command(`hang(${lingers})`, (machine) => {
    const { thread } = machine.world;
    if (thread !== undefined) Object.assign(thread, { hangs: true, lingers });
  }),
);
/** It hangs so deep that nothing ends it, and another takes its place. */
const stuck = fc.constant(
  command("stuck()", async (machine) => {
    const { thread } = machine.world;
    if (thread === undefined) return;
    Object.assign(thread, { hangs: true, lingers: true });
    machine.collect(1);
    for (let i = 0; i < 2; i++) await machine.world.advance(40_000);
  }),
);
const goOn = fc.constant(
  command("goOn()", (machine) => {
    for (const thread of machine.world.threads) thread.goOn();
  }),
);
const noThreads = fc.constant(
  command("noThreads()", (machine) => {
    machine.world.withoutThreads = true;
  }),
);
const storeFails = fc.integer({ min: 1, max: 3 }).map((times) =>
  command(`storeFails(${times})`, (machine) => {
    const error = new Error("made up");
    machine.world.store.failPuts({ status: "retryable", class: "transient", error }, { times });
  }),
);

const commands = [
  ...[collect, collect, collect, turns, pass, pass, hear, settle, settle, advance, advance],
  ...[flush, flush, flush, close, die, dieAfter, dieAfter, hang, stuck, goOn, noThreads, storeFails],
];

type Ending = "close" | "exit" | "kill";

async function end(machine: Machine, ending: Ending): Promise<void> {
  const { world, durability } = machine;
  if (ending === "close" && machine.closed === undefined) {
    // Once nothing is wrong any more, all is delivered by itself.
    world.withoutThreads = false;
    for (const thread of world.threads) thread.goOn();
    for (let i = 0; i < 30 && machine.missing(machine.collected) > machine.dropped; i++)
      await world.advance(70_000);
    machine.flush("store", 5_000);
    for (let i = 0; i < 3; i++) await world.advance(5_000);
    // With durability `memory`, what was being encoded when three threads died is given up.
    expect(machine.missing(machine.collected)).toBe(machine.dropped);
    expect(machine.stats.frames.delivered + machine.dropped).toBe(machine.collected);
  }
  if (ending === "close") {
    const closed = (machine.closed ??= world.core.close(5_000));
    // More than any deadline of a flush, and the time a silent thread has beyond it.
    for (let i = 0; i < 8; i++) await world.advance(5_000);
    await closed;
    for (const failure of machine.failures) throw failure;
    expect(machine.open.size, "flushes that never settled").toBe(0);
    const { buffered, spooled } = machine.stats.frames;
    expect({ buffered, spooled: durability === "memory" ? spooled : 0 }).toEqual({ buffered: 0, spooled: 0 });
  } else if (ending === "exit") {
    world.core.save();
    // Listeners of `exit` that come after ours.
    machine.collect(3);
    if (durability === "memory") expect(machine.stats.frames.buffered).toBe(0);
  }
  expectBalance(machine.stats);
  const { dropped } = machine;
  machine.dead = true;
  world.kill();
  await world.succeed();
  const stored = world.stored();
  const twice = stored.filter((n, at) => n === stored[at - 1]);
  expect(twice, "stored twice").toEqual([]);
  const missing = machine.missing(ending === "kill" ? machine.safe : machine.collected);
  count(`frames at ${ending}, ${durability}`);
  // What was not yet known to be stored when the process ended may have been.
  const mayBeMore = ending === "kill" || (ending === "exit" && durability === "memory");
  if (mayBeMore) expect(missing).toBeLessThanOrEqual(dropped);
  else expect(missing).toBe(dropped);
  if (durability !== "memory" && machine.closed === undefined) expect(dropped).toBe(0);
}

test.each([
  ["group", "and both threads write", true],
  ["group", "and one thread writes", false],
  ["frame", "", true],
  ["memory", "", true],
] as const)(
  "durability %s %s: whatever becomes of the thread, flush and close tell the truth, and every frame comes to one end",
  async (durability, _, near) => {
    await fc.assert(
      fc.asyncProperty(
        fc.commands(commands, { maxCommands: 40, size: "max" }),
        fc.constantFrom<Ending>("close", "exit", "kill"),
        fc.nat(3),
        async (script, ending, early) => {
          const machine = new Machine(durability, early === 0, near);
          await fc.asyncModelRun(() => ({ model: {}, real: machine }), script);
          await end(machine, ending);
          for (const failure of machine.failures) throw failure;
        },
      ),
      { numRuns: 80 },
    );
  },
);

test.each(["group", "frame"] as const)(
  "durability %s: at whatever call of the disk or the store a thread dies, what it got done is counted once",
  async (durability) => {
    let deaths = 0;
    for (let calls = 0, alive = false; !alive; calls++) {
      const machine = new Machine(durability, false);
      const { world } = machine;
      await world.settle();
      const { thread } = world;
      thread?.dieAfter(calls);
      machine.collect(2);
      await world.advance(25);
      machine.flush("store", 20_000);
      await world.settle();
      alive = thread?.alive === true;
      if (!alive) deaths++;
      await world.advance(5_000);
      expectBalance(machine.stats);
      await end(machine, "close");
    }
    expect(deaths).toBeGreaterThan(20);
  },
);

test("what a stuck thread keeps open is not taken for delivered, and is delivered when the thread is gone", async () => {
  const machine = new Machine("group", false, false);
  const { world } = machine;
  await world.settle();
  machine.collect(3);
  await world.settle();
  await world.advance(25);
  expect(machine.stats.frames.spooled).toBe(3);
  Object.assign(world.thread ?? {}, { hangs: true, lingers: true });
  machine.collect(2);
  for (let i = 0; i < 2; i++) await world.advance(40_000);
  expect(world.threads).toHaveLength(2);
  const left = "flush: 3 frames not yet in the destination";
  const failed = expect(world.core.flush("store", 20_000)).rejects.toThrow(left);
  await world.advance(30_000);
  await failed;
  await end(machine, "close");
});

test("what came and was delivered meanwhile is not taken for what a stuck thread keeps open", async () => {
  const machine = new Machine("group", true, false);
  const { world } = machine;
  // It is told to start, and says that it has; then it takes its first batch, and no more.
  for (let i = 0; i < 2; i++) {
    world.thread?.pass(1);
    await Promise.resolve();
  }
  for (let thread = 0; thread < 2; thread++) {
    Object.assign(world.thread ?? {}, { hangs: true, lingers: true });
    machine.collect(1);
    for (let i = 0; i < 2; i++) await world.advance(40_000);
  }
  expect(machine.stats.frames).toMatchObject({ spooled: 1, delivered: 1 });
  const failed = expect(world.core.flush("store", 20_000)).rejects.toThrow("flush: ");
  await Promise.resolve();
  machine.collect(1);
  machine.closed = world.core.close(0);
  for (let i = 0; i < 4; i++) await world.advance(5_000);
  await failed;
  expect(world.stored()).not.toContain(0);
  await end(machine, "close");
});
