import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Ids } from "../../../src/base/ids.ts";
import { createJsonlEncoder } from "../../../src/codec/jsonl/jsonl-encoder.ts";
import { createParquetEncoder } from "../../../src/codec/parquet/parquet-encoder.ts";
import type { EngineHost, EngineSpec } from "../../../src/collector/compose.ts";
import { registerCore } from "../../../src/collector/process/core-registry.ts";
import { DeploymentCore } from "../../../src/collector/deployment-core.ts";
import { readEnvironment } from "../../../src/config/environment.ts";
import { resolveDeployment } from "../../../src/config/resolve.ts";
import {
  Collector,
  type CollectorOptions,
  CorrelationContext,
  type Deployment,
  type DeploymentOptions,
} from "../../../src/index.ts";
import { LiveSettings } from "../../../src/pipeline/live-settings.ts";
import { createEngine, type Engine } from "../../../src/pipeline/delivery/engine.ts";
import { createFolderSpool } from "../../../src/spool/folder-spool.ts";
import { createFolderStore } from "../../../src/store/folder-store.ts";
import { createHandClock, type HandClock } from "../hand-clock.ts";
import type { Digest } from "./golden-table.ts";

/** How Parquet pages are compressed: `zstd` as in production, or not at all, so that every byte is ours. */
export type Compression = "zstd" | "none";

/** Under what circumstances a frame is collected. */
export interface Circumstances {
  /** When its request came, in minutes after noon; default 0. */
  readonly minute?: number;
  /** Its correlation id; default one of its own. */
  readonly id?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

const noon = Date.UTC(2026, 10, 22, 12);
/** Never reached, for the clock is not turned that far: what stays undelivered is a timeout of the test. */
const deadlineMs = 1_000_000;

/**
 * A deployment composed as production does it, but on one thread, with a clock turned by hand and ids that
 * count: folder spool, folder store, the real encoders. The same calls store the same bytes on any machine.
 */
export class GoldenWorld {
  readonly core: DeploymentCore;
  readonly #stored: string;
  readonly #spooled: string;
  readonly #clock: HandClock = createHandClock(noon);
  readonly #deployment = {} as Deployment;
  readonly #digests: Map<string, Digest> = new Map();
  readonly #told: string[] = [];
  #requests = 0;

  constructor(folder: string, compression: Compression, options: DeploymentOptions) {
    [this.#stored, this.#spooled] = [join(folder, "stored"), join(folder, "spool")];
    const resolved = resolveDeployment(
      {
        ...{ endpoint: "golden", destination: this.#stored },
        onError: ({ message }) => void this.#told.push(message),
        spool: { directory: this.#spooled, minFreeBytes: 0, fsync: "never" },
        rotation: { maxAgeMs: 86_400_000, maxBytes: 2 ** 30 },
        ...options,
      },
      readEnvironment({}, { platform: "linux", homedir: () => folder }),
    );
    this.core = new DeploymentCore(resolved, {
      clock: this.#clock,
      ids: countingIds("c"),
      // Its names and times are other ones each time; test/integration/stored-ledger.test.ts holds its form.
      keepsLedger: false,
      startBackend: (spec, host) => this.#engine(compression, spec, host),
    });
    registerCore(this.#deployment, this.core);
  }

  #engine(compression: Compression, { config, instance }: EngineSpec, { emit }: EngineHost): Engine {
    const [clock, ids] = [this.#clock, countingIds("5")];
    const store = createFolderStore({ root: this.#stored });
    const put = store.put.bind(store);
    store.put = (...given) => {
      // What is put is in the spool until it has been: this sees every segment, and every body frozen of one.
      this.#noteSpool();
      return put(...given);
    };
    return createEngine({
      spool: createFolderSpool({
        ...{ directory: this.#spooled, instance, clock, ids },
        ...{ maxBytes: config.spool.maxBytes, minFreeBytes: config.spool.minFreeBytes },
      }),
      store,
      encoders: { parquet: createParquetEncoder({ compression }), jsonl: createJsonlEncoder() },
      reference: (path) => `https://golden.example/stored/${path}`,
      clock,
      emit,
      settings: new LiveSettings(config),
      fsync: config.spool.fsync,
      fsyncIntervalMs: config.spool.fsyncIntervalMs,
    });
  }

  collector(name: string, options: Omit<CollectorOptions, "name" | "deployment"> = {}): Collecting {
    const collector = new Collector({ name, ...options, deployment: this.#deployment });
    return {
      collect: (frame, { minute = 0, id: given, attributes = {} } = {}) => {
        const own = uuid(noon + this.#requests * 37, "1", this.#requests++);
        const id = given ?? own;
        const requestTime = new Date(noon + minute * 60_000 + this.#requests);
        collector.collect(frame, CorrelationContext.create({ id, requestTime, attributes }));
      },
    };
  }

  /** Delivers all that was collected and lets a moment pass. After each step, so that nothing races. */
  async deliver(): Promise<void> {
    await this.core.flush("store", deadlineMs);
    await this.#clock.advance(100);
  }

  /** Why not all that was collected is in the digests; undefined when it is. */
  get problem(): string | undefined {
    const { offered, delivered, sampledOut } = this.core.ledger.snapshot().frames;
    if (offered === delivered + sampledOut) return undefined;
    return [`of ${offered} frames ${delivered + sampledOut} came to their end`, ...this.#told].join("\n");
  }

  /** Closes, and gives back what was stored and, under `spool/`, what had been in the spool before. */
  async end(): Promise<ReadonlyMap<string, Digest>> {
    await this.core.close(deadlineMs);
    for (const path of filesBelow(this.#stored))
      this.#digests.set(path, digestOf(readFileSync(join(this.#stored, path))));
    return this.#digests;
  }

  /** Segments that are sealed and bodies that are frozen. Their names without the attempts and the digest. */
  #noteSpool(): void {
    for (const path of filesBelow(this.#spooled)) {
      const [, id, ending] = /^([0-9a-f]{32})(?:\.[0-9a-f]+)?\.(seg|body)$/.exec(basename(path)) ?? [];
      if (id === undefined) continue;
      const name = `spool/${id}.${ending}`;
      if (!this.#digests.has(name))
        this.#digests.set(name, digestOf(readFileSync(join(this.#spooled, path))));
    }
  }
}

/** A collector whose calls are all different requests. */
export interface Collecting {
  collect(frame: object, circumstances?: Circumstances): void;
}

function filesBelow(folder: string): string[] {
  return globSync("**/*", { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    );
}

function digestOf(bytes: Uint8Array): Digest {
  return { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** Ids that count, each maker's with a digit of its own. */
function countingIds(maker: string): Ids {
  let made = 0;
  return {
    uuid: () => uuid(noon + made, maker, made++),
    random128: () => (made++).toString(16).padStart(31, "0").padStart(32, maker),
  };
}

/** As a UUIDv7 of this moment is made, with what is random there being nearly the same in all. */
function uuid(ms: number, maker: string, number: number): string {
  const time = ms.toString(16).padStart(12, "0");
  const count = number.toString(16).padStart(11, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${maker}${count}`;
}
