import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Durability } from "model-data-collector";
import { type Outcome, notRun, outcomeOf } from "./outcome.ts";
import { attach, backgroundThread, straceMissing } from "./strace.ts";
import { createWorld } from "./world.ts";

/**
 * Calls that only our own work makes, so that they can be counted from the start of the process, recovery
 * included.
 */
const rareCalls = ["fdatasync", "fsync", "rename", "unlink", "ftruncate", "link", "mkdir"];
/** Calls that Node makes as well: counted in one thread that works for us, from the first frame on. */
const commonCalls = ["openat", "write", "pwrite64", "pwritev"];

/**
 * SIGKILL at each system call that changes something: at the first of its kind, at the second, and so on
 * until the process lives to its end. A cycle is: take over what up to two killed processes left, collect,
 * spool, seal, encode, deliver, clean up, close.
 */
export async function killsAtSystemCalls(
  durability: Durability,
  options: { readonly calls?: readonly string[]; readonly every?: number } = {},
): Promise<readonly Outcome[]> {
  const missing = straceMissing();
  const chosen = options.calls ?? [...rareCalls, ...commonCalls];
  const title = (call: string): string => `SIGKILL at each ${call}, durability ${durability}`;
  if (missing !== undefined) return [notRun(title("system call"), missing)];
  const outcomes: Outcome[] = [];
  for (const call of chosen) {
    await using world = await createWorld(`syscall-${durability}-${call}`, undefined, {
      deployment: { spool: { durability } },
    });
    let fired = 0;
    let injected = 0;
    let lived = 0;
    for (let when = 1; lived < 2; when += options.every ?? 1) {
      if (when > 500) throw new Error(`${call}: no end after ${when} kills`);
      injected++;
      if (!(await killAt(world, call, when, injected % 2 === 0))) {
        lived++;
        continue;
      }
      lived = 0;
      fired++;
      // Now and then one may tidy up; else what each has to take over grows as fast as what it gets done.
      if (fired % 3 === 0) {
        await world.drain();
        removeHalfMade(join(world.spool, "mc1"));
      }
    }
    const verdict = await world.judge();
    const figure = `${fired} kills, then two processes lived to their ends`;
    // Not every cycle makes each call; that it was looked for is enough, and said.
    if (fired === 0) outcomes.push(notRun(title(call), "this cycle makes no such call"));
    else outcomes.push(outcomeOf(title(call), { injected, fired }, verdict, figure));
  }
  return outcomes;
}

/**
 * Folders whose makers died: garbage that the spool leaves for ten minutes, and that each process has to look
 * at meanwhile.
 */
function removeHalfMade(layout: string): void {
  for (const name of readdirSync(layout)) {
    if (name.startsWith(".new-")) rmSync(join(layout, name), { recursive: true });
  }
}

/** One process that is to die at its `when`-th such call; false if it lived to its end. */
async function killAt(
  world: Awaited<ReturnType<typeof createWorld>>,
  call: string,
  when: number,
  isOther: boolean,
): Promise<boolean> {
  const inThread = commonCalls.includes(call);
  const child = world.start({ gate: inThread ? "collect" : "open", frames: 40, rate: 1_000, barrierMs: 15 });
  await child.ready;
  const pid = child.process.pid ?? 0;
  // Each thread counts its own calls: in one run that which writes is counted, in the next one the other.
  const target = inThread && isOther ? await backgroundThread(pid) : pid;
  const strace = await attach(target, { calls: call, action: `signal=KILL:when=${when}` }, inThread);
  child.tell("go");
  const { code, signal } = await child.ended;
  await strace.ended;
  if (signal === "SIGKILL") return true;
  if (code !== 0)
    throw new Error(`${call} ${when}: the process ended with ${code ?? signal}: ${child.output}`);
  return false;
}
