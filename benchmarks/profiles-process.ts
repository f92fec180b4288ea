/** What `collect` of one row of twenty columns costs with profiles and without: its calls, or all threads. */
import { join } from "node:path";
import type { Figures } from "./benchmark.ts";
import { serve } from "./child.ts";
import { openSubject, type Subject } from "./collect-subjects.ts";
import { makeFrames } from "./frames.ts";
import { Durations } from "./meters.ts";

/** What {@link serve}d requests ask for. */
export type ProfilesRequest =
  /** The calls of all subjects, in turns, because what a call takes depends on who else wants the processor. */
  | {
      readonly kind: "calls";
      readonly subjects: readonly string[];
      readonly folder: string;
      readonly ms: number;
    }
  /** CPU of all threads, with all that comes of so many rows, files included. */
  | { readonly kind: "all"; readonly subject: string; readonly folder: string; readonly rows: number };

const callsInTurn = 100;

serve(async (request: ProfilesRequest): Promise<Figures | readonly Figures[]> => {
  return request.kind === "calls" ? calls(request) : all(request);
});

async function calls({
  subjects,
  folder,
  ms,
}: Extract<ProfilesRequest, { kind: "calls" }>): Promise<readonly Figures[]> {
  const opened = await Promise.all(subjects.map((name, i) => open(name, join(folder, `${i}`))));
  const durations = opened.map(() => new Durations());
  const turns = async (untilMs: number, kept: boolean): Promise<void> => {
    while (performance.now() < untilMs) {
      for (const [i, subject] of opened.entries()) {
        for (let at = 0; at < callsInTurn; at++) {
          subject.read(at);
          const before = performance.now();
          subject.call(at);
          const took = (performance.now() - before) * 1000;
          if (kept) durations[i]?.add(took);
        }
        await subject.rest();
      }
    }
  };
  await turns(performance.now() + ms / 3, false);
  await turns(performance.now() + ms, true);
  for (const subject of opened) await subject.close();
  return durations.map((one) => {
    const [p50, p99] = one.quantiles([0.5, 0.99]);
    return { p50: { unit: "µs", value: p50 ?? null }, p99: { unit: "µs", value: p99 ?? null } };
  });
}

async function all({
  subject: name,
  folder,
  rows,
}: Extract<ProfilesRequest, { kind: "all" }>): Promise<Figures> {
  const subject = await open(name, folder);
  const collect = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at++) {
      subject.call(at);
      if (at % callsInTurn === 0) await subject.rest();
    }
    await subject.store?.();
  };
  await collect(Math.ceil(rows / 4));
  const begun = process.cpuUsage();
  await collect(rows);
  const { user, system } = process.cpuUsage(begun);
  await subject.close();
  return { CPU: { unit: "µs", value: (user + system) / rows } };
}

function open(name: string, folder: string): Promise<Subject> {
  return openSubject(name, folder, makeFrames(2 * callsInTurn, 1, 20));
}
