import { createHash } from "node:crypto";
import type { Server } from "node:http";
import type { Deployment } from "../../collector/api.ts";
import { Refusal } from "../intake/answer.ts";
import { BodyReader } from "../intake/body-reader.ts";
import type { IntakePlace } from "../intake/intake-place.ts";
import { openIntake } from "../intake/intake-server.ts";
import { Recent } from "../intake/recent.ts";
import { createTlsServer, type TlsFiles } from "../intake/tls-files.ts";
import type { Door } from "../listening/listening-server.ts";
import type { SidecarDeployment } from "../sidecar-deployment.ts";
import { EventLog } from "./event-log.ts";
import { eventIdOf, type LoggedEvent, loggedEvent } from "./logged-event.ts";
import { readEvents } from "./read-events.ts";
import { http } from "../listening/node-modules.ts";

/** Of one request, and of all that are being read, bytes. */
const bounds = { maxBodyBytes: 64 << 20, maxHeldBytes: 128 << 20 };
/** Events of which it is remembered that they were taken, for those that are sent again. */
const maxRemembered = 10_000;
/**
 * How long a connection is kept unused, milliseconds: longer than Go's clients keep theirs, 90 s, so that
 * none sends an event into a connection that is being closed. With TLS, KServe's logger makes one for each
 * event and leaves it lying.
 */
const keepAliveMs = { http: 100_000, https: 5_000 };

/**
 * Takes what model servers' loggers send, at any path: CloudEvents 1.0 in binary, structured and batched
 * mode. Each request is answered with 200 and no body as soon as its events are collected: KServe's logger
 * takes any other answer for an error, and a body costs it its connection.
 */
export function openEventsDoor(deployment: SidecarDeployment, { listen, tls }: IntakePlace): Promise<Door> {
  const reader = new BodyReader(bounds);
  const events = new EventIntake(deployment);
  return openIntake(
    serverOf(tls),
    async (request, response) => {
      if (request.method !== "POST") throw new Refusal(405, "events are posted", { Allow: "POST" });
      await reader.read(request, async (body) => {
        // All are looked at before the first is taken: a batch is taken as a whole.
        const logged = readEvents(request.headers, body).map(loggedEvent);
        for (const event of logged) await events.take(event);
      });
      response.writeHead(200, { "Content-Length": 0 });
      response.end();
    },
    listen,
    tls === undefined ? "http" : "https",
  );
}

function serverOf(tls: TlsFiles | undefined): Server {
  if (tls === undefined) return http().createServer({ keepAliveTimeout: keepAliveMs.http });
  return createTlsServer(tls, { keepAliveTimeout: keepAliveMs.https });
}

/** Takes events to the deployments that they are of, each once. */
class EventIntake {
  readonly #deployment: SidecarDeployment;
  readonly #logs = new Map<Deployment, EventLog>();
  readonly #known = new Recent<true>(maxRemembered);

  constructor(deployment: SidecarDeployment) {
    this.#deployment = deployment;
  }

  async take(event: LoggedEvent): Promise<void> {
    const key = keyOf(event);
    if (this.#known.get(key) !== undefined) return;
    const named = this.#deployment.named(event.endpoint, event.deployment);
    const log = this.#log(named ?? this.#deployment.deployment);
    const decoded = await log.decoded(event);
    // It may have come a second time meanwhile.
    if (this.#known.get(key) !== undefined) return;
    // There are too many deployments: then its names are among its tags.
    log.take(named === undefined ? { ...event, endpoint: undefined, deployment: undefined } : event, decoded);
    this.#known.set(key, true);
  }

  #log(deployment: Deployment): EventLog {
    let log = this.#logs.get(deployment);
    if (log === undefined) this.#logs.set(deployment, (log = new EventLog(deployment)));
    return log;
  }
}

/** What an event is known by when it is sent again: a caller of KServe may give two requests the same id. */
function keyOf(event: LoggedEvent): string {
  const digest = createHash("sha256").update(`${event.time}\n`).update(event.data).digest("base64");
  return `${eventIdOf(event)} ${digest}`;
}
