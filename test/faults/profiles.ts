import { openDataset } from "model-data-collector/reader";
import { readStored } from "../support/oracle.ts";
import { seeded } from "../support/simulated-file-system.ts";
import { rowsOfFrame } from "./frames.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import type { WorkloadProcess } from "./workload.ts";
import { createWorld } from "./world.ts";

/**
 * Processes that keep profiles are killed, again and again, while their rate leaves out all frames, or every
 * other one. What the stored profiles say in the end is held against what the processes wrote down of
 * themselves, and what is stored: each row that was acknowledged is counted once, and none that was not
 * offered.
 */
export async function profilesAfterKills(kills: number): Promise<readonly Outcome[]> {
  return [await killedAt(0, Math.ceil(kills / 2)), await killedAt(0.5, Math.floor(kills / 2))];
}

async function killedAt(samplingRate: number, kills: number): Promise<Outcome> {
  const base = { deployment: { samplingRate, profiles: true } };
  await using world = await createWorld("profiles", undefined, base);
  const random = seeded(kills);
  const started: WorkloadProcess[] = [];
  let fired = 0;
  while (started.length < kills) {
    // Each a deployment of its own, of so few rows that its profile counts distinct ones exactly.
    const some = Array.from({ length: Math.min(4, kills - started.length) }, (_, i) =>
      world.start({
        rate: 150,
        frames: 200,
        ending: "wait",
        deployment: { deployment: `p${started.length + i}` },
      }),
    );
    started.push(...some);
    await Promise.all(some.map(({ ready }) => ready));
    await Promise.all(
      some.map(async ({ process, ended }) => {
        await new Promise((resolve) => setTimeout(resolve, 200 + random(900)));
        process.kill("SIGKILL");
        if ((await ended).signal === "SIGKILL") fired++;
      }),
    );
  }
  await world.drain();
  const folder = await world.download();
  const stored = [...(await readStored(folder)).values()];
  const sums = { offered: 0, acknowledged: 0, rows: 0, stored: 0 };
  const problems: string[] = [];
  for (const [number, one] of started.entries()) {
    const { writer, offered, acknowledged } = one.journal();
    const ofWriter = stored.filter(({ id }) => id.startsWith(`${writer}:`));
    const storedRows = ofWriter.reduce((total, { rows }) => total + rows, 0);
    const found = await profiledIn(folder, `p${number}`);
    sums.offered += offered;
    sums.acknowledged += acknowledged;
    sums.rows += found.rows;
    sums.stored += storedRows;
    const wrong = wrongWith(found, {
      least: Math.max(rowsUpTo(acknowledged), storedRows),
      most: rowsUpTo(offered),
      isWhole: samplingRate === 0,
    });
    problems.push(...wrong.map((problem) => `${writer}: ${problem}`));
  }
  if (sums.rows === 0) problems.push("nothing is profiled");
  const none = { lost: 0, duplicated: 0, invented: 0, dropped: 0, windows: [], steadyWindows: [] };
  return outcomeOf(
    `SIGKILL while profiles are kept, at a rate of ${samplingRate}`,
    { injected: kills, fired },
    { ...none, ...sums, problems },
    `${sums.rows} rows profiled, ${sums.stored} of them stored`,
  );
}

/** What the stored profiles say of one deployment. */
interface Profiled {
  readonly rows: number;
  /** Rows with a value, and how many of these are distinct, in a column in which all are. */
  readonly values: number;
  readonly distinct: number;
  /** The greatest of a column that counts up. */
  readonly max: number;
}

async function profiledIn(folder: string, deployment: string): Promise<Profiled> {
  await using data = await openDataset(folder, { deployment });
  const [all, ...others] = await data.profiles({ collection: "frames" });
  for (const hour of others) all?.merge(hour);
  const [text, value] = [all?.columns.get("text"), all?.columns.get("value")];
  return {
    rows: all?.rows ?? 0,
    values: (text?.rows ?? 0) - (text?.nulls ?? 0),
    distinct: text?.distinct ?? 0,
    max: Number(value?.max ?? -1),
  };
}

function wrongWith(
  { rows, values, distinct, max }: Profiled,
  { least, most, isWhole }: { readonly least: number; readonly most: number; readonly isWhole: boolean },
): string[] {
  let frames = 0;
  while (rowsUpTo(frames) < rows) frames++;
  // Of one process's frames on one way, what came first is there.
  const last = frames === 0 ? -1 : (frames - 1) * 4 + rowsOfFrame(frames - 1) - 1;
  return [
    ...(rows < least ? [`${rows} rows are profiled, of ${least} at least`] : []),
    ...(rows > most ? [`${rows} rows are profiled, and ${most} were offered`] : []),
    ...(values === rows ? [] : [`${values} of ${rows} rows have a value`]),
    ...(distinct === rows ? [] : [`${distinct} of ${rows} rows are distinct`]),
    ...(isWhole && max !== last ? [`the last of ${rows} rows is ${max}, not ${last}`] : []),
  ];
}

function rowsUpTo(frames: number): number {
  let rows = 0;
  for (let n = 0; n < frames; n++) rows += rowsOfFrame(n);
  return rows;
}
