import { createCatalog } from "../../src/reader/catalog.ts";
import { completenessOf, type HourCompleteness } from "../../src/reader/completeness/completeness.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import { statSync } from "node:fs";
import { seeded } from "../support/simulated-file-system.ts";
import { readStored } from "../support/oracle.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import type { WorkloadProcess } from "./workload.ts";
import { createWorld, filesUnder, type World } from "./world.ts";

/**
 * Three processes at once share a spool and are killed, again and again. What the stored ledger says in the
 * end is held against what the processes wrote down of themselves and what is stored: nobody who was killed
 * goes unnamed, what is stored is told to the frame, and what was offered but for what died in memory.
 */
export async function ledgerAfterKills(rounds: number): Promise<Outcome> {
  await using world = await createWorld("ledger", undefined, { deployment: { samplingRate: 0.5 } });
  const random = seeded(rounds);
  const killed: WorkloadProcess[] = [];
  for (let round = 0; round < rounds; round++) {
    const three = [world.start(), world.start(), world.start()];
    await Promise.all(three.map(({ ready }) => ready));
    await Promise.all(
      three.map(async (one) => {
        await new Promise((resolve) => setTimeout(resolve, 200 + random(1_500)));
        one.process.kill("SIGKILL");
        if ((await one.ended).signal === "SIGKILL") killed.push(one);
      }),
    );
  }
  await world.drain();
  const folder = await world.download();
  const { offered, trueOffered, stored, dropped, problems } = await holdLedger(world, folder, killed);
  const files = filesUnder(folder);
  const bytesOf = (which: RegExp): number =>
    files.filter((path) => which.test(path)).reduce((total, path) => total + statSync(path).size, 0);
  const lost = trueOffered - offered;
  const counts = { offered: trueOffered, acknowledged: trueOffered, lost: 0, duplicated: 0, invented: 0 };
  const ledger = bytesOf(/_ledger/);
  return outcomeOf(
    "SIGKILL of three processes, the stored ledger",
    { injected: rounds * 3, fired: killed.length },
    { ...counts, stored, dropped, windows: [], steadyWindows: [], problems },
    `${offered} frames told of, ${lost} in no report; ${files.filter((path) => path.includes("_ledger")).length} parts, ${ledger} bytes`,
    problems,
  );
}

const patienceMs = 2 * 3_600_000;

/** What a stored ledger says, in frames. */
interface HeldLedger {
  /** That it tells of. */
  readonly offered: number;
  /** That the processes wrote down. */
  readonly trueOffered: number;
  readonly stored: number;
  readonly dropped: number;
  readonly problems: readonly string[];
}

/** Holds a folder's ledger against what is stored there, and what a world's processes wrote down. */
async function holdLedger(
  world: World,
  folder: string,
  killed: readonly WorkloadProcess[],
): Promise<HeldLedger> {
  const catalog = createCatalog(createFolderStore({ root: folder }), {});
  const hours = await completenessOf(catalog, {}, Date.now());
  // Who had told of itself and left nothing in the spool has no heir: it is waited for, and named then.
  const later = await completenessOf(catalog, {}, Date.now() + patienceMs);
  const unnamed = later.filter(
    ({ pending, silent }) => pending > 0 && silent.every(({ recovered }) => recovered),
  );
  const sum = (amount: (hour: HourCompleteness) => number): number =>
    hours.reduce((total, hour) => total + amount(hour), 0);
  const [offered, stored] = [sum((hour) => hour.offered), sum((hour) => hour.stored)];
  const journals = world.processes.map((one) => one.journal());
  const trueOffered = journals.reduce((total, journal) => total + journal.offered, 0);
  const dropped = sum((hour) => Object.values(hour.dropped).reduce((all, frames) => all + frames, 0));
  // Acknowledged, and not left out: such frames outlive their process.
  const kept = journals.reduce((total, { acknowledged, leftOut }) => {
    const out = [...leftOut].filter((n) => n < acknowledged).length;
    return total + acknowledged - out;
  }, 0);
  const [storedRows, foundRows] = [sum((hour) => hour.storedRows), sum((hour) => hour.foundRows ?? 0)];
  const named = new Set(hours.flatMap(({ silent }) => silent.map(({ pid }) => pid)));
  const storedFrames = (await readStored(folder)).size;
  const problems = [
    ...(stored + dropped >= kept
      ? []
      : [`${stored} frames are told of as stored, ${dropped} as dropped, and ${kept} were safe`]),
    ...(storedRows === foundRows ? [] : [`${storedRows} rows are told of as stored, ${foundRows} are there`]),
    ...(offered > trueOffered ? [`${offered} frames are told of, and only ${trueOffered} were offered`] : []),
    ...(storedFrames === stored ? [] : [`${stored} frames are told of as stored, ${storedFrames} are`]),
    // Of one that had nothing in the spool yet there is nobody who could know.
    ...killed
      .filter((one) => one.journal().reported > 0 && !named.has(one.process.pid ?? 0))
      .map(({ process }) => `process ${process.pid} was killed and is not named`),
    ...hours
      .filter(({ verdict }) => verdict === "complete")
      .map(({ hour }) => `${hour.toISOString()} is complete`),
    ...unnamed.map(({ pending }) => `${pending} frames are pending, and nobody is named who had them`),
  ];
  return { offered, trueOffered, stored, dropped, problems };
}
