import { type DeploymentConfig, isProtectedAlike } from "../../config/deployment-config.ts";
import type { RequestOutcome } from "../../config/keeping/keep-rule.ts";
import type { Snapshot } from "../../frame/snapshot.ts";
import { Queued } from "../../pipeline/batching/frame-queue.ts";
import { CorrelationContext } from "../context/correlation-context.ts";
import type { PassedDecision } from "../context/decision-header.ts";
import { outcomes } from "../context/request-end.ts";
import type { DeploymentCollection } from "../deployment-collection.ts";
import type { CallFacts } from "./call-facts.ts";
import { FlightRecorder, type FlightRecorderParts } from "./flight-recorder.ts";
import { KeepRules, type TellRule } from "./keep-rules.ts";
import { type HeldFrame, Request, type RequestKeeper } from "./request.ts";

/** What {@link Requests} work with. */
export interface RequestsParts extends FlightRecorderParts {
  readonly tellRule: TellRule;
}

/** A frame that was copied, with all that decides what becomes of it. */
export interface Accepted {
  readonly collection: DeploymentCollection;
  readonly snapshot: Snapshot;
  readonly facts: CallFacts;
  /** Bytes of memory that it takes with its facts. */
  readonly memory: number;
  /** As it was given. */
  readonly frame: object;
  readonly decided: {
    /** When it was admitted, of `Clock.monotonic`. */
    readonly at: number;
    readonly request: Request;
    /** What the rate says. */
    readonly sampled: boolean;
  };
  readonly as: "take" | "hold";
}

/** Configurations remembered, for requests that an earlier service decided under one of them. */
const maxRecent = 8;
/** What may wait where there are rules and no flight recorder of its own size. */
const defaultBytes = 16 * 1024 * 1024;
/** Bytes that a frame takes while it waits, beside itself: its place here, and its request. */
const heldOverhead = 512;
/** How much of all memory may be taken by what waits. */
const maxShare = 1 / 4;
/** How long a frame waits at least for what becomes of its request, milliseconds. */
const minPatienceMs = 30_000;

/**
 * The requests of one deployment. Each is decided once, under the configuration that its first frame found;
 * with rules or a flight recorder its frames wait until they have had their say.
 */
export class Requests implements RequestKeeper {
  readonly recorder: FlightRecorder;
  readonly #tellRule: TellRule;
  readonly #store: FlightRecorderParts["store"];
  #current: DeploymentConfig;
  /** Those of before, the newest first. */
  #recent: readonly DeploymentConfig[] = [];
  #rules: KeepRules;
  /** Requests that are still to be kept in full. */
  #captures = 0;
  #waits = true;

  constructor(config: DeploymentConfig, { tellRule, ...parts }: RequestsParts) {
    this.recorder = new FlightRecorder(parts);
    this.#tellRule = tellRule;
    this.#store = parts.store;
    this.#current = config;
    this.#rules = new KeepRules(config.keep, tellRule);
    this.#captures = config.captureNext;
    this.#setBounds();
  }

  /** False if nothing is collected any more, of whatever request. It holds at once. */
  get enabled(): boolean {
    return this.#current.enabled && !this.#current.killSwitch;
  }

  /** True if frames that the rate leaves out are looked at all the same: they may yet be stored. */
  get watching(): boolean {
    return this.#watching;
  }
  #watching = false;

  /** From now on requests begin under this, and its rules hold for all. */
  configure(config: DeploymentConfig): void {
    const before = this.#current;
    this.#recent = [before, ...this.#recent].slice(0, maxRecent);
    this.#current = config;
    if (config.keep !== before.keep) this.#rules = new KeepRules(config.keep, this.#tellRule);
    if (config.captureNext !== before.captureNext) this.capture(config.captureNext);
    this.#setBounds();
    // What is left out, or was copied under other rules, must not come back later.
    if (!this.enabled || !isProtectedAlike(config, before)) this.recorder.settleAll();
  }

  /** Keeps the next so many requests in full. */
  capture(requests: number): void {
    this.#captures = requests;
  }

  /** Frames are still being made of requests that ended: `makeNow` is to collect them, when it is asked. */
  expect(makeNow: () => void): void {
    this.#expected.push(makeNow);
  }
  readonly #expected: (() => void)[] = [];

