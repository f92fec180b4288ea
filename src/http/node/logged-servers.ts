import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { withContext } from "../../collector/context/current-context.ts";
import { saveOnSignals } from "../../collector/process/close-on-signals.ts";
import { hearingFailure } from "../handler-failure.ts";
import { PayloadLog } from "../payload-log.ts";
import { parsePayloadOptions } from "../payload-options.ts";
import { openedOf } from "../opened.ts";
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
  let broken = false;
  subscribe("http.server.request.start", (message) => {
    if (broken) return;
    const { request, response, server } = message as RequestStart;
    try {
      log ??= openLog();
      openNodeExchange(log, request, response);
      if (servers.has(server)) return;
      servers.add(server);
      listenInContext(server);
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
function listenInContext(server: Server): void {
  const emit = server.emit;
  server.emit = function (this: Server, ...args: Parameters<typeof emit>): boolean {
    const call = (): boolean => Reflect.apply(emit, this, args);
    const opened = openedOf(args[1]);
    if (opened === undefined) return call();
    return hearingFailure(opened.exchange, () => withContext(opened.context, call));
  } as typeof emit;
}
