import type { CrashPlan } from "./preload/crash-plan.ts";
import type { WorldScenario } from "./world.ts";

/** A step of the cycle at which a process dies, by its name in `preload/step-names.ts`. */
export interface CrashPoint {
  readonly name: string;
  /** True if the step writes: then it can also be cut half way. */
  readonly writes?: boolean;
  /** At which time of several; default the first. */
  readonly nth?: number;
  /** True if the step comes once in the life of a spool folder. */
  readonly fresh?: boolean;
  /** What an earlier process must have left, for this step to come. */
  readonly after?: CrashPlan | "repeated records";
}

/** Steps that belong together: a row of the table. */
export interface CrashGroup {
  readonly name: string;
  readonly points: readonly CrashPoint[];
  readonly scenario?: WorldScenario;
  /** The destination is a container, not a folder; its steps are moments, which have no sides. */
  readonly blobs?: boolean;
}

const step = (name: string): CrashPoint => ({ name });
const write = (name: string): CrashPoint => ({ name, writes: true });

/**
 * Dead in the middle of a record; of the others, dead with a temporary file, dead between the two removals of
 * a release.
 */
export const tornRecord: CrashPlan = { point: "record-written", side: "half", nth: 2 };
const halfFrozen: CrashPlan = { point: "freeze-written", side: "half" };
const halfReleased: CrashPlan = { point: "release-segment-unlinked", side: "after" };

/** All steps of the cycle that change something, in their order. */
export const crashGroups: readonly CrashGroup[] = [
  {
    name: "claim of a folder",
    points: [
      { name: "spool-folder-made", fresh: true },
      step("claim-folder-made"),
      step("claim-life-bound"),
      step("claim-owner-created"),
      write("claim-owner-written"),
      step("claim-owner-synced"),
      step("claim-renamed"),
      step("claim-directory-synced"),
    ],
  },
  {
    name: "append and sync",
    // A sync after each record.
    scenario: { frames: 400, deployment: { spool: { fsync: "batch" } } },
    points: [
      step("segment-created"),
      write("segment-header-written"),
      { name: "record-written", writes: true, nth: 3 },
      { name: "segment-synced", nth: 2 },
      step("segment-directory-synced"),
    ],
  },
  {
    name: "seal",
    points: [
      write("seal-footer-written"),
      step("seal-synced"),
      step("seal-renamed"),
      step("seal-directory-synced"),
    ],
  },
  {
    name: "encode and freeze",
    points: [
      step("attempt-renamed"),
      step("freeze-created"),
      write("freeze-written"),
      step("freeze-synced"),
      step("freeze-renamed"),
      step("freeze-directory-synced"),
    ],
  },
  {
    name: "schema registry, folder",
    points: [
      step("registry-folder-made"),
      step("registry-created"),
      write("registry-written"),
      step("registry-synced"),
      step("registry-linked"),
      step("registry-temporary-unlinked"),
      step("registry-directory-synced"),
    ],
  },
  {
    name: "put, folder",
    points: [
      step("put-folder-made"),
      step("put-created"),
      write("put-written"),
      step("put-synced"),
      step("put-linked"),
      step("put-temporary-unlinked"),
      step("put-directory-synced"),
    ],
  },
  {
    name: "registry and put, blobs",
    blobs: true,
    points: ["registry", "put"].flatMap((subject) =>
      ["begun", "sent", "answered"].map((moment) => step(`${subject}-${moment}`)),
    ),
  },
  {
    name: "release and farewell",
    points: [
      step("release-segment-unlinked"),
      step("release-body-unlinked"),
      step("folder-life-unlinked"),
      step("folder-owner-unlinked"),
      step("folder-removed"),
    ],
  },
  {
    name: "recovery",
    points: [
      { name: "recovery-claimed", after: tornRecord },
      { name: "recovery-claim-directory-synced", after: tornRecord },
      { name: "recovery-cut", after: tornRecord },
      { name: "recovery-footer-written", writes: true, after: tornRecord },
      { name: "recovery-synced", after: tornRecord },
      { name: "recovery-sealed", after: tornRecord },
      { name: "recovery-seal-directory-synced", after: tornRecord },
      { name: "recovery-temporary-unlinked", after: halfFrozen },
      { name: "recovery-body-unlinked", after: halfReleased },
    ],
  },
  {
    name: "recovery of repeated records",
    points: [
      { name: "copy-written", writes: true, after: "repeated records" },
      { name: "copy-footer-written", writes: true, after: "repeated records" },
      { name: "copy-synced", after: "repeated records" },
      { name: "copy-renamed", after: "repeated records" },
      { name: "recovery-original-unlinked", after: "repeated records" },
      { name: "copy-directory-synced", after: "repeated records" },
    ],
  },
];
