/** Milliseconds. A request that comes meanwhile waits for as long. */
const usualMs = 0.15;
/** Laying out a batch takes about as long, and so does handing it over, which can write it to a disk. */
const beforeLongMs = 0.04;
/** Calls have to help with what is not drained soon enough, which holds them up more. */
const busyMs = 0.5;

/**
 * After how many milliseconds a drain gives the event loop back.
 *
 * @param isBusy whether much waits.
 * @param isNextLong whether what comes next cannot be divided.
 */
export function maxDrainMs(isBusy: boolean, isNextLong: boolean): number {
  return isBusy ? busyMs : isNextLong ? beforeLongMs : usualMs;
}
