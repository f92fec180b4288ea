import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { ListenAddress } from "../listening/listen-address.ts";
import { type Door, openDoor } from "../listening/listening-server.ts";
import { Refusal, refuse } from "./answer.ts";

/** Deals with one request: answers it, or rejects, best with a {@link Refusal}. */
export type Intake = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Has a server of `node:http` or `node:https` take data in. Rejects with the system's error. */
export function openIntake(
  server: Server,
  intake: Intake,
  address: ListenAddress,
  scheme: "http" | "https" = "http",
): Promise<Door> {
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    // Nobody need be told of a sender that went away: what it sent is refused, or collected.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    intake(request, response).catch((thrown: unknown) =>
      refuse(response, thrown instanceof Refusal ? thrown : new Refusal(500, "this failed")),
    );
  });
  return openDoor(server, address, scheme);
}
