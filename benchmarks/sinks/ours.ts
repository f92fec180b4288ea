import { join } from "node:path";
import { type Deployment, type Durability, openDeployment } from "model-data-collector";
import type { OpenSink, Sink } from "./sink.ts";

/** The package itself, from column arrays, as data frames hold them. */
export function ours(durability: Durability): OpenSink {
  return async (folder) => collectorSink(await openIn(folder, durability), "frames", "columns");
}

/** The durability in the name of one of our sinks, `ours, group`; undefined for the name of another. */
export function durabilityOf(sink: string): Durability | undefined {
  const [, durability] = /^ours, (\w+)$/.exec(sink) ?? [];
  return durability as Durability | undefined;
}

/** A deployment that keeps everything below a folder. */
export function openIn(
  folder: string,
  durability: Durability = "group",
  flushIntervalMs: number = 20,
): Promise<Deployment> {
  return openDeployment({
    destination: join(folder, "collected"),
    spool: { directory: join(folder, "spool"), durability, flushIntervalMs },
  });
}

/** A collector of a deployment; closing it closes the deployment. */
export function collectorSink(deployment: Deployment, name: string, form: Sink["form"]): Sink {
  const collector = deployment.collector(name);
  const lostFrames = (): number => {
    const { memory = 0, spool_full = 0 } = deployment.stats().frames.dropped;
    return memory + spool_full;
  };
  return {
    form,
    collect(frame) {
      collector.collect(frame[form]);
    },
    pressure: () => (isFull(deployment) ? untilRoom(deployment) : undefined),
    async close() {
      await deployment.close({ deadlineMs: 60_000 });
      const { frames } = deployment.stats();
      if (frames.delivered + lostFrames() !== frames.offered)
        throw new Error(`expected frames to be delivered or to find no room, got ${JSON.stringify(frames)}`);
    },
    get lostFrames() {
      return lostFrames();
    },
  };
}

/** Throws if a sink lost frames: a benchmark that does not say so would measure something else. */
export function expectAllKept({ lostFrames }: Sink): void {
  if (lostFrames > 0) throw new Error(`expected all frames to be kept, ${lostFrames} were lost`);
}

/** Well before a bound would drop frames. */
export function isFull(deployment: Deployment): boolean {
  const { buffered, spooled } = deployment.stats().bytes;
  return buffered > 16 * 1024 * 1024 || spooled > 256 * 1024 * 1024;
}

/** Resolves when {@link isFull} is not so. */
export async function untilRoom(deployment: Deployment): Promise<void> {
  while (isFull(deployment)) await new Promise((resolve) => setTimeout(resolve, 1));
}
