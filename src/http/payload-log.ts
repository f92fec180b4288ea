import { type Clock, systemClock } from "../base/time/clock.ts";
import { Collector, mayKeep } from "../collector/collector.ts";
import type { CorrelationContext } from "../collector/context/correlation-context.ts";
import { endRequest } from "../collector/context/request-end.ts";
import { BodyBudget } from "./body/body-budget.ts";
import { BodyRecorder } from "./body/body-recorder.ts";
import { Exchange, type ExchangeHome, type ExchangeRows, type RequestHead } from "./exchange.ts";
import { requestTarget } from "./headers/request-target.ts";
import type { PayloadSettings } from "./payload-options.ts";
import { requestSchema, responseSchema } from "./payload-rows.ts";
import { TabularLog } from "./tabular-log.ts";
import { modelBodies } from "./tabular/model-body.ts";

/** Memory for the bodies of all exchanges under way, bytes. */
const maxBodyMemory = 64 << 20;

/** What is to become of a request: its context in any case, and an exchange if it is recorded. */
export interface Opened {
  readonly context: CorrelationContext;
  readonly exchange: Exchange | undefined;
}

/** The collections `request` and `response` of a deployment, and what of an exchange goes there. */
export class PayloadLog implements ExchangeHome {
  readonly clock: Clock = systemClock;
  readonly captureHeaders: readonly string[];
  readonly #settings: PayloadSettings;
  readonly #request: Collector;
  readonly #response: Collector;
  readonly #tabular: TabularLog | undefined;
  readonly #budget = new BodyBudget(maxBodyMemory);

  constructor(settings: PayloadSettings) {
    const { deployment, captureHeaders } = settings;
    this.#settings = settings;
    this.captureHeaders = captureHeaders;
    this.#request = new Collector({ name: "request", deployment, schema: requestSchema });
    this.#response = new Collector({ name: "response", deployment, schema: responseSchema });
    this.#tabular = settings.tabular && new TabularLog(deployment, settings.tabular);
  }

  /** A request has come. Its exchange is recorded unless it is ignored, switched off or sampled out. */
  open(head: RequestHead, context: CorrelationContext): Opened {
    const target = requestTarget(head.target);
    const request = { method: head.method, path: target.path, header: headerOf(head) };
    if (this.#settings.ignore(request)) return { context, exchange: undefined };
    const policy = this.#settings.policy(request);
    if (policy === "none") return { context, exchange: undefined };
    if (!this.#mayKeep(context)) {
      // Counted as what they are, and nothing of them is kept.
      this.#request.collect(leftOut, context);
      this.#response.collect(leftOut, context);
      return { context, exchange: undefined };
    }
    const newBody = (): BodyRecorder => new BodyRecorder(policy, this.#settings.maxBodyBytes, this.#budget);
    return { context, exchange: new Exchange(this, context, head, target, newBody) };
  }

  store(rows: ExchangeRows): void {
    const { context, outcome, status, durationMs } = rows;
    this.#request.collect([rows.request], context);
    this.#response.collect([rows.response], context);
    const end = { failed: outcome !== "complete" || (status ?? 500) >= 500, durationMs };
    const over = (): void => endRequest(context, end);
    if (this.#tabular === undefined) over();
    else this.#tabular.read(context, modelBodies(rows), over);
  }

  #mayKeep(context: CorrelationContext): boolean {
    if (mayKeep(this.#request, context) || mayKeep(this.#response, context)) return true;
    return this.#tabular?.mayKeep(context) === true;
  }
}

/** A frame of one row, for an exchange of which nothing is kept. */
const leftOut: readonly Record<string, null>[] = [{ http_method: null }];

function headerOf({ header }: RequestHead): (name: string) => string | undefined {
  return (name) => header(name.toLowerCase());
}
