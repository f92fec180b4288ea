import { type Clock, systemClock } from "../base/time/clock.ts";
import type { Deployment } from "../collector/api.ts";
import { Collector, insideOf, mayKeep } from "../collector/collector.ts";
import type { CorrelationContext } from "../collector/context/correlation-context.ts";
import type { Inside } from "../collector/report/inside.ts";
import { passOnDecision } from "../collector/context/other-copies.ts";
import { endRequest } from "../collector/context/request-end.ts";
import { strictestPolicy } from "../config/protection/policy.ts";
import type { SchemaOptions } from "../frame/declared-schema.ts";
import { AsideQueue } from "./body/aside-queue.ts";
import { BodyBudget } from "./body/body-budget.ts";
import { BodyQueue } from "./body/body-queue.ts";
import { BodyRecorder } from "./body/body-recorder.ts";
import { type CodedBody, isEncoded } from "./body/decode-body.ts";
import { contextOfBody } from "./body/dropped-body.ts";
import { type BodyRedactions, joinedRedactions } from "./body/redaction/redaction-options.ts";
import { storedBody } from "./body/stored-body.ts";
import {
  type EndedExchange,
  type EndedSide,
  Exchange,
  type ExchangeHome,
  type RequestHead,
} from "./exchange.ts";
import { requestTarget } from "./headers/request-target.ts";
import type { Opened } from "./opened.ts";
import type { PayloadPolicy, PayloadRequest, PayloadSettings } from "./payload-options.ts";
import { FollowedRules, type PayloadRules } from "./payload-rules.ts";
import { bodyRow, requestSchema, responseSchema } from "./payload-rows.ts";
import { TabularLog } from "./tabular-log.ts";
import { modelBodies, type ModelSide } from "./tabular/model-body.ts";

/** Memory for the bodies of all exchanges under way, bytes. */
const maxBodyMemory = 64 << 20;

type Side = "request" | "response";

/** A collection, with what is told besides its rows. */
interface Target {
  readonly collector: Collector;
  readonly inside: Inside | undefined;
}

/** Told where somebody looks who misses rows. */
const probesText =
  "payload logging leaves out probes: GET and HEAD of /health*, /live*, /ready* and /metrics (option ignore)";

/** The collections `request` and `response` of a deployment, and what of an exchange goes there. */
export class PayloadLog implements ExchangeHome {
  readonly clock: Clock = systemClock;
  readonly #settings: PayloadSettings;
  readonly #followed: FollowedRules;
  readonly #targets: Readonly<Record<Side, Target>>;
  #tabularLog: TabularLog | undefined;
  readonly #budget = new BodyBudget(maxBodyMemory);
  readonly #asides = new AsideQueue();
  readonly #queue: BodyQueue;

