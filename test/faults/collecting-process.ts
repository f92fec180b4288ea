/*
 * A process that collects frames until it ends or is killed. Its argument is a `Scenario`. What it has done
 * it writes, synchronously, to the journal at descriptor 3, a line for each event and always after
 * (`offered`: before) the fact, so that a line which was read was true:
 *
 *     o <n>      frame n is about to be offered
 *     h <time>   the frames from here on are of requests of the hour that begins then
 *     l <n>      sampling left frame n out
 *     a <n>      all frames up to n are acknowledged: they must survive the process
 *     b <count>  so many segments were sealed before it gave the event loop back for the first time
 *     f <n>      a flush said that all frames up to n are at the destination
 *     s <count>  so many frames were reported as spooled or delivered
 *     d          a background thread died that was to (see `preload/host.ts`)
 *     g <mood>   it was asked for a token, and did so (`TokenMood`)
 *     k <name>   it kills itself at this step, as it was to (see `preload/crash.ts`)
 *     t <name>   it passed this step (likewise)
 *     x <json>   what `onError` was told
 *     i <text>   what the deployment looks like when it is printed
 *     e <json>   the last word: ledger, status, and the report of `close`
 */
import { once } from "node:events";
import { closeSync, openSync, readdirSync, writeSync } from "node:fs";
import { inspect } from "node:util";
import { CorrelationContext, openDeployment } from "model-data-collector";
import { frameId, makeFrame } from "./frames.ts";
import type { Scenario } from "./scenario.ts";
import { createMoodyCredential, type TokenMood } from "./token-credential.ts";

const scenario = JSON.parse(process.argv[2] ?? "") as Scenario;
const {
  writer,
  rate = 2_000,
  frames = Number.POSITIVE_INFINITY,
  paddingBytes = 0,
  barrierMs = 60,
} = scenario;
const { ending = "close", closeMs = 30_000, collections = ["frames"] } = scenario;
const { toAll = false, hours = 1, tickMs = 5 } = scenario;
const hourMs = 3_600_000;
/** So many frames in a row are of one hour. */
const hourRun = 32;

function journal(line: string): void {
  writeSync(3, `${line}\n`);
}

/** Lets the parent take hold of this process before it goes on. */
async function gate(before: Scenario["gate"]): Promise<void> {
  if (scenario.gate !== before) return;
  process.send?.("ready");
  await once(process, "message");
}

const credential =
  scenario.tokensOf === undefined
    ? undefined
    : createMoodyCredential(scenario.tokensOf, (mood) => journal(`g ${mood}`));

await gate("open");
const openedAt = performance.now();
const deployment = await openDeployment({
  ...scenario.deployment,
  ...(credential === undefined ? {} : { credential }),
  onError: (error, info) => {
    journal(
      `x ${JSON.stringify({ code: error.code, ...info, message: error.message, cause: String(error.cause) })}`,
    );
  },
});
const openMs = performance.now() - openedAt;
journal(
  `i ${JSON.stringify(inspect(deployment, { depth: 9, showHidden: true }) + JSON.stringify(deployment))}`,
);
await gate("collect");
const collectors = collections.map((name) => deployment.collector(name));
const eachIsSafe = deployment.config.spool.durability === "frame";
const start = performance.now();
let offered = 0;
let hour = 0;
let reported = 0;
let ended = false;
/** How long each call of `collect` took, milliseconds, since the parent last asked. */
let callsMs: number[] = [];

function collectOne(): void {
  const n = offered++;
  const time = Date.now() - (Math.trunc(n / hourRun) % hours) * hourMs;
  if (time - hour >= hourMs || time < hour) {
    hour = time - (time % hourMs);
    journal(`h ${hour}`);
  }
  journal(`o ${n}`);
  const context = CorrelationContext.create({ id: frameId(writer, n), requestTime: new Date(time) });
  const frame = makeFrame(writer, n, paddingBytes);
  const chosen = toAll ? collectors : [collectors[n % collectors.length]];
  const calledAt = performance.now();
  for (const collector of chosen) collector?.collect(frame, context);
  callsMs.push(performance.now() - calledAt);
  if ([...context.sampled.values()].includes(false)) journal(`l ${n}`);
  if (eachIsSafe) journal(`a ${n}`);
}

