import { createJsonlEncoder } from "../../src/codec/jsonl/jsonl-encoder.ts";
import { createParquetEncoder } from "../../src/codec/parquet/parquet-encoder.ts";
import { BackgroundThread, type ThreadParts } from "../../src/collector/background/background-thread.ts";
import { Collector } from "../../src/collector/collector.ts";
import type { EngineHost, EngineSpec } from "../../src/collector/compose.ts";
import { registerCore } from "../../src/collector/process/core-registry.ts";
import { DeploymentCore } from "../../src/collector/deployment-core.ts";
import { createSpoolFirst } from "../../src/collector/background/spool-first.ts";
import type { ThreadListener } from "../../src/collector/background/thread.ts";
import {
  type FromBackground,
  Progress,
  type ToBackground,
} from "../../src/collector/background/thread-protocol.ts";
import { createThreadService } from "../../src/collector/background/thread-service.ts";
import type { Deployment } from "../../src/collector/api.ts";
import type { Clock } from "../../src/base/time/clock.ts";
import type { Durability } from "../../src/config/deployment-config.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { resolveDeployment } from "../../src/config/resolve.ts";
import { LiveSettings } from "../../src/pipeline/live-settings.ts";
import { createEngine, type Engine, type TendingEngine } from "../../src/pipeline/delivery/engine.ts";
import { createMemorySpool } from "../../src/spool/memory-spool.ts";
import type { NearSpoolWriter } from "../../src/spool/spool-writer.ts";
import type { Spool } from "../../src/spool/spool.ts";
import { createMemoryStore, type MemoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { createHandClock, type HandClock } from "../support/hand-clock.ts";
import { turn } from "../unit/pipeline/pipeline-world.ts";
import { SpoolWorld } from "../unit/spool/spool-world.ts";

/**
 * A whole deployment with the real host of a background thread, real engines behind real messages, a real
 * spool on a simulated disk, and a store in memory. What is made up is when things happen: messages lie in
 * queues until they are passed on, and a thread can die, or hang, between any two of them, and between any
 * two of its calls of the disk.
 */
export class ThreadWorld {
  readonly clock: HandClock = createHandClock(1_700_000_000_000);
  readonly disk: SpoolWorld = new SpoolWorld();
  readonly store: MemoryStore = createMemoryStore();
  readonly core: DeploymentCore;
  readonly collector: Collector;
  /** All threads that were started, the newest last. */
  readonly threads: SimulatedThread[] = [];
  /** True: no thread can be started. */
  withoutThreads = false;
  readonly durability: Durability;
  /** Of the process: of all that runs on its main thread. */
  readonly #life: Life = new Life();

  /** @param near whether the main thread writes also when there is another. */
  constructor(durability: Durability, near: boolean) {
    this.durability = durability;
    const { clock, disk } = this;
    const resolved = resolveDeployment(
      {
        destination: "/nowhere",
        format: "jsonl",
        spool: { directory: disk.directory, durability, fsync: near ? "interval" : "batch" },
        rotation: { maxAgeMs: 10_000, maxBytes: 2_048 },
        onError: () => {},
      },
      readEnvironment({}),
    );
    Object.defineProperty(disk, "nowMs", { get: () => clock.now() });
    const parts: ThreadParts = {
      startThread: (listener) => this.#startThread(listener),
      loadEngine: async () => (spec, host) => this.#engine(spec, host, this.#life),
      composeWriter: (spec) => this.#writer(spec, this.#life),
      holdInstance: () => undefined,
      exitWaitMs: 0,
    };
    this.core = new DeploymentCore(resolved, {
      clock,
      ids: disk.ids,
      startBackend: (spec, host) => {
        const start = (forHost: EngineHost): Engine => new BackgroundThread(spec, forHost, clock, parts);
        if (durability !== "frame") return start(host);
        return createSpoolFirst(spec, host, start, clock, parts.composeWriter);
      },
    });
    const deployment = {} as Deployment;
    registerCore(deployment, this.core);
    this.collector = new Collector({ name: "numbers", deployment });
  }

  get thread(): SimulatedThread | undefined {
    return this.threads.at(-1);
  }

  /** Lets the event loop come round. */
  turn(times: number): Promise<void> {
    return turn(times);
  }

  /** Passes all messages on, and lets everything that follows happen while the clock stands. */
  async settle(): Promise<void> {
    for (let i = 0; i < 6; i++) {
      await turn(3);
      for (const thread of this.threads) thread.pass(Number.POSITIVE_INFINITY);
    }
  }

  /** Turns the clock, in steps, with everything that follows. */
  async advance(ms: number): Promise<void> {
    for (let step = 0; step < 4; step++) {
      await this.clock.advance(ms / 4);
      await this.settle();
    }
  }

  /** The process is gone, without a word. */
  kill(): void {
    for (const thread of this.threads) thread.kill();
    this.#life.end();
    this.disk.killAll();
  }

  /** Another process takes over what is left, and delivers it. */
  async succeed(): Promise<void> {
    const spec = { instance: "f".repeat(32) } as EngineSpec;
    const engine = this.#engine(spec, { emit: () => {}, getToken: async () => null }, new Life(), true);
    const over: true[] = [];
    const closed = engine
      .flush("empty", 3_600_000)
      .then(() => engine.close(0))
      .then(() => {
        over.push(true);
      });
    await turn(20);
    for (let i = 0; i < 200 && over.length === 0; i++) {
      await this.clock.advance(20_000);
      await turn(10);
    }
    await closed;
  }

  /** The numbers that are stored, each as often as it is. */
  stored(): number[] {
    const text = new TextDecoder();
    return [...this.store.objects]
      .filter(([path]) => path.endsWith(".jsonl") && !path.includes("/_ledger/"))
      .flatMap(([, { bytes }]) => text.decode(bytes).trim().split("\n"))
      .flatMap((line) => (JSON.parse(line) as { data: { n: number }[] }).data.map(({ n }) => n))
      .sort((a, b) => a - b);
  }

  #startThread(listener: ThreadListener): SimulatedThread {
    if (this.withoutThreads) throw new Error("no thread can be started");
    const thread = new SimulatedThread(listener, (spec, host, life) => this.#engine(spec, host, life));
    this.threads.push(thread);
    return thread;
  }

  #spool({ instance, config }: EngineSpec, life: Life, durable = this.durability !== "memory"): Spool {
    const { clock, disk } = this;
    if (!durable) return createMemorySpool({ clock, ids: disk.ids, maxBytes: config.limits.maxMemoryBytes });
    const process = disk.start({ instance, clock, fileSystem: life.bound(disk.fileSystem) });
    life.onEnd(() => process.kill());
    return process.spool;
  }

  #writer({ instance }: Pick<EngineSpec, "instance">, life: Life): NearSpoolWriter {
    const { clock, disk } = this;
    const process = disk.startWriter({ instance, clock, fileSystem: life.bound(disk.fileSystem) });
    life.onEnd(() => process.kill());
    return process.writer;
  }

  #engine(spec: EngineSpec, host: EngineHost, life: Life, durable?: boolean): TendingEngine {
    const clock = life.clock(this.clock);
    const settings = spec.config ?? this.core.handle.current;
    return createEngine({
      spool: this.#spool(spec, life, durable),
      store: life.bound<Store>(this.store),
      encoders: { parquet: createParquetEncoder(), jsonl: createJsonlEncoder() },
      clock,
      emit: host.emit,
      settings: new LiveSettings(settings),
      fsync: "never",
      fsyncIntervalMs: 1_000,
    });
  }
}

