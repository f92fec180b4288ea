import type { ConfigHandle, DeploymentConfig } from "../../config/deployment-config.ts";
import type { StatusBoard } from "./status-board.ts";

const text =
  "the kill switch is on (killSwitch): nothing is collected; what was accepted before is still delivered";

/** Shows in the status that the kill switch is on, as long as it is. */
export function tellKillSwitch(handle: ConfigHandle, board: Pick<StatusBoard, "hold">): void {
  const tell = ({ killSwitch }: DeploymentConfig): void => {
    board.hold("kill_switch", killSwitch ? text : undefined);
  };
  tell(handle.current);
  handle.subscribe(tell);
}
