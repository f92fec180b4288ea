import { createHash, type Hash } from "node:crypto";
import type { AsideBody } from "../../collector/bodies/aside-body.ts";
import { strictestPolicy } from "../../config/protection/policy.ts";
import type { PayloadPolicy } from "../payload-options.ts";
import type { BodyBudget } from "./body-budget.ts";

/** A body as it came, or as much of it as is kept. */
export interface RecordedBody {
  readonly policy: PayloadPolicy;
  /** Bytes of the whole body. */
  readonly size: number;
  /** What is kept of it, from its beginning: nothing if the policy needs nothing of it. */
  readonly kept: Buffer;
  /** True if that is not all, though something is to be kept. */
  readonly truncated: boolean;
  /** False if not all of the body came. */
  readonly isWhole: boolean;
  /** Where all of it went that came, if it is not kept here. */
  readonly aside: AsideBody | undefined;
  /** 64 hex digits, of the whole body; null where the body itself is there, or nobody asked. */
  readonly sha256: string | null;
  /** What is kept is needed no longer. To be called once. */
  readonly release: () => void;
}

/** How a body is recorded. */
export interface BodyRecording {
  readonly policy: PayloadPolicy;
  /** What is kept of it, bytes. */
  readonly maxBytes: number;
  readonly budget: BodyBudget;
  /** True if the body itself must not be hashed, only what is left of it. */
  readonly isRedacted: boolean;
  /** Asked once where more comes than is kept: takes all of it. */
  readonly openAside?: (() => AsideBody | undefined) | undefined;
}

type Chunk = Uint8Array | string;

/**
 * Listens to the chunks of one body: counts them, keeps a bounded beginning, and hashes the whole where that
 * is not enough. Chunks are copied, for their owners may use the memory again.
 */
export class BodyRecorder {
  #policy: PayloadPolicy = "full";
  #isRedacted = false;
  #keeps = true;
  readonly #maxBytes: number;
  readonly #budget: BodyBudget;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #kept = 0;
  #hash: Hash | undefined;
  #openAside: BodyRecording["openAside"];
  #aside: AsideBody | undefined;
  /** Hears all bytes as they come, whatever is kept of them. */
  meter: { add(bytes: Uint8Array): void } | undefined;
  #finished = false;

  constructor({ policy, maxBytes, budget, isRedacted, openAside }: BodyRecording) {
    this.#openAside = openAside;
    this.#maxBytes = maxBytes;
    this.#budget = budget;
    this.#storeUnder(policy, isRedacted);
  }

  /**
   * Is told, before anything came, that it is to be stored under a stricter policy, or redacted. What is told
   * later holds for what is stored, and not for what is kept until then.
   */
  limit(policy: PayloadPolicy, isRedacted: boolean): void {
    if (this.#size > 0 || this.#finished) return;
    this.#storeUnder(strictestPolicy([this.#policy, policy]), this.#isRedacted || isRedacted);
  }

  #storeUnder(policy: PayloadPolicy, isRedacted: boolean): void {
    this.#policy = policy;
    this.#isRedacted = isRedacted;
    // Of a body that is redacted, its hash is that of what is left.
    this.#keeps = policy === "full" || (policy === "hash" && isRedacted);
    this.#hash = policy === "hash" && !isRedacted ? createHash("sha256") : undefined;
    if (policy !== "full" || isRedacted) this.#openAside = undefined;
  }

  /** Bytes that came so far. */
  get size(): number {
    return this.#size;
  }

  /** A handler may go on writing when its client has left: what comes after {@link finish} is not heard. */
  add(chunk: Chunk, encoding: BufferEncoding = "utf8"): void {
    if (this.#finished) return;
    if (!this.#keeps && this.meter === undefined) {
      this.#size += typeof chunk === "string" ? Buffer.byteLength(chunk, encoding) : chunk.byteLength;
      if (typeof chunk === "string") this.#hash?.update(chunk, encoding);
      else this.#hash?.update(chunk);
      return;
    }
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
    this.meter?.add(bytes);
    this.#size += bytes.byteLength;
    if (this.#keeps && this.#hash === undefined) {
      const room = Math.min(bytes.byteLength, this.#maxBytes - this.#kept);
      const taken = this.#budget.take(room);
      this.#kept += taken;
      const isWhole = taken === bytes.byteLength;
      const isOwned = isWhole && typeof chunk === "string";
      if (taken > 0) this.#chunks.push(isOwned ? (bytes as Buffer) : Buffer.from(bytes.subarray(0, taken)));
      if (isWhole) return;
      this.#overflow(bytes.subarray(taken));
      return;
    }
    this.#hash?.update(bytes);
    this.#aside?.write(bytes);
  }

  /** From here on no more is kept. */
  #overflow(rest: Uint8Array): void {
    this.#hash = createHash("sha256");
    this.#aside = this.#openAside?.();
    for (const bytes of [...this.#chunks, rest]) {
      this.#hash.update(bytes);
      this.#aside?.write(bytes);
    }
  }

  /** What was recorded; to be asked once. */
  finish(): RecordedBody {
    this.#finished = true;
    const sha256 = this.#hash?.digest("hex") ?? null;
    if (sha256 !== null) this.#aside?.written(sha256);
    return {
      policy: this.#policy,
      size: this.#size,
      kept: this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks),
      truncated: this.#keeps && this.#kept < this.#size,
      isWhole: true,
      aside: this.#aside,
      sha256,
      release: () => this.#budget.giveBack(this.#kept),
    };
  }
}
