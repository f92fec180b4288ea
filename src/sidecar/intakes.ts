import type { Deployment } from "../collector/api.ts";
import { openAgentDoor } from "./agent/agent-door.ts";
import type { ListenAddress } from "./listening/listen-address.ts";
import type { Door } from "./listening/listening-server.ts";

/** What can be sent to a sidecar, by the name of the option. */
export type IntakeName = "agent";

/** Begins to listen for what is to be collected; rejects with the system's error if it cannot. */
type OpenIntake = (deployment: Deployment, address: ListenAddress) => Promise<Door>;

/** What opens each of them. */
export const intakes: Readonly<Record<IntakeName, OpenIntake>> = { agent: openAgentDoor };
