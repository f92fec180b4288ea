import { freeBytesOf, writeFault } from "../../../base/files/files.ts";
import type { ResolvedDeployment } from "../../../config/resolve.ts";
import { listQuarantined, listSpooled } from "../../../operator/spool-inspection.ts";
import { inEach, spoolFoldersOf } from "../../spool-folder.ts";
import { amountText, bytesText } from "../../text/value-text.ts";
import { type Finding, findingsOf } from "./findings.ts";

/** Whether accepted data has a place to wait, and what waits there. Makes nothing. */
export async function checkSpool(resolved: ResolvedDeployment): Promise<Finding[]> {
  const { ok, hint, problem } = findingsOf("spool");
  const { spool } = resolved.config;
  if (spool.durability === "memory") return [hint("durability memory: what waits is lost with its process")];
  const folders = spoolFoldersOf(resolved);
  const faults = await Promise.all(
    folders.map(async (folder) => ({ folder, fault: await writeFault(folder) })),
  );
  const [first] = faults;
  const isGiven = resolved.spoolPlace.givenBy !== undefined;
  const place = faults.map(({ folder, fault }) => {
    if (fault === undefined) return ok(`${folder} can be written`);
    const text = `${folder} cannot be written (${fault})`;
    return isGiven ? problem(text) : hint(text);
  });
  const waiting = await inEach(folders, listSpooled);
  const frames = waiting.reduce((sum, { counts }) => sum + counts.frames, 0);
  const orphans = waiting.filter(({ ownerAlive }) => !ownerAlive).length;
  const left = "the next process with this spool delivers them, or mdc spool drain does now";
  return [
    // The others only stand in for the first.
    ...(first?.fault === undefined ? place.slice(0, 1) : place),
    ...checkRoom(first, spool),
    ok(`${amountText(frames, "frame")} in ${amountText(waiting.length, "segment")} to be delivered`),
    ...(orphans === 0 ? [] : [hint(`${amountText(orphans, "segment")} of processes that are gone: ${left}`)]),
    ...(await checkQuarantine(folders)),
  ];
}

/** Whether the disk has the room that the spool may take. */
function checkRoom(
  place: { readonly folder: string; readonly fault: string | undefined } | undefined,
  { maxBytes, minFreeBytes }: ResolvedDeployment["config"]["spool"],
): Finding[] {
  const free = place?.fault === undefined && place !== undefined ? freeBytesOf(place.folder) : undefined;
  if (free === undefined) return [];
  const { ok, hint, problem } = findingsOf("spool");
  const text = `${bytesText(free)} are free on its disk`;
  if (free < minFreeBytes)
    return [problem(`${text}, and below ${bytesText(minFreeBytes)} frames are dropped (spool.minFreeBytes)`)];
  return [
    free < maxBytes + minFreeBytes
      ? hint(`${text}, less than the ${bytesText(maxBytes)} that it may take (spool.maxBytes)`)
      : ok(text),
  ];
}

async function checkQuarantine(folders: readonly string[]): Promise<Finding[]> {
  const { length } = await inEach(folders, listQuarantined);
  if (length === 0) return [];
  return [findingsOf("quarantine").problem(`${amountText(length, "segment")}: see mdc spool quarantine`)];
}
