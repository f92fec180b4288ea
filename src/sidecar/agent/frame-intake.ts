import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Deployment } from "../../collector/api.ts";
import { agentHeaders } from "../../layout/agent-protocol.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import { Refusal, unavailable } from "../intake/answer.ts";
import { CheckedCollector } from "../intake/checked-collector.ts";
import { Recent } from "../intake/recent.ts";
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
  readonly #collections = new Map<string, CheckedCollector>();
  readonly #known = new Recent<Promise<void>>(maxRemembered);

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
    void this.#known.set(key, taken);
    // Not given back: it is the promise that has just failed.
    taken.catch(() => void this.#known.delete(key));
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

  #collection(name: string): CheckedCollector {
    const key = collectionKey(name);
    const known = this.#collections.get(key);
    if (known !== undefined) return known;
    if (this.#collections.size >= maxCollections)
      throw new Refusal(400, `${agentHeaders.type}: there are ${maxCollections} collections already`);
    const made = new CheckedCollector(this.#deployment.collector(name));
    this.#collections.set(key, made);
    return made;
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
