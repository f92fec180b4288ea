import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Durations } from "./meters.ts";

/** What clients of a server saw. */
export interface PayloadLoad {
  readonly requests: number;
  readonly seconds: number;
  /** From the request to the head of its answer, milliseconds. */
  readonly firstByte: Durations;
  /** From the moment that a chunk is written to the moment that it is there, milliseconds. */
  readonly chunk: Durations;
}

const body: string = JSON.stringify(
  Array.from({ length: 20 }, (_, i) => ({ origin: "JFK", carrier: "AA", distance: 2475 + i, delay: i / 3 })),
);

/** So many requests a second, whatever becomes of those before; 0: one after the other on each connection. */
export async function loadPayloads(
  port: number,
  {
    perSecond,
    seconds,
    connections,
  }: { readonly perSecond: number; readonly seconds: number; readonly connections: number },
): Promise<PayloadLoad> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const [firstByte, chunk] = [new Durations(), new Durations()];
  let requests = 0;
  const one = async (): Promise<void> => {
    await ask(port, agent, firstByte, chunk);
    requests++;
  };
  const start = performance.now();
  const end = start + seconds * 1_000;
  if (perSecond === 0) {
    const client = async (): Promise<void> => {
      while (performance.now() < end) await one();
    };
    await Promise.all(Array.from({ length: connections }, client));
  } else {
    const asked: Promise<void>[] = [];
    for (let due = start; due < end; due += 1_000 / perSecond) {
      const wait = due - performance.now();
      if (wait > 1) await sleep(wait);
      asked.push(one());
    }
    await Promise.all(asked);
  }
  const took = (performance.now() - start) / 1_000;
  agent.destroy();
  return { requests, seconds: took, firstByte, chunk };
}

function ask(port: number, agent: Agent, firstByte: Durations, chunk: Durations): Promise<void> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const asked = request(
      { port, host: "127.0.0.1", agent, method: "POST", path: "/score", headers },
      (response) => {
        firstByte.add(performance.now() - start);
        if (response.statusCode !== 200) reject(new Error(`expected 200, got ${response.statusCode}`));
        response.setEncoding("latin1").on("data", (text: string) => {
          const now = process.hrtime.bigint();
          for (const [, sent = "0"] of text.matchAll(/data: (\d+)/g))
            chunk.add(Number(now - BigInt(sent)) / 1e6);
        });
        response.on("end", resolve).on("error", reject);
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}
