import { configChanges } from "./config-changes.ts";
import { crashPoints, killsInRecovery } from "./crash-points.ts";
import { failingSystemCalls, fileSizeLimit, noDescriptors, spoolRemoved } from "./disk.ts";
import { killsOfAgent } from "./agent-kills.ts";
import { deadStorage } from "./exchanges/dead-storage.ts";
import { dyingTarget } from "./exchanges/dying-target.ts";
import { headFloods, largeBodies, slowClients, zipBombs } from "./exchanges/hostile-traffic.ts";
import { clockSkew, drippingAnswers } from "./answers.ts";
import { killsOfBodies } from "./bodies/body-kills.ts";
import { hugeBody } from "./bodies/huge-body.ts";
import { backlog } from "./backlog.ts";
import { fleet } from "./fleet/fleet.ts";
import { clusterKills, endings, stoppedProcess } from "./endings.ts";
import { killsWithBlobs, killsWithFolder } from "./kills.ts";
import { ledgerAfterKills } from "./ledger.ts";
import { lateThread } from "./late-thread.ts";
import type { Outcome } from "./outcome.ts";
import { poisonRecords } from "./poison.ts";
import { profilesAfterKills } from "./profiles.ts";
import { sidecarKills } from "./sidecar-kills.ts";
import { simulatedDisk } from "./simulated.ts";
import { slowDisk } from "./slow-disk.ts";
import * as storage from "./storage.ts";
import { killsAtSystemCalls } from "./syscalls.ts";
import { clockJumps, threadDeaths, threadHangs, threadHangsAtClose } from "./threads.ts";
import { tokenTrouble } from "./tokens.ts";
import { transparentAdapters } from "./transparency.ts";
import { fullDisk, noInodes, readOnlySpool } from "./volumes.ts";

/** How much is done; any of these can be given on the command line. */
export interface Scale {
  /** Processes killed at random moments, in all. */
  readonly kills: number;
  /** Each kind of end of life, so often. */
  readonly endings: number;
  /** Workers of a cluster that are killed one after the other; eight more in the end. */
  readonly clusterKills: number;
  /** Writers of a fleet, at a time. */
  readonly fleet: number;
  /** Seconds that all of them write, while now and then one dies. */
  readonly fleetSeconds: number;
  /** Requests a second of each. */
  readonly fleetRate: number;
  /** Kills at every so-many-th system call. */
  readonly syscallStep: number;
  /** Heaps that ten heirs in a row die over while they take them over. */
  readonly recoveries: number;
  /** Answers of the store that get lost, uploads that are cut, lies. */
  readonly answers: number;
  /** Seconds that storage is out of reach, and that a process is stopped. */
  readonly seconds: number;
  /** Seconds that storage is dead behind a server under load. */
  readonly deadSeconds: number;
  /** Segments that wait when a process starts. */
  readonly segments: number;
  /** Processes whose background threads die three times each, for each kind of death. */
  readonly threads: number;
  /** MiB of the largest body. */
  readonly bodyMebibytes: number;
  /** Changes of the configuration under load. */
  readonly changes: number;
  /** Seconds that clients say a byte now and then. */
  readonly slowSeconds: number;
  /** Hostile clients at a time, of each kind; and deaths of a server behind the sidecar. */
  readonly hostile: number;
  /** Generated exchanges for each adapter of payload logging. */
  readonly exchanges: number;
  /** Of the first of them. */
  readonly seed: number;
}

/** What `npm run test:faults` does if nothing else is said: about three quarters of an hour on two cores. */
export const fullScale: Scale = {
  kills: 500,
  endings: 10,
  clusterKills: 50,
  fleet: 64,
  fleetSeconds: 60,
  fleetRate: 3,
  syscallStep: 1,
  recoveries: 5,
  answers: 12,
  seconds: 12,
  deadSeconds: 600,
  segments: 50_000,
  threads: 6,
  bodyMebibytes: 1_024,
  changes: 10_000,
  slowSeconds: 100,
  hostile: 100,
  exchanges: 2_000,
  seed: 100,
};

/** The least that still makes every fault happen. */
export const smokeScale: Scale = {
  kills: 8,
  endings: 2,
  clusterKills: 2,
  fleet: 4,
  fleetSeconds: 6,
  fleetRate: 20,
  syscallStep: 7,
  recoveries: 1,
  answers: 6,
  seconds: 3,
  deadSeconds: 10,
  segments: 500,
  threads: 2,
  bodyMebibytes: 128,
  changes: 1_000,
  slowSeconds: 3,
  hostile: 20,
  exchanges: 100,
  seed: 100,
};

/** A run that gives one row of the table, or several. */
export interface FaultRun {
  readonly name: string;
  run(scale: Scale): Promise<Outcome | readonly Outcome[]>;
}

const quarter = ({ kills }: Scale): number => Math.max(1, Math.ceil(kills / 4));

const fleetPlan = ({ fleet: writers, fleetSeconds: seconds, fleetRate: rate }: Scale) => ({
  ...{ writers, seconds, rate, everyMs: 2_000 },
});

const tenth = ({ kills }: Scale): number => Math.max(1, Math.ceil(kills / 10));

