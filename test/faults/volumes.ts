import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { notRun, type Outcome, outcomeOf } from "./outcome.ts";
import { createWorld, type World } from "./world.ts";

/** A volume of its own for a world's spool; undefined where none can be mounted. */
function mountSpool(world: World, options: string): Disposable | undefined {
  mkdirSync(world.spool);
  try {
    mount("-t", "tmpfs", "-o", options, "none", world.spool);
  } catch {
    return undefined;
  }
  return {
    [Symbol.dispose]: () => {
      for (const { process: child } of world.processes) child.kill("SIGKILL");
      execFileSync("umount", ["-l", world.spool], { stdio: "ignore" });
    },
  };
}

function mount(...args: readonly string[]): void {
  execFileSync("mount", args, { stdio: "ignore" });
}

const cannotMount = "no tmpfs can be mounted (needs root on Linux)";

/** The spool's disk is full: it has so many MiB. */
export function fullDisk(sizeMiB: number): Promise<Outcome> {
  return fullVolume(`disk of ${sizeMiB} MiB full`, `size=${sizeMiB}m`, sizeMiB * 1_500);
}

/** There is room on the spool's disk, but for no further file. */
export function noInodes(): Promise<Outcome> {
  return fullVolume("no inode left for another file", "nr_inodes=24", 5_000);
}

/** The destination is out of reach and the volume is small; then both are well again. */
async function fullVolume(fault: string, options: string, fillMs: number): Promise<Outcome> {
  await using world = await createWorld("volume", undefined, { rate: 500, paddingBytes: 2_000 });
  using volume = mountSpool(world, options);
  if (volume === undefined) return notRun(fault, cannotMount);
  const stored = join(world.folder, "stored");
  // Where the destination's folder is to be, there is a file.
  writeFileSync(stored, "");
  const child = world.start();
  await child.ready;
  await sleep(fillMs);
  const { dropped: duringDrops } = (await child.state()).stats.frames;
  const during = sum(duringDrops);
  rmSync(stored);
  child.tell("flush");
  await sleep(7_000);
  const before = sum((await child.state()).stats.frames.dropped);
  await sleep(1_500);
  const after = sum((await child.state()).stats.frames.dropped);
  child.tell("end");
  await child.ended;
  return outcomeOf(
    fault,
    { injected: 1, fired: during },
    await world.judge(),
    `${JSON.stringify(duringDrops)} counted while it was full, ${after - before} in 1.5 s after it had room again`,
    after > before ? [`${after - before} frames were dropped after there was room again`] : [],
  );
}

/**
 * The spool's volume can only be read (EROFS) when a process begins: it says so before it accepts anything,
 * and what an earlier one had left stays. When the volume can be written again, the next delivers it, once. A
 * volume that becomes so meanwhile is one of the calls that fail.
 */
export async function readOnlySpool(): Promise<Outcome> {
  const fault = "spool on a read-only volume (EROFS)";
  await using world = await createWorld("read-only", undefined, { rate: 500 });
  using volume = mountSpool(world, "size=64m");
  if (volume === undefined) return notRun(fault, cannotMount);
  const killed = world.start({ deployment: { rotation: { maxAgeMs: 3_600_000 } } });
  await killed.ready;
  await sleep(700);
  killed.process.kill("SIGKILL");
  await killed.ended;
  const left = world.waiting().length;
  mount("-o", "remount,ro", world.spool);
  const refused = world.start();
  const { code: refusal } = await refused.ended;
  mount("-o", "remount,rw", world.spool);
  const isTold = /expected a folder that can be written, got .*EROFS/.test(refused.output);
  const child = world.start();
  await child.ready;
  await sleep(2_500);
  child.tell("end");
  const { code } = await child.ended;
  return outcomeOf(
    fault,
    { injected: 1, fired: isTold ? 1 : 0 },
    await world.judge(),
    `${left} segments were left to who came next`,
    [
      ...(refusal === 0 || !isTold ? [`ended with ${refusal}: ${refused.output.slice(0, 500)}`] : []),
      ...(left === 0 ? ["nothing was left: the run is void"] : []),
      ...(code === 0 ? [] : [`the process ended with ${code}: ${child.output.slice(0, 500)}`]),
    ],
  );
}

function sum(dropped: { readonly [reason: string]: number | undefined }): number {
  return Object.values(dropped).reduce<number>((total, count) => total + (count ?? 0), 0);
}
