import { AsyncLocalStorage } from "node:async_hooks";
import { wrongKind } from "../../base/errors.ts";
import { processWide } from "../../base/host/process-wide.ts";
import { CorrelationContext } from "./correlation-context.ts";
import { isOfAnotherCopy } from "./other-copies.ts";
import { outcomes, runTold } from "./request-end.ts";

const storage = processWide("current-context", () => new AsyncLocalStorage<CorrelationContext>());

/**
 * Calls `run` and gives back what it returns. In it, and in all that it starts and awaits, `collect` without
 * a context uses this one, and {@link currentContext} returns it. Throws a `TypeError` for what is no context
 * or no function, and what `run` throws.
 *
 * The request ends when the promise that `run` returns is settled, or when `run` throws; then it is decided
 * whether rules keep it. Without a promise nobody can tell when it ends.
 *
 * @example
 * ```ts
 * import { Collector, CorrelationContext, runWithContext } from "model-data-collector";
 *
 * const inputs = new Collector({ name: "model_inputs" });
 * const outputs = new Collector({ name: "model_outputs" });
 *
 * const context = CorrelationContext.fromHeaders({ "x-request-id": "order-17" });
 * const late = await runWithContext(context, async () => {
 *   inputs.collect([{ distance: 2475, origin: "JFK" }]);
 *   const answer = await Promise.resolve(false);
 *   outputs.collect([{ late: answer }]); // the same request, without handing the context on
 *   return answer;
 * });
 * console.log(late);
 * ```
 */
export function runWithContext<T>(context: CorrelationContext, run: () => T): T {
  if (!CorrelationContext.isOne(context) && !isOfAnotherCopy(context)) {
    throw wrongKind("runWithContext argument context", "a CorrelationContext", context);
  }
  if (typeof run !== "function") throw wrongKind("runWithContext argument run", "a function", run);
  return outcomes.wanted ? runTold(context, () => storage.run(context, run)) : storage.run(context, run);
}

/**
 * The same without a look at the arguments, for what calls it often; and its end ends nothing.
 * @internal
 */
export function withContext<T>(context: CorrelationContext, run: () => T): T {
  return storage.run(context, run);
}

/**
 * The context of the innermost {@link runWithContext} around this call, or undefined.
 *
 * @example
 * ```ts
 * import { CorrelationContext, currentContext, runWithContext } from "model-data-collector";
 *
 * // For the headers of whatever a request leads to.
 * const headers = () => currentContext()?.toHeaders() ?? {};
 *
 * runWithContext(CorrelationContext.create({ id: "order-17" }), () => console.log(headers()));
 * ```
 */
export function currentContext(): CorrelationContext | undefined {
  return storage.getStore();
}
