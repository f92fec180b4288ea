import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { serialize } from "node:v8";
import { Worker } from "node:worker_threads";
import { tableFromArrays } from "apache-arrow";
import { type DeploymentOptions, openDeployment } from "model-data-collector";
import { type Frame, readColumns, readFrame } from "./frames.ts";
import { openJsonLines } from "./sinks/json-lines.ts";
import { untilRoom } from "./sinks/ours.ts";
import { openPino } from "./sinks/pino.ts";
import type { Sink } from "./sinks/sink.ts";

/** One way to take a frame. */
export interface Subject {
  /** Reads what {@link Subject.call} will take, as whoever made it just did: see `readFrame`. */
  read(at: number): void;
  /** Takes the frame of this number; numbers go round. */
  call(at: number): void;
  /** Lets it do what it does behind the caller's back. */
  rest(): Promise<void>;
  /** Resolves when all that it took is where it is to go; of what keeps nothing for later there is none. */
  store?(): Promise<void>;
  close(): Promise<void>;
}

type Open = (frames: readonly Frame[], folder: string) => Promise<Subject>;

/** A frame in the form in which it is passed, and a way to read all of that. */
interface Given {
  readonly frame: object;
  read(): void;
}

const given =
  (form: keyof Frame) =>
  (frame: Frame): Given => ({ frame: frame[form], read: () => void readFrame(frame, form) });

function givenTable({ columns }: Frame): Given {
  const frame = tableFromArrays(columns as Record<string, unknown[]>);
  const parts = frame.data.flatMap(({ children }) =>
    children.flatMap((child) => [
      child.values,
      child.valueOffsets,
      child.nullBitmap,
      child.dictionary?.data[0]?.values,
    ]),
  );
  const buffers = Object.fromEntries(parts.filter(ArrayBuffer.isView).entries()) as Record<
    string,
    Uint8Array
  >;
  return { frame, read: () => void readColumns(buffers) };
}

const subjects: Readonly<Record<string, Open>> = {
  "the clock": async () => ({ read() {}, call() {}, rest: nextTurn, async close() {} }),
  "ours, column arrays": ours(given("columns")),
  "ours, row objects": ours(given("rows")),
  "ours, danfojs": async (frames, folder) => {
    const { DataFrame } = await import("danfojs-node");
    return ours(({ rows }) => {
      const frame = new DataFrame([...rows]);
      const columns = Object.fromEntries((frame.getColumnData as unknown[][]).entries());
      return { frame, read: () => void readColumns(columns) };
    })(frames, folder);
  },
  "ours, Arrow": ours(givenTable),
  "ours, memory": ours(given("columns"), { spool: { durability: "memory" } }),
  "ours, frame": ours(given("columns"), { spool: { durability: "frame" } }),
  "ours, switched off": ours(given("columns"), { enabled: false }),
  "ours, sampled out": ours(given("columns"), { samplingRate: 0 }),
  "ours, profiles": ours(given("columns"), { profiles: true }),
  "ours, sampled out, profiles": ours(given("columns"), { samplingRate: 0, profiles: true }),
  "ours, sampled out, a column's rule": ours(given("columns"), {
    samplingRate: 0,
    keep: [{ column: "double_0", above: 1e9 }],
  }),
  "ours, sampled out, flight recorder": ours(given("columns"), {
    samplingRate: 0,
    flightRecorder: { maxBytes: 16 * 1024 * 1024 },
  }),
  structuredClone: each(({ columns }) => structuredClone(columns)),
  "v8.serialize": each(({ columns }) => serialize(columns)),
  postMessage: postMessages,
  "JSON lines": (frames, folder) => sinkSubject(frames, openJsonLines(folder)),
  pino: (frames, folder) => sinkSubject(frames, openPino(folder)),
};

/** Opens the subject of this name with frames in the form that it takes. */
export async function openSubject(name: string, folder: string, frames: readonly Frame[]): Promise<Subject> {
  const open = subjects[name];
  if (open === undefined)
    throw new RangeError(`openSubject: expected one of ${Object.keys(subjects).join(", ")}, got ${name}`);
  await mkdir(folder, { recursive: true });
  return open(frames, folder);
}

function ours(form: (frame: Frame) => Given, options: DeploymentOptions = {}): Open {
  return async (frames, folder) => {
    const deployment = await openDeployment({
      destination: join(folder, "collected"),
      ...options,
      // Half a million cells as row objects take longer than a collection may by default.
      limits: { maxCollectMs: 60_000 },
      spool: { directory: join(folder, "spool"), ...options.spool },
    });
    const collector = deployment.collector("frames");
    const givens = frames.map(form);
    return {
      read(at) {
        givens[at % givens.length]?.read();
      },
      call(at) {
        collector.collect(givens[at % givens.length]?.frame as object);
      },
      async rest() {
        await nextTurn();
        // The bounds must not be what is measured.
        await untilRoom(deployment);
      },
      async store() {
        await deployment.flush({ deadlineMs: 60_000 });
      },
      async close() {
        await deployment.close({ deadlineMs: 60_000 });
        const { frames } = deployment.stats();
        if (Object.keys(frames.dropped).length > 0)
          throw new Error(`expected nothing dropped, got ${JSON.stringify(frames)}`);
      },
    };
  };
}

function each(action: (frame: Frame) => unknown): Open {
  return async (frames) => {
    let last: unknown;
    return {
      read: reader(frames, "columns"),
      call(at) {
        last = action(frames[at % frames.length] as Frame);
      },
      rest: nextTurn,
      async close() {
        if (last === undefined) throw new Error("expected a result");
      },
    };
  };
}

/** Each frame to a thread that does nothing with it. */
async function postMessages(frames: readonly Frame[]): Promise<Subject> {
  const code = `const { parentPort } = require("node:worker_threads");
    parentPort.on("message", (message) => { if (message === "rest") parentPort.postMessage("rested"); });`;
  const worker = new Worker(code, { eval: true });
  return {
    read: reader(frames, "columns"),
    call(at) {
      worker.postMessage(frames[at % frames.length]?.columns);
    },
    rest: () =>
      new Promise((resolve) => {
        worker.once("message", () => resolve());
        worker.postMessage("rest");
      }),
    async close() {
      await worker.terminate();
    },
  };
}

async function sinkSubject(frames: readonly Frame[], opened: Promise<Sink>): Promise<Subject> {
  const sink = await opened;
  return {
    read: reader(frames, sink.form),
    call(at) {
      sink.collect(frames[at % frames.length] as Frame);
    },
    rest: async () => (await sink.pressure()) ?? nextTurn(),
    close: () => sink.close(),
  };
}

function reader(frames: readonly Frame[], form: keyof Frame): Subject["read"] {
  return (at) => void readFrame(frames[at % frames.length] as Frame, form);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
