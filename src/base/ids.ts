import { randomBytes, randomFillSync } from "node:crypto";
import { ownTimeMs } from "./time/host-time.ts";
import { createUuidV7 } from "./uuid-v7.ts";

/** Makes ids, injected so that tests are repeatable. */
export interface Ids {
  /**
   * A UUIDv7 in text form: ordered by time, so files of ids compress well and look-ups prune. RFC 9562, 5.7.
   */
  uuid(): string;
  /** 32 lower-case hex digits from 128 random bits, never derived from time, pid or environment. */
  random128(): string;
}

/** Ids from the operating system's randomness. */
export const systemIds: Ids = {
  uuid: createUuidV7({ now: ownTimeMs, fillRandom: (bytes) => randomFillSync(bytes) }),
  random128: () => randomBytes(16).toString("hex"),
};

/** A new UUIDv7 as 32 lower-case hex digits, for names of files: still ordered by time. */
export function uuidHex(ids: Pick<Ids, "uuid">): string {
  return ids.uuid().replaceAll("-", "");
}
