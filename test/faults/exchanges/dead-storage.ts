import { setTimeout as sleep } from "node:timers/promises";
import { startAzurite } from "../../support/azurite.ts";
import { duckdbSql } from "../../support/parquet-engines.ts";
import { disposableFolder } from "../../support/temp-folder.ts";
import { join } from "node:path";
import type { Outcome } from "../outcome.ts";
import { blobDestination } from "../world.ts";
import { startTalking, type TalkingChild } from "./child.ts";
import type { ServerScenario, ServerState } from "./scoring-server.ts";
import type { LoadReport } from "./steady-load.ts";

/** Exchanges a second that a server is to bear. */
const perSecond = 1_600;
/** How long it serves before storage dies, and after it is back: in a short run, and in the whole one. */
const warmUpMs = { short: 1_000, whole: 15_000 };
/** Files are rotated once a minute by default: an outage that is shorter is missed only if they are sooner. */
const shortRotationMs = 500;
/** What a run takes at least in which memory and rate say something. */
const wholeMs = 120_000;
const sampleMs = 1_000;
/** What memory may hold by the default of `limits.maxMemoryBytes`, and what does not depend on it: docs/operations.md. */
const maxGrowth = (128 + 160) * 2 ** 20;
/** What it may grow once it has what it works with: from the second third of the outage to the last. */
const maxDrift = 24 * 2 ** 20;

interface Ended {
  readonly report: { readonly delivered: number; readonly leftInSpool: number; readonly dropped: number };
  readonly stats: ServerState["stats"];
}

/**
 * A server whose payloads are logged with default settings is asked 1,600 times a second while its storage
 * is out of reach. No exchange fails of that, memory stays where it is, and when storage is back, each
 * exchange is stored once on both sides, as the ledger says.
 */
export async function deadStorage(deadMs: number): Promise<Outcome> {
  const isWhole = deadMs >= wholeMs;
  const restMs = isWhole ? warmUpMs.whole : warmUpMs.short;
  await using azurite = await startAzurite();
  await using folder = await disposableFolder();
  const container = await azurite.container("faults");
  const destination = blobDestination(azurite, container, azurite.port);
  const scenario: ServerScenario = {
    destination: destination.url,
    credential: destination.credential ?? "",
    spool: join(folder.path, "spool"),
    rotation: isWhole ? {} : { maxAgeMs: shortRotationMs },
  };
  await using server = startTalking("scoring-server.ts", [JSON.stringify(scenario)]);
  const { port } = await server.heard<{ port: number }>();
  await using load = startTalking("steady-load.ts", [String(port), String(perSecond)]);
  await sleep(restMs);
  await azurite.halt();
  const { first, during } = await watched(server, deadMs);
  // On a machine that has much to do it may need a second try, and half of the run would be for nothing.
  await azurite.start().catch(() => azurite.start());
  await sleep(restMs);
  const told = await load.ask<LoadReport>("end");
  const end = await server.ask<Ended>("end");
  const stored = await storedOf(await destination.download(folder.path));
  const problems = [
    ...loadProblems(told),
    ...(isWhole ? [...rateProblems(told), ...memoryProblems(first, during)] : []),
    ...ledgerProblems(told, end, stored),
  ];
  const last = during.at(-1) ?? first;
  const fired = during.filter(({ status }) => status.status !== "ok").length > 0 ? 1 : 0;
  if (fired === 0) problems.push("storage was never missed: the run is void");
  const rate = Math.round(told.sent / told.seconds);
  const waited = Math.round(last.status.spool.bytes / 2 ** 20);
  return {
    ...{ fault: "payload logging under load, storage dead", injected: 1, fired },
    ...{ offered: told.sent, acknowledged: told.answered, lost: told.answered - stored.request.ids },
    ...{ duplicated: stored.request.rows - stored.request.ids, invented: 0, problems },
    figure: `${rate} exchanges/s, dead ${deadMs / 1_000} s, p50 ${told.p50Ms.toFixed(1)} p99 ${told.p99Ms.toFixed(1)} ms; ${waited} MiB waited in the spool; ${memoryText(first, during)}`,
  };
}

