import { createHash } from "node:crypto";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { openDeployment } from "model-data-collector";
import { expect, test } from "vitest";
import { duckdbCollection } from "../../support/parquet-engines.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import {
  http2Sidecar,
  PlannedHttp2,
  playStream,
  type StreamHeard,
  type StreamPlan,
  streamPlans,
} from "../../support/transparency/http2.ts";

const width = 8;

/** What a head says, but for what the sidecar adds, and what the transport says of itself. */
function shown(head: IncomingHttpHeaders | undefined): string {
  const own = /^(date|via|x-forwarded-.*|:authority|:scheme)$/;
  const entries = Object.entries(head ?? {}).filter(([name]) => !own.test(name));
  return JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function differences(plan: StreamPlan, plain: StreamHeard, proxied: StreamHeard): string[] {
  const isCut = plan.cancelAt !== undefined || plan.ending === "reset";
  const common = isCut ? Math.min(plain.body.length, proxied.body.length) : undefined;
  const heads = isCut && (plain.head === undefined || String(proxied.head?.[":status"]) === "502");
  return [
    ...(heads || shown(plain.head) === shown(proxied.head)
      ? []
      : [`head ${shown(plain.head)}, through the sidecar ${shown(proxied.head)}`]),
    ...(heads || plain.body.subarray(0, common).equals(proxied.body.subarray(0, common))
      ? []
      : ["another body"]),
    ...(isCut || shown(plain.trailers) === shown(proxied.trailers)
      ? []
      : [`trailers ${shown(plain.trailers)}, through the sidecar ${shown(proxied.trailers)}`]),
    ...(isCut || plain.isReset === proxied.isReset ? [] : [`reset ${plain.isReset}, ${proxied.isReset}`]),
  ];
}

/** What of the rows is not what crossed the wire. */
function storedProblems(
  plan: StreamPlan,
  heard: StreamHeard,
  rows: readonly Record<string, unknown>[][],
): string[] {
  const [requests = [], responses = []] = rows;
  if (requests.length !== 1 || responses.length !== 1)
    return [`${requests.length}, ${responses.length} rows`];
  const [request, response] = [requests[0], responses[0]] as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  const sent = Buffer.concat(plan.body);
  const isCut = plan.cancelAt !== undefined || plan.ending === "reset";
  const outcomes = [
    ...(plan.ending === "reset" ? ["server_aborted", "error"] : ["complete"]),
    ...(plan.cancelAt === undefined ? [] : ["client_aborted"]),
  ];
  const isRead = plan.read === "before" && !isCut;
  const size = Number(response["body_size"]);
  return [
    ...(request["http_method"] === plan.method ? [] : ["another method"]),
    ...(isRead && !sent.equals(bytesOf(request)) ? ["another body of the request"] : []),
    ...(sent.subarray(0, Number(request["body_size"])).equals(bytesOf(request))
      ? []
      : ["no beginning of the request"]),
    ...(outcomes.includes(String(response["outcome"])) ? [] : [`outcome ${String(response["outcome"])}`]),
    ...(isCut || Number(response["http_status"]) === plan.status
      ? []
      : [`status ${String(response["http_status"])}`]),
    ...(size >= heard.body.length ? [] : [`${size} bytes stored, ${heard.body.length} came`]),
    ...(isCut || heard.body.equals(bytesOf(response)) ? [] : ["another body of the response"]),
  ];
}

function bytesOf(row: Record<string, unknown>): Buffer {
  if (row["body"] !== null) return Buffer.from(String(row["body"]));
  return row["body_bytes"] === null
    ? Buffer.alloc(0)
    : Buffer.from(String(row["body_bytes"]).slice(1), "hex");
}

test.each([3, 5, 6, 7])(
  "streams of HTTP/2 are the same through the sidecar, and stored as they crossed it: seed %i",
  async (seed) => {
    const sample = fc.sample(streamPlans, { seed, numRuns: 150 });
    const plans = new Map(sample.map((plan, i) => [`${seed}.${i}`, plan]));
    const folder = await tempFolder();
    const destination = join(folder, "collected");
    const deployment = await openDeployment({ destination, spool: { directory: join(folder, "spool") } });
    const [plainTarget, target] = [new PlannedHttp2(plans), new PlannedHttp2(plans)];
    const plain = connect(`http://127.0.0.1:${await plainTarget.listen()}`);
    const sidecar = await http2Sidecar(await target.listen(), { deployment, ignore: () => false });
    const heard = new Map<string, StreamHeard>();
    const problems: string[] = [];
    const queue = [...plans];
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [label, plan] = next;
        const [without, through] = await Promise.all([
          playStream(plain, label, plan),
          playStream(sidecar.session, label, plan),
        ]);
        heard.set(label, through);
        problems.push(...differences(plan, without, through).map((text) => `${label}: ${text}`));
      }
    };
    await Promise.all(Array.from({ length: width }, work));
    await sleep(50);
    for (const session of [plain, sidecar.session]) session.close();
    await sidecar.close();
    for (const server of [plainTarget, target]) server.close();
    await deployment.close();
    const stored = await Promise.all(
      ["request", "response"].map((name) => duckdbCollection(destination, name)),
    );
    for (const [label, plan] of plans) {
      const rows = stored.map((side) => side.filter((row) => row["mdc_correlation_id"] === label));
      const found = storedProblems(plan, heard.get(label) as StreamHeard, rows);
      problems.push(...found.map((text) => `${label}: ${text}`));
      const [asked, told] = [plainTarget.seen.get(label), target.seen.get(label)];
      if (plan.cancelAt !== undefined || plan.ending === "reset" || plan.read !== "before") continue;
      if (shown(asked?.head) !== shown(told?.head)) problems.push(`${label}: asked ${shown(told?.head)}`);
      if (sha256(asked?.body) !== sha256(told?.body)) problems.push(`${label}: the target got another body`);
    }
    expect(problems).toEqual([]);
    expect(heard.size).toBe(150);
  },
);

test("an answer is whole though the target reads nothing of the request, and the client gets rid of the rest", async () => {
  const plan: StreamPlan = {
    method: "POST",
    path: "/score",
    headers: {},
    body: Array.from({ length: 4 }, () => new Uint8Array(50_000)),
    read: "never",
    status: 200,
    answerHeaders: {},
    pieces: [Buffer.from("early")],
    trailers: {},
    pauseMs: 1,
    ending: "end",
    cancelAt: undefined,
  };
  const bare: StreamPlan = { ...plan, pieces: [], ending: "head" };
  const plans = new Map(Array.from({ length: 10 }, (_, i) => [`early.${i}`, i % 2 === 0 ? plan : bare]));
  const folder = await tempFolder();
  const destination = join(folder, "collected");
  const deployment = await openDeployment({ destination, spool: { directory: join(folder, "spool") } });
  const target = new PlannedHttp2(plans);
  const sidecar = await http2Sidecar(await target.listen(), { deployment, ignore: () => false });
  const heard = await Promise.all(
    Array.from(plans, ([label, each]) => playStream(sidecar.session, label, each)),
  );
  sidecar.session.close();
  await sidecar.close();
  target.close();
  await deployment.close();
  expect(heard.map(({ body, isReset }) => [body.toString(), isReset])).toEqual(
    Array.from(plans.values(), ({ pieces }) => [Buffer.concat(pieces).toString(), false]),
  );
  const rows = await duckdbCollection(destination, "response");
  expect(rows.map((row) => row["outcome"])).toEqual(Array.from(plans, () => "complete"));
});

function sha256(bytes: Buffer | undefined): string {
  return createHash("sha256")
    .update(bytes ?? "")
    .digest("hex");
}
