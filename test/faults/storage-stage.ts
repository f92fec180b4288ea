import { setTimeout as sleep } from "node:timers/promises";
import { type Azurite, azuriteKey, startAzurite } from "../support/azurite.ts";
import {
  type HttpProxy,
  type ProxiedAnswer,
  type ProxiedRequest,
  startHttpProxy,
} from "../support/http-proxy.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { findSecrets } from "./secrets.ts";
import type { WorkloadProcess } from "./workload.ts";
import { blobDestination, createWorld, type World, type WorldScenario } from "./world.ts";

/**
 * What a storage fault is played on: one collecting process, Azurite, and a proxy of each kind in between.
 */
export interface Stage {
  readonly azurite: Azurite;
  readonly tcp: TcpProxy;
  readonly http: HttpProxy;
  readonly world: World;
  readonly child: WorkloadProcess;
}

/** What a play found. */
export interface Play {
  readonly injected: number;
  readonly fired: number;
  readonly figure: string;
  readonly problems?: readonly string[];
  readonly quarantined?: number;
}

/** Plays a fault, lets the process end in peace, and judges; searches everything for secrets on the way. */
export async function stage(
  fault: string,
  play: (stage: Stage) => Promise<Play>,
  options: { readonly scenario?: WorldScenario; readonly signature?: boolean } = {},
): Promise<Outcome> {
  await using azurite = await startAzurite();
  const container = await azurite.container("faults");
  const tcp = await startTcpProxy(azurite.port);
  const http = await startHttpProxy(tcp.port);
  const sas = azurite.sas("faults");
  const signature = new URLSearchParams(sas).get("sig") ?? "";
  try {
    await using world = await createWorld(
      "storage",
      () => {
        const destination = blobDestination(azurite, container, http.port);
        return options.signature ? { ...destination, credential: sas } : destination;
      },
      { rate: 400, closeMs: 60_000, ...options.scenario },
    );
    const child = world.start({}, { lifeMs: 400_000 });
    await child.ready;
    const {
      injected,
      fired,
      figure,
      problems = [],
      quarantined = 0,
    } = await play({
      azurite,
      tcp,
      http,
      world,
      child,
    });
    const leaks = [...findSecrets(world, [azuriteKey, signature])];
    child.tell("end");
    const { code } = await child.ended;
    const verdict = await world.judge({ quarantined });
    leaks.push(...findSecrets(world, [azuriteKey, signature]));
    const last = child.journal().last;
    const more: string[] = [...problems, ...new Set(leaks)];
    if (code !== 0) more.push(`the process ended with ${code}: ${child.output}`);
    const left = last?.report?.leftInSpool ?? -1;
    if (left !== 0)
      more.push(`${left} frames were left in the spool by close, after the destination was back`);
    return outcomeOf(fault, { injected, fired }, verdict, figure, more);
  } finally {
    await http.close();
    await tcp.close();
  }
}

/**
 * Waits until the process says that it does so, or the time is up; returns what it says then, and after how
 * long.
 */
export async function untilStatus(
  child: WorkloadProcess,
  wanted: readonly string[],
  withinMs: number,
): Promise<{ readonly seen: string; readonly reasons: readonly string[]; readonly tookMs: number }> {
  const start = performance.now();
  for (;;) {
    const { status } = (await child.state()).status;
    const tookMs = performance.now() - start;
    if (wanted.includes(status) || tookMs > withinMs) {
      return { seen: status, reasons: (await child.state()).status.reasons, tookMs };
    }
    await sleep(100);
  }
}

/** The upload of a data file; schemas are uploaded as well. */
export function isUpload({ method, url }: ProxiedRequest): boolean {
  return method === "PUT" && /\.parquet(\?|$)/.test(url);
}

/** Waits until it is so, or the time is up; throws if the process ends meanwhile. */
export async function waitFor(
  condition: () => boolean,
  withinMs: number,
  child: WorkloadProcess,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition() && performance.now() < end) {
    if (child.process.exitCode !== null) throw new Error(`the process ended: ${child.output}`);
    await sleep(20);
  }
}

/** For people. */
export function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

/** How often the server said that the file was there already. */
export function alreadyThere({ log }: HttpProxy): string {
  const times = log.filter(
    ({ method, status }) => method === "PUT" && (status === 409 || status === 412),
  ).length;
  return `${times} times told that the file was there already`;
}

/** An answer of the Blob service's shape. */
export function blobAnswer(
  status: number,
  code: string,
  headers: Record<string, string> = {},
): ProxiedAnswer {
  return {
    status,
    headers: { "x-ms-error-code": code, "content-type": "application/xml", ...headers },
    body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>text</Message></Error>`,
  };
}
