import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { ListenAddress } from "../listening/listen-address.ts";
import { type Door, openDoor } from "../listening/listening-server.ts";
import { type PrometheusMetric, prometheusText, prometheusType } from "../../base/prometheus-text.ts";
import { http } from "../listening/node-modules.ts";

/** What the admin server tells of. */
export interface Administered {
  /** Why no traffic should come; undefined if it may. */
  notReady(): Promise<string | undefined>;
  metrics(): readonly PrometheusMetric[];
}

/** Answers `/healthz`, `/readyz` and `/metrics`, apart from the traffic. */
export class AdminServer {
  readonly #administered: Administered;
  readonly #server: Server;

  constructor(administered: Administered) {
    this.#administered = administered;
    this.#server = http().createServer((request, response) => void this.#answer(request, response));
  }

  /** Begins to listen; rejects with the system's error if it cannot. */
  listen(address: ListenAddress): Promise<Door> {
    return openDoor(this.#server, address);
  }

  async #answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path] = (url ?? "/").split("?", 1);
    if (method !== "GET" && method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      send(response, 405, "only GET and HEAD\n");
    } else if (path === "/healthz") send(response, 200, "ok\n");
    else if (path === "/readyz") {
      const reason = await this.#administered.notReady();
      send(response, reason === undefined ? 200 : 503, `${reason ?? "ok"}\n`);
    } else if (path === "/metrics") {
      send(response, 200, prometheusText(this.#administered.metrics()), prometheusType);
    } else send(response, 404, "there are /healthz, /readyz and /metrics\n");
  }
}

function send(
  response: ServerResponse,
  status: number,
  text: string,
  type = "text/plain; charset=utf-8",
): void {
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(text) });
  response.end(text);
}
