import type { IncomingMessage } from "node:http";
import { currentContext } from "../../collector/context/current-context.ts";
import type { CorrelationContext } from "../../collector/context/correlation-context.ts";
import type { Exchange } from "../exchange.ts";

/** Exchanges that are remembered, where a listener keeps the process from ending. */
const maxFailed = 1_000;

interface Asked {
  readonly exchange: Exchange;
  readonly request: IncomingMessage;
}

/**
 * Exchanges whose handlers failed and nobody heard it: with what a handler throws later, or the rejection of
 * its promise, Node ends the process, unless somebody listens to that. If it ends, so do they, in time for
 * their rows to be saved.
 */
export class FailedExchanges {
  readonly #asked = new WeakMap<CorrelationContext, Asked>();
  readonly #failed = new Set<Asked>();

  constructor() {
    process.on("uncaughtExceptionMonitor", () => {
      // It is called in the context of what failed.
      const context = currentContext();
      const asked = context && this.#asked.get(context);
      if (asked !== undefined) this.#fail(asked);
    });
    // Before whoever saves what was collected.
    process.prependListener("exit", () => {
      for (const { exchange, request } of this.#failed) {
        const bytesSent = exchange.responseBody.size;
        exchange.end({ outcome: "error", bytesSent, requestComplete: request.complete });
      }
    });
  }

  /** Calls a handler, and notes what it throws at once; whoever called it gets that all the same. */
  hear<T>(context: CorrelationContext, asked: Asked, handle: () => T): T {
    this.#asked.set(context, asked);
    try {
      return handle();
    } catch (error) {
      this.#fail(asked);
      throw error;
    }
  }

  #fail(asked: Asked): void {
    asked.exchange.failed();
    this.#failed.add(asked);
    const [oldest] = this.#failed;
    if (this.#failed.size > maxFailed && oldest !== undefined) this.#failed.delete(oldest);
  }
}
