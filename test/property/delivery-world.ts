import { expect } from "vitest";
import type { Encoder } from "../../src/codec/encoder.ts";
import type { SealedSegment, SealedSegments } from "../../src/spool/sealed-segments.ts";
import type { Spool } from "../../src/spool/spool.ts";
import type { SpoolWriter } from "../../src/spool/spool-writer.ts";
import { createMemoryStore, type MemoryStore } from "../../src/store/memory-store.ts";
import type { PutOptions, PutResult } from "../../src/store/store.ts";
import { PipelineWorld, turn } from "../unit/pipeline/pipeline-world.ts";
import { type Answer, encode, failure, retryAfterMs, Seen } from "./delivery-doubles.ts";

const mendingMs = 60_000;

type Obstacle = { readonly status: "degraded" | "failing"; readonly message: string };

/**
 * An engine over a spool and a store in memory, both of which can fail, and a second opinion of what has to
 * be true: what keeps data from being delivered, and until when nothing is sent.
 */
export class DeliveryWorld {
  readonly pipeline: PipelineWorld;
  readonly seen: Map<string, Seen> = new Map();
  readonly answers: Answer[] = [];
  /** Collections whose types cannot be had, and whether time heals that. */
  readonly typesFail: Map<string, "transient" | "throttled" | "configuration"> = new Map();
  readonly unreadable: Set<string> = new Set();
  isDown = false;
  sticks = false;
  /** Segments that the next sealing finds are an earlier process's. */
  recovered = false;
  hanging: (() => void)[] = [];
  /** Whether nothing has failed until now. */
  clean = true;
  closing = false;
  /** What was found to be untrue when nobody waited for it. */
  readonly failures: unknown[] = [];
  appended = 0;
  readonly obstacles: Map<string, Obstacle> = new Map();
  readonly refused: Set<string> = new Set();
  #inFlight = 0;
  #pausedUntil = 0;
  #early = 0;
  #activity = 0;