/**
 * What a thread lives on: when it is stopped, nothing that it does has an effect any more; when it has ended,
 * others know.
 */
class Life {
  #over = false;
  #left = false;
  readonly #endings: (() => void)[] = [];
  /** What its timers were to do while it hung. */
  readonly #late: (() => void)[] = [];
  #hangs = false;
  /** It ends before the call after so many. */
  callsLeft: number = Number.POSITIVE_INFINITY;

  /** True: nothing more is done. */
  get over(): boolean {
    return this.#over;
  }

  /** True: nobody takes it for alive any more. */
  get left(): boolean {
    return this.#left;
  }

  onEnd(action: () => void): void {
    this.#endings.push(action);
  }

  /** A clock whose timers wait while this life hangs, and come to nothing when it is over. */
  clock(clock: Clock): Clock {
    const run = (callback: () => void): void => {
      if (this.#hangs) this.#late.push(callback);
      else if (!this.#over) callback();
    };
    return { ...clock, setTimer: (callback, ms) => clock.setTimer(() => run(callback), ms) };
  }

  set hangs(hangs: boolean) {
    this.#hangs = hangs;
    if (hangs || this.#over) return;
    for (const callback of this.#late.splice(0)) callback();
  }

  stop(): void {
    this.#over = true;
  }

  end(): void {
    this.#over = true;
    if (this.#left) return;
    this.#left = true;
    for (const action of this.#endings) action();
  }

  /** The same as `target` while this life goes on. */
  bound<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          if (--this.callsLeft < 0) this.end();
          if (this.#over) throw new Error("this thread is dead");
          return Reflect.apply(value, target, args);
        };
      },
    });
  }
}

/** A background thread in the tests' own: its messages wait until they are passed on. */
export class SimulatedThread {
  readonly #listener: ThreadListener;
  readonly #life: Life = new Life();
  readonly #service: (message: ToBackground) => void;
  readonly #inbox: ToBackground[] = [];
  readonly #outbox: FromBackground[] = [];
  /** True: it is stuck in a call outside of JavaScript, so that ending it makes it do no more, but not go. */
  lingers = false;
  #hangs = false;
  #told = false;
  /** True: it keeps the process alive. */
  kept = false;
  /** How far it is: as its host sees it, and as it does. */
  #shared: BigInt64Array | undefined;
  readonly #own = new BigInt64Array(new Progress().memory);

  constructor(
    listener: ThreadListener,
    compose: (spec: EngineSpec, host: EngineHost, life: Life) => TendingEngine,
  ) {
    this.#listener = listener;
    this.#service = createThreadService(
      (message) => void (this.#life.over || this.#outbox.push(message)),
      (spec, host) => compose(spec, host, this.#life),
    );
  }

  /** True: it takes no message, and its timers do not run. */
  get hangs(): boolean {
    return this.#hangs;
  }

  set hangs(hangs: boolean) {
    this.#hangs = hangs;
    this.#life.hangs = hangs;
  }

  get alive(): boolean {
    return !this.#life.over;
  }

  get waiting(): number {
    return this.#inbox.length + this.#outbox.length;
  }

  post(message: ToBackground): void {
    if (this.#life.over) return;
    if (message.type !== "start") this.#inbox.push(message);
    else {
      this.#shared = new BigInt64Array(message.progress);
      this.#own.set(this.#shared);
      this.#inbox.push({ ...message, progress: this.#own.buffer });
    }
  }

  keepAlive(on: boolean): void {
    this.kept = on;
  }

  end(): void {
    this.#life.stop();
    if (!this.lingers) this.die();
  }

  /** Passes some messages on, first to the thread, then to its host. */
  pass(count: number): void {
    for (let i = 0; i < count && !this.hangs && !this.#life.over; i++) {
      const message = this.#inbox.shift();
      if (message === undefined) break;
      this.#service(message);
      // Shared memory, but a thread that has died in the middle of a message does not get to writing there.
      if (!this.#life.over) this.#shared?.set(this.#own);
    }
    this.hear(count);
  }

  /** Passes some messages on to the host. */
  hear(count: number): void {
    for (let i = 0; i < count && this.#outbox.length > 0; i++)
      this.#listener.heard(this.#outbox.shift() as FromBackground);
    if (!this.#life.left || this.#told || this.#outbox.length > 0) return;
    this.#told = true;
    this.#listener.died(new Error("killed"));
  }

  /** It hangs no more; if it was to end, it does. */
  goOn(): void {
    this.hangs = false;
    this.lingers = false;
    if (this.#life.over) this.die();
  }

  /** It is gone; what it said is still heard, and then its death. */
  die(): void {
    this.#life.end();
  }

  /** It dies before it calls the disk or the store once more than so often. */
  dieAfter(calls: number): void {
    this.#life.callsLeft = calls;
  }

  /** It is gone with the whole process. */
  kill(): void {
    this.#life.end();
    this.#outbox.length = 0;
    this.#told = true;
  }
}
