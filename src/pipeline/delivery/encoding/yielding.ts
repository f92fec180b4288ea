import { type Clock, onNextTurn } from "../../../base/time/clock.ts";

/**
 * New frames wait for this thread, in memory alone, while it encodes. So it lets the event loop come round
 * before each segment, and during one whenever so much time has passed, milliseconds.
 */
const maxBusyMs = 5;

/** Resolves when the event loop has come round. */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => onNextTurn(resolve));
}

/** The pieces that hold something; the event loop comes round while they are made. */
export async function* yielding(
  pieces: AsyncIterable<Uint8Array>,
  clock: Clock,
): AsyncGenerator<Uint8Array, void, undefined> {
  let since = clock.monotonic();
  for await (const piece of pieces) {
    if (piece.length > 0) yield piece;
    if (clock.monotonic() - since < maxBusyMs) continue;
    await othersTurn();
    since = clock.monotonic();
  }
}