  constructor() {
    const store = createMemoryStore({ now: () => 0 });
    this.#mind(store);
    const parquet = {
      contentType: "x/y",
      encode: (batches) => encode(batches),
    } satisfies Encoder;
    this.pipeline = new PipelineWorld({ store, parquet, spool: (spool) => this.#watch(spool) });
    const { settledSegments } = this.pipeline.told;
    const push = settledSegments.push.bind(settledSegments);
    settledSegments.push = (id) => {
      // Nobody knows what the next one of its collection will meet.
      this.obstacles.delete(id);
      this.obstacles.delete(this.#of(id).collection);
      const length = push(id);
      this.onSettled();
      return length;
    };
  }

  get settled(): ReadonlySet<string> {
    return new Set(this.pipeline.told.settledSegments);
  }

  get unsettled(): Seen[] {
    const { settled } = this;
    return [...this.seen.values()].filter(({ segment }) => !settled.has(segment.id));
  }

  append(collection: string): void {
    this.pipeline.append({ n: [++this.appended] }, { collection });
  }

  seal(recovered: boolean): void {
    this.recovered = recovered;
    for (const segment of this.pipeline.spool.writer.seal()) this.pipeline.engine.deliver(segment);
    this.recovered = false;
  }

  /** Another segment is settled. */
  onSettled: () => void = () => {};

  /** Somebody waits, so pauses end, a few microtasks from now. */
  hurry(): void {
    this.#pausedUntil = 0;
    setImmediate(() => (this.#pausedUntil = 0));
  }

  /** Everything works from now on, but for types if they are not mended. */
  mend(types: boolean): void {
    this.answers.length = 0;
    if (types) this.typesFail.clear();
    this.unreadable.clear();
    Object.assign(this, { isDown: false, sticks: false });
    this.goOn();
  }

  goOn(): void {
    for (const go of this.hanging.splice(0)) go();
  }

  /** Lets all happen that can happen now. */
  async quiet(): Promise<void> {
    let before = -1;
    for (let still = 0, rounds = 0; still < 3; rounds++) {
      expect(rounds, "it never comes to rest").toBeLessThan(1_000);
      still = before === this.#activity ? still + 1 : 0;
      before = this.#activity;
      await turn(6);
    }
  }

  /** Turns the clock in steps, for what happens at one moment takes turns of the event loop. */
  async advance(ms: number): Promise<void> {
    const step = Math.max(500, Math.ceil(ms / 12));
    for (let passed = 0; passed < ms; passed += step) {
      await this.pipeline.clock.advance(Math.min(step, ms - passed));
      await this.quiet();
    }
  }

  /** The numbers of the frames in all files. */
  stored(): number[] {
    const texts = [...this.pipeline.store.objects].filter(([path]) => path.endsWith(".parquet"));
    return texts
      .flatMap(([, { bytes }]) => Buffer.from(bytes).toString().split(" ").map(Number))
      .sort((a, b) => a - b);
  }

  #watch(spool: Spool): Spool {
    const { writer, sealed } = spool;
    const { seal } = writer;
    const { read, release, quarantineRecord } = sealed;
    Object.assign(writer, {
      seal: (which?: Parameters<SpoolWriter["seal"]>[0]) => {
        const sealed = seal.call(writer, which).map((segment) => ({ ...segment, recovered: this.recovered }));
        const known = (collection: string): boolean =>
          [...this.seen.values()].some((seen) => seen.puts > 0 && seen.collection === collection);
        for (const segment of sealed) this.seen.set(segment.id, new Seen(segment, known));
        return sealed;
      },
    });
    Object.assign(sealed, {
      read: (segment: SealedSegment, memory?: Parameters<SealedSegments["read"]>[1]) => {
        this.#activity++;
        // Without `memory` its numbers alone are asked for, and only of a spool in memory.
        const { collection } = this.#of(segment.id);
        if (memory !== undefined && this.unreadable.has(collection)) {
          const message = `EIO: ${segment.id}`;
          this.obstacles.set(segment.id, { status: "degraded", message });
          throw Object.assign(new Error(message), { code: "EIO" });
        }
        return read.call(sealed, segment, memory);
      },
      release: (segment: SealedSegment) => {
        if (this.sticks) throw Object.assign(new Error("EBUSY: it sticks"), { code: "EBUSY" });
        release.call(sealed, segment);
      },
      quarantineRecord: (...given: Parameters<SealedSegments["quarantineRecord"]>) => {
        this.#of(given[0].id).left -= given[1].counts.frames;
        quarantineRecord.call(sealed, ...given);
      },
    });
    return spool;
  }

  #mind(store: MemoryStore): void {
    const put = store.put.bind(store);
    const get = store.get.bind(store);
    store.get = async (path, options) => {
      this.#activity++;
      const failed = this.#typesFailure(path);
      if (failed === undefined) return get(path, options);
      throw Object.assign(failed.error, failed.failure);
    };
    store.put = async (path, body, options = {}) => {
      this.#activity++;
      const [, id] = /-([0-9a-f]{32})\.parquet$/.exec(path) ?? [];
      if (id === undefined) return this.#typesFailure(path)?.result ?? put(path, body, options);
      const seen = this.#of(id);
      try {
        this.#begins(seen);
      } catch (failure) {
        this.failures.push(failure);
      }
      this.#inFlight++;
      const result = await this.#answer(store.objects.has(path), () => put(path, body, options), options);
      this.#inFlight--;
      this.#activity++;
      if (options.signal?.aborted !== true) this.#note(seen, result);
      return result;
    };
  }

  #typesFailure(path: string) {
    const [collection = ""] = /(?<=\/)c\d(?=\/)/.exec(path) ?? [];
    const kind = this.isDown ? "transient" : this.typesFail.get(collection);
    if (kind === undefined || this.closing) return undefined;
    this.clean = false;
    const result = failure(kind, ` types of ${collection}`);
    const { error } = result;
    const status = kind === "configuration" ? "failing" : "degraded";
    // A service that asks for patience means everybody.
    this.obstacles.set(kind === "throttled" ? "destination" : collection, { status, message: error.message });
    if (kind === "throttled") this.#pause(retryAfterMs);
    const { class: failed } = result;
    return { error, result, failure: { failure: failed, ...(kind === "throttled" && { retryAfterMs }) } };
  }

  async #answer(isThere: boolean, put: () => Promise<PutResult>, { signal }: PutOptions): Promise<PutResult> {
    if (this.isDown) return failure("transient");
    // What is there is neither refused nor stored again.
    const answer = isThere ? undefined : this.answers.shift();
    if (answer === undefined) return put();
    this.clean = false;
    switch (answer) {
      case "lost":
        await put();
        return failure("transient", " answer that was lost");
      case "rejected":
      case "conflict":
        return { status: answer, error: new Error(answer) };
      case "hang":
        await new Promise<void>((resolve) => {
          this.hanging.push(resolve);
          signal?.addEventListener("abort", () => resolve());
        });
        return signal?.aborted === true ? failure("transient", " aborted") : put();
      default:
        return failure(answer);
    }
  }

  #begins(seen: Seen): void {
    const { clock } = this.pipeline;
    const { id } = seen.segment;
    expect(this.settled.has(id), "a settled segment is sent again").toBe(false);
    expect(this.#inFlight, "uploads at once").toBeLessThan(2);
    // One that had begun to be encoded before the pause goes on.
    if (clock.monotonic() < this.#pausedUntil) expect(++this.#early, "files sent in a pause").toBeLessThan(2);
    if (this.clean && seen.inOrder && seen.puts === 0) {
      const mine = [...this.seen.values()].filter((other) => other.collection === seen.collection);
      const before = mine
        .slice(0, mine.indexOf(seen))
        .filter(({ inOrder, puts, left }) => inOrder && puts === 0 && left > 0);
      expect(
        before.filter(({ segment }) => !this.settled.has(segment.id)),
        "sent out of order",
      ).toEqual([]);
    }
    seen.puts++;
    this.obstacles.delete(id);
    this.obstacles.delete(seen.collection);
  }

  /** What the answer to a file means for all. */
  #note(seen: Seen, result: PutResult): void {
    const { id } = seen.segment;
    switch (result.status) {
      case "stored":
      case "exists":
        this.obstacles.delete("destination");
        this.refused.clear();
        return;
      case "conflict":
        return;
      case "rejected": {
        this.refused.add(id);
        const failing = this.refused.size > 1;
        if (!failing && ++seen.rejections >= 3) return;
        this.obstacles.set("destination", {
          status: failing ? "failing" : "degraded",
          message: result.error.message,
        });
        this.#pause(failing ? mendingMs : 0);
        return;
      }
      case "retryable": {
        const passing = result.class === "transient";
        const { message } = result.error;
        this.obstacles.set("destination", { status: passing ? "degraded" : "failing", message });
        this.#pause(passing ? (result.retryAfterMs ?? 0) : mendingMs);
      }
    }
  }

  #pause(ms: number): void {
    this.#early = 0;
    this.#pausedUntil = this.pipeline.clock.monotonic() + ms;
  }

  #of(id: string): Seen {
    return this.seen.get(id) ?? expect.unreachable(`nobody knows ${id}`);
  }
}
