import { onNextTurn } from "../base/time/clock.ts";
import type { Deployment } from "../collector/api.ts";
import { Collector, insideOf, mayKeep } from "../collector/collector.ts";
import type { CorrelationContext } from "../collector/context/correlation-context.ts";
import type { CollectedEvent } from "../collector/keeping/call-facts.ts";
import type { Inside } from "../collector/report/inside.ts";
import type { TabularColumns } from "../config/payload/payload-config.ts";
import type { ModelBody } from "./tabular/model-body.ts";
import { readTable, type Table } from "./tabular/read-table.ts";
import { type NoTableReason, noTableReasons, type Side } from "./tabular/table.ts";

/** Bodies that may wait to be read, bytes. */
const maxWaitingBytes = 32 << 20;

interface Job {
  readonly context: CorrelationContext;
  readonly bodies: readonly ModelBody[];
  readonly names: TabularColumns;
  readonly event: CollectedEvent | undefined;
  readonly bytes: number;
  readonly done: () => void;
}

interface Target {
  readonly collector: Collector;
  readonly inside: Inside | undefined;
}

/**
 * The collections `model_inputs` and `model_outputs`: what stands in bodies of models, as typed columns. Read
 * when the exchange is over, one exchange in a turn of the event loop; what finds no room to wait is dropped.
 */
export class TabularLog {
  readonly #targets: Readonly<Record<Side, Target>>;
  readonly #jobs: Job[] = [];
  #waitingBytes = 0;
  #isTurning = false;

  constructor(deployment: Deployment | undefined) {
    this.#targets = {
      inputs: target("model_inputs", deployment),
      outputs: target("model_outputs", deployment),
    };
    this.#targets.inputs.inside?.expect(() => this.#readAll());
  }

  /** Whether anything of a request may be kept. */
  mayKeep(context: CorrelationContext): boolean {
    return Object.values(this.#targets).some(({ collector }) => mayKeep(collector, context));
  }

  /**
   * Takes the bodies of an exchange that is over; `names` are those of columns in rows without, and `done` is
   * called when they were read, or cannot be. Of what has happened elsewhere, `event` tells when.
   */
  read(
    context: CorrelationContext,
    bodies: readonly ModelBody[],
    names: TabularColumns,
    done: () => void,
    event?: CollectedEvent,
  ): void {
    const wanted = bodies.filter(({ side }) => this.#offer(this.#targets[side].collector, context));
    const bytes = wanted.reduce((sum, { content }) => sum + content.length, 0);
    if (wanted.length === 0) {
      done();
      return;
    }
    if (this.#waitingBytes + bytes > maxWaitingBytes) {
      const why = `more than ${maxWaitingBytes} bytes of bodies wait to be read`;
      for (const { side } of wanted) this.#targets[side].inside?.refuse(context, "memory", why);
      done();
      return;
    }
    this.#waitingBytes += bytes;
    this.#jobs.push({ context, bodies: wanted, names, event, bytes, done });
    this.#turn();
  }

  /** True if frames of this request may be kept; if not, one without rows is offered, to be counted. */
  #offer(collector: Collector, context: CorrelationContext): boolean {
    if (mayKeep(collector, context)) return true;
    collector.collect([], context);
    return false;
  }

  #turn(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    onNextTurn(() => {
      this.#isTurning = false;
      this.#readNext();
      if (this.#jobs.length > 0) this.#turn();
    });
  }

  #readAll(): void {
    while (this.#jobs.length > 0) this.#readNext();
  }

  #readNext(): void {
    const job = this.#jobs.shift();
    if (job === undefined) return;
    this.#waitingBytes -= job.bytes;
    try {
      for (const body of job.bodies) this.#readBody(body, job);
    } finally {
      job.done();
    }
  }

  #readBody(body: ModelBody, { context, names, event }: Job): void {
    const { side } = body;
    const table = readModelBody(body, names[side]);
    if ("reason" in table) {
      this.#without(side, table.reason);
      return;
    }
    const { collector, inside } = this.#targets[side];
    const frame = frameOf(table.columns);
    if (event === undefined || inside === undefined) collector.collect(frame, context);
    else inside.collectEvent(frame, context, event);
  }

  #without(side: Side, reason: NoTableReason): void {
    const { inside, collector } = this.#targets[side];
    const message = (): string => `a body has no columns for ${collector.name}: it ${noTableReasons[reason]}`;
    inside?.trouble("BODY_NOT_TABULAR", `tabular_${reason}`, message);
  }
}

function readModelBody(body: ModelBody, names: readonly string[] | undefined): Table {
  const { content, side, inferenceHeader } = body;
  if (body.truncated || body.isAside) return { reason: "cut" };
  if (body.encoding !== null && !/^\s*(identity)?\s*$/i.test(body.encoding)) return { reason: "encoded" };
  const bytes =
    typeof content === "string"
      ? Buffer.from(content)
      : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  return readTable({ bytes, inferenceHeader }, { side, names });
}

function target(name: string, deployment: Deployment | undefined): Target {
  const collector = new Collector({ name, deployment });
  return { collector, inside: insideOf(collector) };
}

/** Columns as a frame: without a prototype, so that one may be named `__proto__`. */
function frameOf(columns: readonly { readonly name: string; readonly values: unknown }[]): object {
  const frame = Object.create(null) as Record<string, unknown>;
  for (const { name, values } of columns) frame[name] = values;
  return frame;
}
