import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { withContext } from "../../collector/context/current-context.ts";
import { saveOnSignals } from "../../collector/process/close-on-signals.ts";
import { PayloadLog } from "../payload-log.ts";
import { parsePayloadOptions } from "../payload-options.ts";
import { openedOf } from "../opened.ts";
import { FailedExchanges } from "./failed-exchanges.ts";
import { openNodeExchange } from "./node-exchange.ts";

/** What Node tells on its channel before it asks a server's listeners. */
interface RequestStart {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly server: Server;
}

/**
 * Logs all servers of this process, of `node:http` and `node:https`. Nothing is done before the first request
 * comes. What is wrong with the settings is told then, once, and the servers go on without their log. Before
 * a signal ends the process, what was answered is put into the spool.
 */
export function logServers(): void {
  const servers = new WeakSet<Server>();
  let log: PayloadLog | undefined;
  let failures: FailedExchanges | undefined;
  let broken = false;
  subscribe("http.server.request.start", (message) => {
    if (broken) return;
    const { request, response, server } = message as RequestStart;
    try {
      log ??= openLog();
      failures ??= new FailedExchanges();
      openNodeExchange(log, request, response);
      if (servers.has(server)) return;
      servers.add(server);
      listenInContext(server, failures);
    } catch (error) {
      broken = true;
      process.emitWarning(
        `requests are not logged: ${error instanceof Error ? error.message : "no deployment"}`,
        {
          type: "ModelDataCollectorWarning",
          code: "CONFIGURATION",
        },
      );
    }
  });
}

function openLog(): PayloadLog {
  const log = new PayloadLog(parsePayloadOptions(undefined, "register"));
  saveOnSignals();
  return log;
}

/** Has a server's listeners called in the contexts of their requests. */
function listenInContext(server: Server, failures: FailedExchanges): void {
  const emit = server.emit;
  server.emit = function (this: Server, ...args: Parameters<typeof emit>): boolean {
    const call = (): boolean => Reflect.apply(emit, this, args);
    const opened = openedOf(args[1]);
    if (opened === undefined) return call();
    const { context, exchange } = opened;
    const handle = (): boolean => withContext(context, call);
    const request = args[1] as IncomingMessage;
    return exchange === undefined ? handle() : failures.hear(context, { exchange, request }, handle);
  } as typeof emit;
}
