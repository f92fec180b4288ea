/* Preloaded into the background thread of a process under test: see `host.ts`. */
import { jumpingClock, misbehave, type ThreadFault } from "./thread-fault.ts";

const fault = JSON.parse(process.env["MDC_TEST_FAULT"] ?? "{}") as ThreadFault;
jumpingClock(fault.clockJumpsMs ?? []);
if (fault.kind !== undefined) setTimeout(() => misbehave(fault.kind), fault.afterMs ?? 200);
