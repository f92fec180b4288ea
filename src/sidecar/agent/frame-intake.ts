import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Collector, Deployment } from "../../collector/api.ts";
import { insideOf } from "../../collector/collector.ts";
import type { CorrelationContext } from "../../collector/context/correlation-context.ts";
import { agentHeaders } from "../../layout/agent-protocol.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import { Refusal, unavailable } from "../intake/answer.ts";
import { SpoolBarrier } from "../intake/spool-barrier.ts";
import { collectionOf, contextOf, frameOf } from "./posted-frame.ts";

/** Collections that may come into being by frames that are posted. */
const maxCollections = 200;
/** Frames of which it is remembered that they were taken, for those that are posted again. */
const maxRemembered = 10_000;

/** Takes the frames that are posted, and knows when they are safe. */
export class FrameIntake {
  readonly #deployment: Deployment;
  readonly #barrier: SpoolBarrier;
  readonly #collections = new Map<string, Collection>();
  /** The newest last. */
  readonly #known = new Map<string, Promise<void>>();

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
    this.#barrier = new SpoolBarrier(deployment);
  }

  /**
   * Resolves when the frame is in the spool. Rejects with a `Refusal`. A frame that is posted again, because
   * its sender had not heard of the first one, is not stored again.
   */
  take(headers: IncomingHttpHeaders, body: Buffer): Promise<void> {
    const key = postKey(headers, body);
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    const taken = this.#takeNew(headers, body);
    if (key === undefined) return taken;
    this.#known.set(key, taken);
    taken.catch(() => this.#known.delete(key));
    if (this.#known.size > maxRemembered) this.#known.delete([...this.#known.keys()].at(0) ?? "");
    return taken;
  }

  async #takeNew(headers: IncomingHttpHeaders, body: Buffer): Promise<void> {
    const collection = this.#collection(collectionOf(headers));
    const context = contextOf(headers);
    const { limits } = this.#deployment.config;
    let frame: object;
    try {
      frame = frameOf(body, headers["content-type"], limits);
    } catch (thrown) {
      // Its sender does not look at answers: it is to show here.
      if (thrown instanceof Refusal) collection.refuse(context, thrown);
      throw thrown;
    }
    collection.collect(frame, context);
    const lostBefore = collection.lost;
    try {
      await this.#barrier.passed();
    } catch {
      throw unavailable("the frame could not be put into the spool in time");
    }
    if (collection.lost > lostBefore) throw unavailable("the frame could not be put into the spool");
  }

  #collection(name: string): Collection {
    const key = collectionKey(name);
    const known = this.#collections.get(key);
    if (known !== undefined) return known;
    if (this.#collections.size >= maxCollections)
      throw new Refusal(400, `${agentHeaders.type}: there are ${maxCollections} collections already`);
    const made = new Collection(this.#deployment.collector(name));
    this.#collections.set(key, made);
    return made;
  }
}

/** Why a frame is lost after it was taken: the spool cannot have it. */
const lateReasons: readonly string[] = ["memory", "spool_full", "disk_low", "io_error", "closed"];

/** A collection, and what became of its frames. */
class Collection {
  readonly #collector: Collector;
  /** Of the frames that are lost, those that were refused at once. */
  #refused = 0;

  constructor(collector: Collector) {
    this.#collector = collector;
  }

  /** How many frames were lost after they had been taken. */
  get lost(): number {
    const { dropped } = this.#collector.stats().frames;
    return lateReasons.reduce((sum, reason) => sum + (dropped[reason] ?? 0), 0) - this.#refused;
  }

  /** Throws a {@link Refusal} if the frame is not taken. */
  collect(frame: object, context: CorrelationContext): void {
    const before = this.#collector.stats().frames.dropped;
    this.#collector.collect(frame, context);
    const after = this.#collector.stats().frames.dropped;
    const reason = Object.keys(after).find((each) => (after[each] ?? 0) > (before[each] ?? 0));
    if (reason === undefined) return;
    if (lateReasons.includes(reason)) this.#refused++;
    const message = `the frame was not taken (${reason})`;
    if (reason === "invalid") throw new Refusal(400, message);
    throw reason === "too_large" ? new Refusal(413, message) : unavailable(message);
  }

  /** Counts a frame of which nothing could be made. */
  refuse(context: CorrelationContext, { status, message }: Refusal): void {
    const reason = status === 413 ? "too_large" : "invalid";
    insideOf(this.#collector)?.refuse(context, reason, message);
  }
}

/** What a post is known by; undefined for one without an id of its own. */
function postKey(headers: IncomingHttpHeaders, body: Buffer): string | undefined {
  const trace = headers[agentHeaders.trace];
  if (typeof trace !== "string" || !/^[0-9a-f-]{32,36}$/i.test(trace)) return undefined;
  const hash = createHash("sha256");
  for (const name of [agentHeaders.type, agentHeaders.time, agentHeaders.correlationId])
    hash.update(`${String(headers[name])}\n`);
  return `${trace} ${hash.update(body).digest("base64")}`;
}