/** What a server says of itself, again and again, while the time goes by. */
async function watched(server: TalkingChild, forMs: number) {
  const first = await server.ask<ServerState>("state");
  const during: ServerState[] = [];
  for (const end = performance.now() + forMs; performance.now() < end; ) {
    await sleep(sampleMs);
    during.push(await server.ask<ServerState>("state"));
  }
  return { first, during };
}

function loadProblems({ sent, answered, failures }: LoadReport): string[] {
  return answered === sent ? [] : [`${sent - answered} of ${sent} exchanges failed: ${failures.join("; ")}`];
}

/** On a machine that has more to do it is less, and the figure says so; much less proves nothing. */
function rateProblems({ sent, seconds }: LoadReport): string[] {
  const rate = sent / seconds;
  return rate < perSecond * 0.75 ? [`only ${rate.toFixed(0)} exchanges a second were reached`] : [];
}

/** Resident memory in the thirds of the outage; a median each, for heaps come and go. */
function thirds(during: readonly ServerState[]): number[] {
  const length = Math.ceil(during.length / 3);
  return [0, 1, 2].map((third) => {
    const part = during.slice(third * length, (third + 1) * length).map(({ rss }) => rss);
    return part.toSorted((a, b) => a - b)[part.length >> 1] ?? Number.NaN;
  });
}

function memoryProblems(first: ServerState, during: readonly ServerState[]): string[] {
  const [, middle = 0, end = 0] = thirds(during);
  const peak = Math.max(...during.map(({ rss }) => rss));
  return [
    ...(peak - first.rss > maxGrowth ? [`memory grew by ${mebibytes(peak - first.rss)} MiB`] : []),
    ...(end - middle > maxDrift ? [`memory drifted by ${mebibytes(end - middle)} MiB`] : []),
  ];
}

function memoryText(first: ServerState, during: readonly ServerState[]): string {
  const medians = thirds(during).map(mebibytes).join(", ");
  const peak = Math.max(...during.map(({ rss }) => rss));
  return `memory ${mebibytes(first.rss)} MiB before, ${medians} MiB in the thirds of it, ${mebibytes(peak)} MiB at most`;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

interface Stored {
  readonly rows: number;
  readonly ids: number;
  /** Rows whose body is not that of their id. */
  readonly others: number;
}

/** What DuckDB reads of both collections: the bodies begin with the number that is the exchange's id. */
async function storedOf(folder: string): Promise<{ readonly request: Stored; readonly response: Stored }> {
  const of = async (collection: string): Promise<Stored> => {
    const files = `${folder}/*/*/*/${collection}/**/*.parquet`;
    const [row = {}] = await duckdbSql(
      `SELECT count(*) AS rows, count(DISTINCT mdc_correlation_id) AS ids,
         count(*) FILTER (WHERE NOT starts_with(body, '{"n":' || mdc_correlation_id || ',')) AS others
       FROM read_parquet('${files}', union_by_name = true)`,
    );
    return { rows: Number(row["rows"]), ids: Number(row["ids"]), others: Number(row["others"]) };
  };
  return { request: await of("request"), response: await of("response") };
}

/** Everything is told of, and everything that is told of is there. */
function ledgerProblems(
  { sent }: LoadReport,
  { report, stats: { frames } }: Ended,
  stored: { readonly request: Stored; readonly response: Stored },
): string[] {
  const problems = Object.entries(stored).flatMap(([side, { rows, ids, others }]) => [
    ...(ids === sent ? [] : [`${ids} of ${sent} exchanges have a row of the ${side}`]),
    ...(rows === ids ? [] : [`${rows - ids} rows of the ${side} are there twice`]),
    ...(others === 0 ? [] : [`${others} rows of the ${side} have another's body`]),
  ]);
  const dropped = Object.entries(frames.dropped).map(([reason, count]) => `${count} ${reason}`);
  if (dropped.length > 0) problems.push(`dropped: ${dropped.join(", ")}`);
  if (frames.offered !== 2 * sent) problems.push(`${frames.offered} frames are told of, of ${2 * sent}`);
  if (frames.delivered !== stored.request.rows + stored.response.rows)
    problems.push(
      `${frames.delivered} frames are told of as delivered, ${stored.request.rows + stored.response.rows} are there`,
    );
  if (report.leftInSpool !== 0) problems.push(`${report.leftInSpool} frames were left in the spool`);
  return problems;
}
