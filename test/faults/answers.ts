import { setTimeout as sleep } from "node:timers/promises";
import { startAzurite } from "../support/azurite.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { blobAnswer, stage, untilStatus } from "./storage-stage.ts";
import { blobDestination, createWorld } from "./world.ts";

/**
 * Answers come one byte after another, so slowly that the server breaks the connection off before they are
 * whole.
 */
export async function drippingAnswers(): Promise<Outcome> {
  await using azurite = await startAzurite();
  const container = await azurite.container("drip");
  const proxy = await startTcpProxy(azurite.port);
  try {
    await using world = await createWorld("drip", () => blobDestination(azurite, container, proxy.port), {
      rate: 200,
    });
    const child = world.start();
    await child.ready;
    await sleep(1_000);
    await proxy.setFault({ dripMs: 400 });
    await sleep(12_000);
    const { status, reasons } = (await child.state()).status;
    const fired = proxy.faults;
    await proxy.setFault(undefined);
    child.tell("end");
    const { code } = await child.ended;
    const problems = code === 0 ? [] : [`the process ended with ${code}: ${child.output.slice(0, 500)}`];
    if (status === "ok") problems.push('status "ok" while no answer is whole');
    return outcomeOf(
      "answers that drip, a byte each 400 ms",
      { injected: 1, fired },
      await world.judge(),
      `${fired} answers; status "${status}" (${reasons[0]?.slice(-60) ?? ""})`,
      problems,
    );
  } finally {
    await proxy.close();
  }
}

/** The service refuses, because one of the two clocks is wrong; its answer shows by how much. */
export function clockSkew(refusedMs: number): Promise<Outcome> {
  return stage("403 for a clock that is 20 minutes off", async ({ http, child }) => {
    let refused = 0;
    http.setRule(async () => {
      refused++;
      const date = new Date(Date.now() + 20 * 60_000).toUTCString();
      return blobAnswer(403, "AuthenticationFailed", { date });
    });
    const { seen, reasons } = await untilStatus(child, ["failing"], 15_000);
    await sleep(refusedMs);
    const { dropped, spooled } = (await child.state()).stats.frames;
    http.setRule(undefined);
    const problems = Object.keys(dropped).length > 0 ? [`dropped: ${JSON.stringify(dropped)}`] : [];
    if (!reasons.some((reason) => /clock/i.test(reason)))
      problems.push(`no word of the clock: ${reasons.join("; ")}`);
    return {
      injected: 1,
      fired: refused,
      figure: `status "${seen}" (${reasons[0] ?? ""}), ${spooled} frames waited`,
      problems,
    };
  });
}
