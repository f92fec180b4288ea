import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { checkDestination } from "../../src/cli/commands/doctor/check-destination.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { resolveDeployment } from "../../src/config/resolve.ts";
import { createS3Store } from "../../src/store/s3/s3-store.ts";
import { type S3Server, s3Keys, startS3Server } from "../support/s3-server.ts";
import { describeStore, pathsOf, type StoreFixture } from "./store.contract.ts";

/**
 * Another server, `http://<key>:<secret>@<host>:<port>/<bucket>`, for the same suite as a whole: of those
 * that npm installs none does all that S3 does.
 */
const other = process.env["S3_TEST_SERVER"];

/** Of a busy machine: 100 requests at once, one after the other there. */
const attemptDeadlineMs = (): number => 60_000;

let server: S3Server;
let fixtures = 0;
beforeAll(async () => {
  server = other === undefined ? await startS3Server() : serverAt(new URL(other));
});
afterAll(async () => {
  await server?.stop();
});

function serverAt(url: URL): S3Server {
  const keys = { accessKeyId: url.username, secretAccessKey: url.password };
  const bucket = url.pathname.slice(1);
  return { endpoint: url.origin, port: Number(url.port), bucket, keys, stop: async () => {} };
}

async function fixture(folder: string, bulk: number): Promise<StoreFixture> {
  const { endpoint, bucket, keys, limits } = server;
  const prefix = `${folder}/${Date.now()}-${fixtures++}`;
  const open = () =>
    createS3Store({ bucket, prefix, endpoint, region: null, keys, attemptDeadlineMs, maxPageNames: 20 });
  const [store, twin] = [open(), open()];
  return {
    store,
    twin,
    bulk,
    ...limits,
    async dispose() {
      await store.close();
      await twin.close();
    },
  };
}

describeStore("S3 store, below a prefix", () => fixture("team a/flüge", 50));

/** What `mdc doctor` finds of a server. */
async function doctorOf({ endpoint, bucket, keys }: S3Server): Promise<readonly string[]> {
  vi.stubEnv("AWS_ACCESS_KEY_ID", keys.accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", keys.secretAccessKey);
  try {
    const resolved = resolveDeployment(
      { destination: `s3://${bucket}/doctor`, spool: { durability: "memory" } },
      readEnvironment({ HOME: "/", AWS_ENDPOINT_URL_S3: endpoint }),
    );
    return (await checkDestination(resolved)).map(({ check, state }) => `${check}: ${state}`);
  } finally {
    vi.unstubAllEnvs();
  }
}

describe.skipIf(other !== undefined)("a server that ignores If-None-Match", () => {
  test("gets nothing, and is told apart from one that keeps to it", async () => {
    const careless = await startS3Server({ ignoresConditions: true });
    try {
      const { endpoint, bucket } = careless;
      const store = createS3Store({ bucket, prefix: "p", endpoint, region: null, keys: s3Keys });
      for (let tries = 0; tries < 2; tries++) {
        expect(await store.put("a/x", Buffer.from("x"))).toMatchObject({
          status: "retryable",
          class: "configuration",
          error: { message: expect.stringContaining(`the server at ${endpoint} ignores If-None-Match`) },
        });
      }
      expect(await pathsOf(store)).toEqual([]);
      await store.close();
      expect(await doctorOf(careless)).toEqual([
        "credential: ok",
        "destination: ok",
        "destination: problem",
        "clock: ok",
      ]);
      expect(await doctorOf(server)).toEqual([
        "credential: ok",
        "destination: ok",
        "destination: ok",
        "clock: ok",
      ]);
    } finally {
      await careless.stop();
    }
  });
});
