import type { Deployment } from "../../collector/api.ts";
import { agentPath } from "../../layout/agent-protocol.ts";
import { Refusal } from "../intake/answer.ts";
import { BodyReader } from "../intake/body-reader.ts";
import { openIntake } from "../intake/intake-server.ts";
import type { ListenAddress } from "../listening/listen-address.ts";
import type { Door } from "../listening/listening-server.ts";
import { FrameIntake } from "./frame-intake.ts";
import { http } from "../listening/node-modules.ts";

/** Of one frame, and of all that are being taken, bytes of JSON. */
const bounds = { maxBodyBytes: 64 << 20, maxHeldBytes: 128 << 20 };

/**
 * The local agent of Azure ML's data collector, as `azureml-ai-monitoring` knows it: each `POST
 * /modeldata/log` is a frame. It is answered with 200 once its frame is in the spool, so that the death of
 * this process cannot lose it; with 4xx if it can never be stored, and with 503 if it may be later.
 */
export function openAgentDoor(deployment: Deployment, address: ListenAddress): Promise<Door> {
  const reader = new BodyReader(bounds);
  const frames = new FrameIntake(deployment);
  const server = http().createServer();
  return openIntake(
    server,
    async (request, response) => {
      const [path] = (request.url ?? "").split("?", 1);
      if (path !== agentPath) throw new Refusal(404, `nothing is here; frames are posted to ${agentPath}`);
      if (request.method !== "POST") throw new Refusal(405, "frames are posted", { Allow: "POST" });
      await reader.read(request, (body) => frames.take(request.headers, body));
      response.writeHead(200, { "Content-Length": 0 });
      response.end();
    },
    address,
  );
}