  /** Frames that are still being made are collected. */
  collectExpected(): void {
    for (const makeNow of this.#expected) makeNow();
  }

  /** The same, and no frame waits any longer for its request. */
  settleAll(): void {
    this.collectExpected();
    this.recorder.settleAll();
  }

  /** From now on nothing waits: what is accepted has to be safe when `collect` returns. */
  waitNoMore(): void {
    this.collectExpected();
    this.#waits = false;
    this.#setBounds();
  }

  /** The request of a context; it begins now if this is the first frame of it. */
  of(context: CorrelationContext): Request {
    const life = CorrelationContext.lifeOf(context);
    const known = life.followerOf(this);
    if (known !== undefined) return known as Request;
    const request = this.#begun(context, life.passed);
    request.over = life.over;
    if (this.#captures > 0 && this.enabled) {
      this.#captures--;
      request.kept = true;
    } else if (this.#watching) request.kept = this.#rules.keepsFrom(context);
    life.follow(request);
    return request;
  }

  /** Takes a frame: it is stored, or waits for what becomes of its request. */
  accept({ collection, snapshot, facts, memory, frame, decided, as }: Accepted): void {
    const { request, sampled, at } = decided;
    this.#look(request, collection.name, frame);
    const queued = new Queued(collection, snapshot, facts, memory);
    if (as === "hold" && !request.kept) {
      const { unsampled } = collection;
      this.#hold(request, frame, { queued, facts, unsampled, sampled, memory }, at);
      return;
    }
    if (request.kept) {
      facts.keep();
      request.context.noteSampled(collection.name, true);
    }
    collection.ledger.enter("buffered", 1, snapshot.rows, snapshot.bytes, facts.requestTimeMs);
    this.#store(queued);
  }

  /** Has the rules look at a frame of a request. */
  #look(request: Request, collection: string, frame: object): void {
    if (request.kept || !this.#rules.lookAtFrames) return;
    const { context } = request;
    const candidate = { collection, frame, context, outcome: undefined };
    if (this.#rules.keepsFor(candidate, this.#current.limits)) request.keep();
  }

  /** Has a frame wait for the end of its request, if that is still to come. */
  #hold(request: Request, frame: object, { memory, ...held }: Omit<HeldFrame, "frame">, at: number): void {
    // Whoever wants to see the frame again holds it, too.
    const again = this.#rules.hasPredicates;
    const bytes = heldOverhead + memory * (again ? 2 : 1);
    const seen = { frame: again ? frame : undefined, memory: bytes };
    this.recorder.hold(request, { ...held, ...seen }, at);
    if (request.over) this.recorder.settle(request);
  }

  kept(request: Request): void {
    this.recorder.settle(request);
  }

  ended(request: Request, outcome: RequestOutcome, over: boolean): void {
    if (!request.kept && this.#keepsAfter(request, outcome)) request.keep();
    if (over) this.recorder.settle(request);
  }

  #keepsAfter({ held = [], context }: Request, outcome: RequestOutcome): boolean {
    if (outcome.failed && this.#current.flightRecorder.maxBytes !== null) return true;
    const candidates = held.map(({ frame = {}, queued }) => ({
      ...{ collection: queued.collection.name, frame, context, outcome },
    }));
    return this.#rules.keepsAfter(outcome, candidates);
  }

  /**
   * Decided as the earlier service says, under the configuration in which this process had the same rate, of
   * the same version if there is one. Headers may be a stranger's: a rate that never held here can only lower
   * what is kept.
   */
  #begun(context: CorrelationContext, passed: PassedDecision | undefined): Request {
    const current = this.#current;
    if (passed === undefined) return new Request(this, context, current, 1);
    const same = [current, ...this.#recent].filter(({ samplingRate }) => samplingRate === passed.rate);
    const config = same.find(({ version }) => version === passed.version) ?? same[0];
    return new Request(this, context, config ?? current, config === undefined ? passed.rate : 1);
  }

  #setBounds(): void {
    const { keep, flightRecorder, limits } = this.#current;
    this.#watching = keep.length > 0 || flightRecorder.maxBytes !== null;
    if (this.#watching) outcomes.wanted = true;
    const { recorder } = this;
    const maxBytes = Math.min(flightRecorder.maxBytes ?? defaultBytes, limits.maxMemoryBytes * maxShare);
    recorder.maxBytes = this.#waits && this.#watching ? maxBytes : 0;
    recorder.maxAgeMs = Math.max(minPatienceMs, 2 * this.#rules.maxSlowMs);
    recorder.shrink();
  }
}