  constructor(settings: PayloadSettings) {
    const { deployment } = settings;
    this.#settings = settings;
    this.#followed = new FollowedRules(settings);
    this.#targets = {
      request: target("request", deployment, requestSchema),
      response: target("response", deployment, responseSchema),
    };
    this.#queue = new BodyQueue(this.clock);
    // Before that of typed columns, which are read from what this makes.
    this.#targets.request.inside?.expect(() => {
      this.#asides.finishAll();
      this.#queue.finishAll();
    });
  }

  get captureHeaders(): readonly string[] {
    return this.#rules.captureHeaders;
  }

  get #rules(): PayloadRules {
    // Of a deployment of another copy of this package, that copy's, which may be an earlier version.
    return this.#followed.under(this.#targets.request.inside?.config() ?? this.#settings.deployment?.config);
  }

  /** Undefined if no columns are read. */
  get #tabular(): TabularLog | undefined {
    const { tabular } = this.#rules;
    if (tabular === null) return undefined;
    return (this.#tabularLog ??= new TabularLog(this.#settings.deployment));
  }

  /** A request has come. Its exchange is recorded unless it is ignored, switched off or sampled out. */
  open(head: RequestHead, context: CorrelationContext): Opened {
    const target = requestTarget(head.target);
    const request = { method: head.method, path: target.path, header: headerOf(head) };
    const rules = this.#rules;
    if (rules.ignore(request) ?? this.#failed("ignore", false)) {
      if (rules.ignoresProbes) this.#targets.request.inside?.hint(probesText);
      return { context, exchange: undefined };
    }
    const policy = this.#policyFor(request);
    if (policy === "none") return { context, exchange: undefined };
    if (!this.#mayKeep(context)) {
      // Counted as what they are, and nothing of them is kept.
      this.#targets.request.collector.collect(leftOut, context);
      this.#targets.response.collector.collect(leftOut, context);
      return { context, exchange: undefined };
    }
    const { redact, storesAside, maxBodyBytes: maxBytes } = rules;
    const newBody = (side: Side): BodyRecorder => {
      const isRedacted = redact[side] !== undefined;
      const goesAside = storesAside && policy === "full" && !isRedacted;
      const openAside = goesAside ? () => this.#targets[side].inside?.openBody(context) : undefined;
      return new BodyRecorder({ policy, maxBytes, budget: this.#budget, isRedacted, openAside });
    };
    return { context, exchange: new Exchange(this, context, head, target, newBody) };
  }

  /** A request has come whose exchange another adapter records: what these options forbid is not stored. */
  limit({ exchange }: Opened, head: RequestHead): void {
    const request = { method: head.method, path: requestTarget(head.target).path, header: headerOf(head) };
    const { ignore } = this.#settings;
    const isIgnored = ignore !== undefined && (ignore(request) ?? this.#failed("ignore", false));
    const policy = isIgnored ? "none" : this.#policyFor(request);
    // That of another copy of this package, perhaps of an earlier version, which cannot be told.
    (exchange as Partial<Exchange> | undefined)?.limitTo?.({ policy, redact: this.#rules.redact });
  }

  #policyFor(request: PayloadRequest): PayloadPolicy {
    const own = this.#settings.policy(request) ?? this.#failed("policy", "metadata");
    return strictestPolicy([own, this.#rules.allowed(request)]);
  }

  store(exchange: EndedExchange): void {
    const policy = strictestPolicy([this.#rules.allowed(exchange.route), exchange.limit.policy]);
    const redact = this.#redactions(exchange);
    if (policy === "none") {
      for (const { body } of [exchange.request, exchange.response]) {
        body.aside?.giveUp();
        body.release();
      }
      this.#over(exchange);
      return;
    }
    const allowed = (name: Side): EndedSide =>
      asideIfAllowed(allowedSide(exchange[name], policy), redact[name] !== undefined);
    const ended = { ...exchange, request: allowed("request"), response: allowed("response") };
    const asides = [ended.request.body.aside, ended.response.body.aside];
    this.#asides.wait(asides, () => this.#makeReady(ended));
  }

  /** Decoding and redacting take their time: then the other requests have their turn first. */
  #makeReady(ended: EndedExchange): void {
    const coded = [this.#codedBody(ended.request), this.#codedBody(ended.response)];
    if (coded.every((body) => body === undefined) && !this.#isRedacted(ended)) {
      this.#collect(ended, []);
      return;
    }
    const { maxBodyBytes: maxBytes } = this.#rules;
    this.#queue.add({ coded, maxBytes, done: (decoded) => this.#collect(ended, decoded) });
    // What nobody would ask for in time must not wait.
    if (this.#targets.request.inside === undefined) this.#queue.finishAll();
  }

  /** Those of its own and of the other adapters. */
  #redactions({ limit }: EndedExchange): BodyRedactions {
    return joinedRedactions(this.#rules.redact, limit.redact);
  }

  #isRedacted(ended: EndedExchange): boolean {
    const redact = this.#redactions(ended);
    return (
      (redact.request !== undefined && ended.request.body.kept.length > 0) ||
      (redact.response !== undefined && ended.response.body.kept.length > 0)
    );
  }

  #codedBody({ body, facts: { contentEncoding: encoding } }: EndedSide): CodedBody | undefined {
    const { kept, truncated } = body;
    if (!this.#rules.decode || truncated || kept.length === 0 || !isEncoded(encoding)) return undefined;
    return { bytes: kept, encoding };
  }

  #collect(ended: EndedExchange, [request, response]: readonly (Buffer | undefined)[]): void {
    const { context, status } = ended;
    const bodies = {
      request: this.#collectSide("request", ended, request),
      response: this.#collectSide("response", ended, response),
    };
    const over = (): void => this.#over(ended);
    const { tabular } = this.#rules;
    if (tabular === null) over();
    else this.#tabular?.read(context, modelBodies(bodies.request, bodies.response, status), tabular, over);
  }

  #over({ context, outcome, status, durationMs }: EndedExchange): void {
    endRequest(context, { failed: outcome !== "complete" || (status ?? 500) >= 500, durationMs });
  }

  #collectSide(name: Side, ended: EndedExchange, decoded: Buffer | undefined): ModelSide {
    const { row, facts, body: recorded, header } = ended[name];
    const { maxRowBytes: maxBytes } = this.#rules;
    const redaction = this.#redactions(ended)[name];
    const body = storedBody(recorded, facts, { redaction, maxBytes }, decoded);
    const { collector, inside } = this.#targets[name];
    const { context } = ended;
    const told = contextOfBody(context, name, body, inside);
    collector.collect([{ ...row, ...bodyRow(body) }], told);
    if (told !== context) passOnDecision(told, context, name);
    recorded.release();
    return { body, header };
  }

  /** Tells that a function among the options failed, and gives what counts instead. */
  #failed<T>(option: "ignore" | "policy", instead: T): T {
    const message = (): string =>
      `option ${option} of payload logging throws, or answers what it may not; ${JSON.stringify(instead)} counts`;
    this.#targets.request.inside?.trouble("PAYLOAD_OPTION_FAILED", option, message);
    return instead;
  }

  #mayKeep(context: CorrelationContext): boolean {
    const { request, response } = this.#targets;
    if (mayKeep(request.collector, context) || mayKeep(response.collector, context)) return true;
    return this.#tabular?.mayKeep(context) === true;
  }
}

function target(name: Side, deployment: Deployment | undefined, schema: SchemaOptions): Target {
  const collector: Collector = new Collector({ name, deployment, schema });
  const inside = insideOf(collector);
  // Bodies are cut before, with a mark, and to what a row has room for.
  inside?.takeTexts(Number.MAX_SAFE_INTEGER);
  return { collector, inside };
}

/** A side under a policy that may have come meanwhile: what is stored holds at once. */
function allowedSide(side: EndedSide, policy: PayloadPolicy): EndedSide {
  const { body } = side;
  if (strictestPolicy([body.policy, policy]) === body.policy) return side;
  // What was not hashed as it came is not there whole, perhaps.
  return { ...side, body: { ...body, policy: "metadata", kept: nothing, truncated: false, sha256: null } };
}

/** A side whose body is an object of its own now, if that is still allowed. */
function asideIfAllowed(side: EndedSide, isRedacted: boolean): EndedSide {
  const { body } = side;
  if (body.aside === undefined) return side;
  if (body.policy === "full" && !isRedacted) {
    body.aside.end();
    return side;
  }
  body.aside.giveUp();
  return { ...side, body: { ...body, aside: undefined } };
}

const nothing: Buffer = Buffer.alloc(0);

/** A frame of one row, for an exchange of which nothing is kept. */
const leftOut: readonly Record<string, null>[] = [{ http_method: null }];

function headerOf({ header }: RequestHead): (name: string) => string | undefined {
  return (name) => header(name.toLowerCase());
}