function collectDue(): void {
  const due = Math.min(frames, ((performance.now() - start) * rate) / 1_000);
  // After a pause of the machine it does not try to make up for it in one go.
  for (let burst = 0; offered < due && burst < 200; burst++) collectOne();
}

async function barrier(): Promise<void> {
  const last = offered - 1;
  if (last < 0) return;
  await deployment.flush({ to: "spool" });
  journal(`a ${last}`);
}

function lastWord(report?: object): void {
  journal(`e ${JSON.stringify({ offered, stats: deployment.stats(), status: deployment.status(), report })}`);
}

async function end(): Promise<void> {
  if (ended) return;
  ended = true;
  clearInterval(ticking);
  clearInterval(barriers);
  switch (ending) {
    case "close":
    case "close-on-sigterm":
      lastWord(await deployment.close({ deadlineMs: closeMs }));
      process.disconnect?.();
      return;
    case "flush":
      await deployment.flush();
      process.disconnect?.();
      return;
    case "flush-and-wait": {
      const last = offered - 1;
      await deployment.flush();
      journal(`f ${last}`);
      return;
    }
    case "natural":
      process.disconnect?.();
      return;
    case "exit":
      process.exit(7);
      return;
    case "throw":
      setImmediate(() => {
        throw new Error("thrown on purpose");
      });
      return;
    case "reject":
      void Promise.reject(new Error("rejected on purpose"));
      return;
    case "out-of-memory": {
      const hoard: object[] = [];
      for (;;) hoard.push(Array.from({ length: 1_000 }, (_, n) => ({ n })));
    }
    case "wait":
  }
}

if (scenario.busyMs !== undefined) {
  const end = performance.now() + scenario.busyMs;
  while (performance.now() < end) collectDue();
  const files = readdirSync(deployment.config.spool.directory, { recursive: true }).map(String);
  journal(`b ${files.filter((name) => name.endsWith(".seg")).length}`);
}

let paused = false;
const ticking = setInterval(() => {
  if (!paused) collectDue();
  const { spooled, delivered } = deployment.stats().frames;
  if (spooled + delivered !== reported) {
    reported = spooled + delivered;
    journal(`s ${reported}`);
  }
  if (offered >= frames) void end();
}, tickMs);
const barriers = setInterval(() => void barrier().catch(() => {}), barrierMs || 2 ** 30);

const hoard: number[] = [];

function takeDescriptors(): void {
  try {
    for (;;) hoard.push(openSync("/dev/null", "r"));
  } catch {
    // There is none left, as intended.
  }
}

/** 0 when there is no descriptor left to look it up with. */
function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}

process.on("message", (message: string) => {
  if (message.startsWith("token ") && credential !== undefined) {
    credential.mood = message.slice("token ".length) as TokenMood;
  }
  switch (message) {
    case "end":
      void end();
      break;
    case "pause":
      paused = true;
      break;
    case "go on":
      paused = false;
      break;
    case "flush":
      void deployment.flush().catch(() => {});
      break;
    case "hog":
      takeDescriptors();
      break;
    case "release":
      for (const descriptor of hoard.splice(0)) closeSync(descriptor);
      break;
    case "state":
      process.send?.({
        stats: deployment.stats(),
        status: deployment.status(),
        offered,
        rss: residentBytes(),
        openMs,
        callsMs,
      });
      callsMs = [];
      break;
  }
});
// Without its parent it would go on for ever.
process.on("disconnect", () => {
  if (!ended) process.exit(1);
});
if (ending === "close-on-sigterm") process.on("SIGTERM", () => void end());
process.on("exit", () => {
  if (ending !== "close" && ending !== "close-on-sigterm") lastWord();
});
if (scenario.gate === undefined) process.send?.("ready");