/** Everything that `npm run test:faults` runs, in this order. */
export const faultRuns: readonly FaultRun[] = [
  { name: "kill-group-folder", run: (scale) => killsWithFolder("group", quarter(scale)) },
  { name: "kill-frame-folder", run: (scale) => killsWithFolder("frame", quarter(scale)) },
  { name: "kill-group-jsonl", run: (scale) => killsWithFolder("group", tenth(scale), "jsonl") },
  { name: "kill-group-blobs", run: (scale) => killsWithBlobs("group", quarter(scale)) },
  { name: "kill-frame-blobs", run: (scale) => killsWithBlobs("frame", quarter(scale)) },
  { name: "kill-sidecar", run: ({ kills }) => sidecarKills(Math.max(1, Math.ceil(kills * 0.4))) },
  { name: "kill-bodies", run: (scale) => killsOfBodies(tenth(scale)) },
  { name: "huge-body", run: ({ bodyMebibytes }) => hugeBody(bodyMebibytes) },
  { name: "ledger", run: ({ kills }) => ledgerAfterKills(Math.max(1, Math.ceil(kills * 0.4))) },
  { name: "profiles", run: ({ kills }) => profilesAfterKills(Math.max(2, Math.ceil(kills * 0.4))) },
  { name: "kill-agent", run: ({ kills }) => killsOfAgent(Math.max(1, Math.ceil(kills * 0.4))) },
  { name: "syscalls-group", run: ({ syscallStep }) => killsAtSystemCalls("group", { every: syscallStep }) },
  { name: "syscalls-frame", run: ({ syscallStep }) => killsAtSystemCalls("frame", { every: syscallStep }) },
  {
    name: "points",
    run: async () => (await Promise.all([crashPoints("group"), crashPoints("frame")])).flat(),
  },
  { name: "recovery", run: ({ recoveries }) => killsInRecovery(recoveries) },
  { name: "endings", run: (scale) => endings(scale.endings) },
  { name: "stop", run: ({ seconds }) => stoppedProcess(seconds * 1_000) },
  { name: "cluster", run: (scale) => clusterKills(scale.clusterKills) },
  { name: "fleet", run: (scale) => fleet({ ...fleetPlan(scale), store: "blobs" }) },
  { name: "fleet-folder", run: (scale) => fleet({ ...fleetPlan(scale), store: "folder" }) },
  { name: "outage", run: ({ seconds }) => storage.outage(seconds * 1_000) },
  { name: "stall", run: ({ seconds }) => storage.stall(seconds * 1_000) },
  { name: "lost-answers", run: ({ answers }) => storage.lostAnswers(answers) },
  { name: "cut-uploads", run: ({ answers }) => storage.cutUploads(answers) },
  { name: "lies", run: ({ answers }) => storage.lies(answers) },
  { name: "silence", run: () => storage.silence() },
  { name: "drip", run: () => drippingAnswers() },
  { name: "retry-after-429", run: () => storage.retryAfter(429, 3) },
  { name: "retry-after-503", run: () => storage.retryAfter(503, 2) },
  { name: "refused-401", run: () => storage.refusal(401, "InvalidAuthenticationInfo", 3_000) },
  { name: "refused-403", run: () => storage.refusal(403, "AuthorizationFailure", 3_000) },
  { name: "refused-404", run: () => storage.refusal(404, "ContainerNotFound", 3_000) },
  { name: "clock-skew", run: () => clockSkew(2_000) },
  { name: "tokens", run: () => tokenTrouble(3_000) },
  { name: "foreign-file", run: () => storage.foreignFile() },
  { name: "dead-storage", run: ({ deadSeconds }) => deadStorage(deadSeconds * 1_000) },
  { name: "full-spool", run: ({ seconds }) => storage.fullSpool(seconds * 1_000) },
  { name: "full-disk", run: () => fullDisk(3) },
  { name: "inodes", run: () => noInodes() },
  { name: "read-only", run: () => readOnlySpool() },
  { name: "file-size", run: () => fileSizeLimit() },
  { name: "descriptors", run: () => noDescriptors() },
  { name: "slow-disk", run: () => slowDisk(300) },
  { name: "backlog", run: ({ segments }) => backlog(segments) },
  { name: "spool-removed", run: () => spoolRemoved() },
  { name: "failing-calls", run: () => failingSystemCalls(3) },
  { name: "thread-throw", run: ({ threads }) => threadDeaths("throw", threads) },
  { name: "thread-reject", run: ({ threads }) => threadDeaths("reject", threads) },
  { name: "thread-exit", run: ({ threads }) => threadDeaths("exit", threads) },
  { name: "thread-memory", run: ({ threads }) => threadDeaths("out-of-memory", threads) },
  { name: "thread-late", run: ({ threads }) => lateThread(threads * 2) },
  { name: "thread-hangs-at-close", run: () => threadHangsAtClose() },
  { name: "thread-hangs", run: () => threadHangs() },
  { name: "clock", run: ({ threads }) => clockJumps(threads * 2) },
  { name: "poison", run: () => poisonRecords() },
  { name: "config-changes", run: ({ changes }) => configChanges(changes) },
  { name: "large-bodies", run: ({ bodyMebibytes }) => largeBodies(bodyMebibytes) },
  {
    name: "zip-bombs",
    run: ({ bodyMebibytes, hostile }) => zipBombs(bodyMebibytes, Math.ceil(hostile / 10)),
  },
  { name: "slow-clients", run: ({ slowSeconds, hostile }) => slowClients(hostile, slowSeconds * 1_000) },
  { name: "head-floods", run: ({ hostile }) => headFloods(hostile) },
  { name: "dying-target", run: ({ hostile }) => dyingTarget(hostile) },
  { name: "transparency", run: ({ exchanges, seed }) => transparentAdapters(exchanges, seed) },
  { name: "simulated-disk", run: () => simulatedDisk() },
];
