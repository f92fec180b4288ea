import { openAgentDoor } from "./agent/agent-door.ts";
import { openEventsDoor } from "./events/events-door.ts";
import type { IntakePlace } from "./intake/intake-place.ts";
import type { Door } from "./listening/listening-server.ts";
import type { SidecarDeployment } from "./sidecar-deployment.ts";

/** What can be sent to a sidecar, by the name of the option. */
export type IntakeName = "agent" | "events";

/** Begins to listen for what is to be collected; rejects with the system's error if it cannot. */
type OpenIntake = (deployment: SidecarDeployment, place: IntakePlace) => Promise<Door>;

/** What opens each of them. */
export const intakes: Readonly<Record<IntakeName, OpenIntake>> = {
  agent: ({ deployment }, { listen }) => openAgentDoor(deployment, listen),
  events: openEventsDoor,
};
