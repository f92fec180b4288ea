import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { type Deployment, openDeployment } from "model-data-collector";
import type { PayloadOptions, PayloadPolicy } from "model-data-collector/http";
import { duckdbCollection } from "../parquet-engines.ts";
import { disposableFolder } from "../temp-folder.ts";
import { type Heard, labelOf, play } from "./client.ts";
import { answersDiffer, bytesDiffer } from "./compare.ts";
import { type Plan, type PlannedExchange, plans } from "./plan.ts";
import type { Served } from "./served.ts";
import { type Played, storedProblems } from "./stored.ts";
import type { Subject } from "./subjects.ts";

/** What came of a run. */
export interface TransparencyReport {
  readonly exchanges: number;
  /** Those of them that a client left. */
  readonly aborted: number;
  /** Rows of the collection `request`. */
  readonly rows: number;
  /** What was not the same, or not stored as it was; each names the plan's place in its seed. */
  readonly problems: readonly string[];
}

/** Connections at a time. */
const width = 8;
/** Longer bodies are cut: so that some are. */
export const maxBodyBytes = 8_192;

/**
 * Plays generated exchanges against a server with payload logging and against the same one without, compares
 * what came over the wire, and then what DuckDB reads of the stored with that.
 */
export async function transparency(
  subject: Subject,
  {
    seed,
    exchanges,
    only,
  }: { readonly seed: number; readonly exchanges: number; readonly only?: number | undefined },
): Promise<TransparencyReport> {
  await using folder = await disposableFolder();
  const destination = join(folder.path, "data");
  const deployment = await openDeployment({
    destination,
    spool: { directory: join(folder.path, "spool"), minFreeBytes: 0 },
  });
  const run = new Run(subject, deployment);
  await run.open();
  const sample = sampled(seed, exchanges).map((plan, i) => ({ plan, prefix: `${seed}.${i}` }));
  const queue = only === undefined ? sample : sample.slice(only, only + 1);
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      await run.play(next.plan, next.prefix);
  };
  await Promise.all(Array.from({ length: width }, worker));
  await run.close();
  await deployment.close();
  const requests = await duckdbCollection(destination, "request");
  const responses = await duckdbCollection(destination, "response");
  return {
    exchanges: run.played.length,
    aborted: run.played.filter(({ aborted }) => aborted).length,
    rows: requests.length,
    problems: [...run.problems, ...storedProblems(run.played, { requests, responses })],
  };
}

/** The plans of a seed that have so many exchanges, or just more. */
function sampled(seed: number, exchanges: number): Plan[] {
  const found: Plan[] = [];
  let count = 0;
  for (const plan of fc.sample(plans, { seed, numRuns: exchanges })) {
    if (count >= exchanges) break;
    count += plan.exchanges.length;
    found.push(plan);
  }
  return found;
}

class Run {
  readonly problems: string[] = [];
  readonly played: Played[] = [];
  readonly #subject: Subject;
  readonly #deployment: Deployment;
  readonly #planned = new Map<string, PlannedExchange>();
  readonly #served = new Set<string>();
  readonly #servers: Served[] = [];

  constructor(subject: Subject, deployment: Deployment) {
    this.#subject = subject;
    this.#deployment = deployment;
  }

  async open(): Promise<void> {
    const options: PayloadOptions = {
      deployment: this.#deployment,
      captureHeaders: ["x-plan", "accept"],
      maxBodyBytes,
      policy: (request) => (request.header("X-Policy") ?? "full") as PayloadPolicy,
      ignore: () => false,
    };
    for (const logging of [undefined, options]) {
      const lookup = (label: string | null | undefined) => {
        const planned = this.#planned.get(label ?? "");
        if (planned === undefined) throw new Error(`no plan ${label}`);
        if (logging !== undefined) this.#served.add(label ?? "");
        return planned.answer;
      };
      this.#servers.push(await this.#subject.serve(lookup, logging));
    }
  }

  async play(plan: Plan, prefix: string): Promise<void> {
    for (const [i, exchange] of plan.exchanges.entries()) this.#planned.set(labelOf(prefix, i), exchange);
    const [plain, logged] = (await Promise.all(
      this.#servers.map(({ port }) => play(port, plan, prefix)),
    )) as [Heard, Heard];
    const difference = (this.#subject.isProxy ? answersDiffer : bytesDiffer)(plan, plain, logged);
    if (difference !== undefined) this.problems.push(`${this.#subject.name} ${prefix}: ${difference}`);
    for (const [i, exchange] of plan.exchanges.entries()) {
      const label = labelOf(prefix, i);
      this.played.push({
        label,
        exchange,
        subject: this.#subject,
        heard: logged,
        index: i,
        methods: plan.exchanges.map(({ method }) => method),
        served: () => this.#served.has(label),
        aborted: plan.abort !== undefined && i === plan.exchanges.length - 1,
        plan,
      });
    }
  }

  async close(): Promise<void> {
    // A client's leaving is to be seen before the server itself ends what is open.
    await sleep(100);
    for (const server of this.#servers) await server.close();
    // The connections' own ends come after the server's.
    await sleep(20);
  }
}
