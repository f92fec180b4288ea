import { messageOf } from "../../../base/errors.ts";
import type { Clock } from "../../../base/time/clock.ts";
import { collectionKey } from "../../../layout/collection-key.ts";
import type { ColumnGroups } from "../../../layout/columns/column-groups.ts";
import { ledgerHour } from "../../../layout/ledger-hour.ts";
import type { Batch } from "../../../frame/batch.ts";
import { decodeBatch } from "../../../frame/wire/decode.ts";
import type { SegmentProfile } from "../../../profile/segment-profile.ts";
import type { SealedSegments } from "../../../spool/sealed-segments.ts";
import type { Emit } from "../../engine-event.ts";
import { isBody, isData, isTold } from "../../segment-label.ts";
import type { DeliveryTask } from "../delivery-task.ts";
import type { DeliveryBook } from "../ledger/delivery-book.ts";
import { othersTurn } from "../encoding/yielding.ts";

/** What {@link SegmentProfiler} needs. */
export interface SegmentProfilerParts {
  readonly spool: SealedSegments;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Without it nothing is told of frames, and so nothing profiled. */
  readonly book?: Pick<DeliveryBook, "instance">;
  /** How a baseline has the columns of a collection counted, by `collectionKey`. Default: there is none. */
  readonly groups?: ReadonlyMap<string, ColumnGroups>;
}

/** Other work waits no longer than this while a segment is profiled, milliseconds. */
const maxBusyMs = 5;

/**
 * Makes of a segment's rows what is kept of them for profiles, if the process that collected them keeps
 * profiles: its batches say so. What is in the spool is exactly what is profiled: nothing that was lost, and
 * nothing twice.
 */
export class SegmentProfiler {
  readonly #parts: SegmentProfilerParts;

  constructor(parts: SegmentProfilerParts) {
    this.#parts = parts;
  }

  /**
   * What is to be told of a segment, as texts of lines; nothing if its rows are not profiled. Throws the
   * system's error when the spool cannot be read, and all that there is to do with it is to profile it.
   */
  async textsOf(task: DeliveryTask): Promise<readonly string[]> {
    const { segment, label, isProfiled } = task;
    const { book } = this.#parts;
    if (book === undefined || isProfiled === false || isTold(label) || isBody(label)) return [];
    const profile = await this.#profileOf(task).catch((thrown: unknown) => {
      if (!isData(label)) throw thrown;
      this.#tellMissing(label.collection, thrown);
    });
    if (profile === undefined) return [];
    const { collection } = label;
    const owner = { instance: segment.instance ?? book.instance, ...ledgerHour(label) };
    return [...profile.texts({ ...owner, collection, segment: segment.id })];
  }

  async #profileOf({ segment, label: { collection } }: DeliveryTask): Promise<SegmentProfile | undefined> {
    const { spool, clock, groups } = this.#parts;
    let profile: SegmentProfile | undefined;
    let since = clock.monotonic();
    for (const { bytes } of spool.read(segment)) {
      const batch = batchOf(bytes);
      if (batch === undefined) continue;
      const redacted = redactedOf(batch);
      if (redacted === undefined) return profile;
      if (profile === undefined) {
        const { SegmentProfile: Profile } = await loadSegmentProfile();
        profile = new Profile({ groups: groups?.get(collectionKey(collection)), seed: segment.id });
      }
      this.#add(profile, batch, redacted);
      if (clock.monotonic() - since < maxBusyMs) continue;
      await othersTurn();
      since = clock.monotonic();
    }
    return profile;
  }

  /** What cannot be profiled must not hold up what is to be delivered. */
  #add(profile: SegmentProfile, batch: Batch, redacted: ReadonlySet<string>): void {
    try {
      profile.add(batch, redacted);
    } catch (thrown) {
      this.#tellMissing(batch.header.collection, thrown);
    }
  }

  #tellMissing(collection: string, thrown: unknown): void {
    const message = `rows of ${collection} are in no profile: ${messageOf(thrown)}`;
    this.#parts.emit({ kind: "trouble", code: "CORRUPT", reason: "profile_failed", message, collection });
  }
}

// Most deployments keep no profiles, and none of their processes is to load what makes them.

/** What merges what is told of profiles. */
export function loadStoredProfiles(): Promise<typeof import("../../../profile/stored-profiles.ts")> {
  return import("../../../profile/stored-profiles.ts");
}

function loadSegmentProfile(): Promise<typeof import("../../../profile/segment-profile.ts")> {
  return import("../../../profile/segment-profile.ts");
}

function batchOf(bytes: Uint8Array): Batch | undefined {
  try {
    return decodeBatch(bytes);
  } catch {
    // It is in quarantine.
    return undefined;
  }
}

/** The columns of which no value is kept; undefined if the batch's rows are not profiled. */
function redactedOf({ header }: Batch): ReadonlySet<string> | undefined {
  const { profiled } = header.constants;
  return profiled === undefined ? undefined : new Set(JSON.parse(profiled) as string[]);
}
