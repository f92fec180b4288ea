import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { notRun, type Outcome, outcomeOf } from "./outcome.ts";
import { attach, backgroundThread, straceMissing } from "./strace.ts";
import { createWorld, type WorldScenario } from "./world.ts";
import type { WorkloadProcess } from "./workload.ts";

const bulky: WorldScenario = { rate: 500, paddingBytes: 2_000 };

/** No file may grow beyond a size (`ulimit -f`): writes come back short, then fail with EFBIG. */
export async function fileSizeLimit(): Promise<Outcome> {
  const fault = "file size limit (EFBIG)";
  if (process.platform === "win32") return notRun(fault, "Windows has no such limit");
  await using world = await createWorld("limit", undefined, bulky);
  // In blocks of 512 bytes; the shell ignores the signal on behalf of what it starts.
  const wrapper = ["sh", "-c", "trap '' XFSZ; ulimit -f 800; exec \"$@\"", "sh"];
  const child = world.start({ deployment: { rotation: { maxAgeMs: 3_600_000 } } }, { wrapper });
  await child.ready;
  await sleep(3_000);
  const { dropped, spooled } = (await child.state()).stats.frames;
  const segments = world.waiting().length;
  child.tell("end");
  await child.ended;
  const verdict = await world.judge();
  return outcomeOf(
    fault,
    { injected: 1, fired: Math.max(0, segments - 1) },
    verdict,
    `${spooled} frames spooled in ${segments} segments of at most 400 KiB, dropped ${JSON.stringify(dropped)}`,
  );
}

/** The process has no descriptor left for a while. */
export async function noDescriptors(): Promise<Outcome> {
  const fault = "no descriptor left (EMFILE)";
  if (process.platform === "win32") return notRun(fault, "Windows has no such limit");
  await using world = await createWorld("descriptors");
  const wrapper = ["sh", "-c", 'ulimit -n 120; exec "$@"', "sh"];
  const child = world.start({ rate: 500 }, { wrapper });
  await child.ready;
  await sleep(600);
  child.tell("hog");
  await sleep(2_500);
  const during = await child.state();
  child.tell("release");
  await sleep(500);
  child.tell("flush");
  await sleep(2_000);
  const { status, reasons } = (await child.state()).status;
  child.tell("end");
  const { code } = await child.ended;
  const verdict = await world.judge();
  const { errors } = child.journal();
  const fired = errors.filter(({ message }) => message.includes("EMFILE")).length;
  const problems = code === 0 ? [] : [`the process ended with ${code}: ${child.output.slice(0, 500)}`];
  // What happened to the spool is told for a minute more; that delivery goes on must show at once.
  const ofSpool = /^the spool could not be|dropped \(io_error\)/;
  const late = reasons.filter((reason) => !ofSpool.test(reason));
  if (late.length > 0) problems.push(`2 s after there were descriptors again: ${late.join("; ")}`);
  const figure = `dropped and counted meanwhile: ${JSON.stringify(during.stats.frames.dropped)}; status "${during.status.status}", 2 s after "${status}" (${reasons.length === 0 ? "" : "told for a minute: "}${reasons.map((reason) => reason.split(":")[0]).join("; ")})`;
  return outcomeOf(fault, { injected: 1, fired }, verdict, figure, problems);
}

/**
 * The spool's folder is removed under a living process. What is in it is gone with it, as promised; no more,
 * and no crash.
 */
export async function spoolRemoved(): Promise<Outcome> {
  await using world = await createWorld("removed");
  const child = world.start({ rate: 500 });
  await child.ready;
  await sleep(1_000);
  // With nothing on its way, nothing is lost but what comes after.
  child.tell("pause");
  await untilDelivered(child);
  const before = (await child.state()).offered;
  rmSync(join(world.spool, "mc1"), { recursive: true, force: true });
  child.tell("go on");
  await sleep(2_000);
  child.tell("end");
  const { code } = await child.ended;
  const verdict = await world.judge();
  const problems = code === 0 ? [] : [`the process ended with ${code}: ${child.output.slice(0, 500)}`];
  const figure = `${before} frames delivered before, ${child.journal().offered - before} offered after, ${verdict.dropped} dropped`;
  return outcomeOf("spool folder removed", { injected: 1, fired: 1 }, verdict, figure, problems);
}

/** System calls that fail again and again: those that write in all threads, others in the background thread. */
export async function failingSystemCalls(times: number): Promise<readonly Outcome[]> {
  const failures = [
    ["fdatasync", "EIO"],
    ["fsync", "EIO"],
    ["rename", "EIO"],
    ["link", "EIO"],
    ["unlink", "EACCES"],
    ["openat", "EROFS"],
    ["pwritev", "EIO"],
    ["pwritev", "ENOSPC"],
    ["pwrite64", "ENOSPC"],
  ] as const;
  const missing = straceMissing();
  if (missing !== undefined) return [notRun("failing system calls", missing)];
  const outcomes: Outcome[] = [];
  for (const [call, error] of failures) outcomes.push(await failingCall(call, error, times));
  return outcomes;
}

async function failingCall(call: string, error: string, times: number): Promise<Outcome> {
  const fault = `${call} fails with ${error}`;
  await using world = await createWorld(`fail-${call}-${error}`);
  const problems: string[] = [];
  let fired = 0;
  for (let time = 0; time < times; time++) {
    const child = world.start({ gate: "collect", rate: 500 });
    await child.ready;
    const pid = child.process.pid ?? 0;
    const isWrite = call.startsWith("pwrite");
    const thread = isWrite ? pid : await backgroundThread(pid);
    // Every third call, from the first, the second or the third on.
    const strace = await attach(
      thread,
      { calls: call, action: `error=${error}:when=${1 + (time % 3)}+3` },
      !isWrite,
    );
    child.tell("go");
    await sleep(1_500);
    strace.detach();
    await strace.ended;
    await sleep(1_500);
    child.tell("end");
    const { code } = await child.ended;
    fired += strace.fired();
    if (code !== 0) problems.push(`the process ended with ${code}: ${child.output.slice(0, 500)}`);
  }
  if (fired === 0 && problems.length === 0) return notRun(fault, "no thread makes such a call");
  const verdict = await world.judge();
  const missing = verdict.windows.reduce((sum, count) => sum + count, 0);
  if (missing > verdict.dropped)
    problems.push(`${missing} frames are missing, ${verdict.dropped} were counted`);
  return outcomeOf(
    fault,
    { injected: times, fired },
    verdict,
    `${verdict.dropped} frames dropped and counted`,
    problems,
  );
}

async function untilDelivered(child: WorkloadProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { spooled, buffered } = (await child.state()).stats.frames;
    if (spooled + buffered === 0) return;
    await sleep(100);
  }
  throw new Error("nothing more was offered, and yet not all was delivered in 10 s");
}
