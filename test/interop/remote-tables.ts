import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { glob, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startAzurite } from "../support/azurite.ts";
import { runChild, runNode } from "../support/child.ts";
import { root } from "../support/packed-project.ts";
import { startS3Server } from "../support/s3-server.ts";

/** A store beyond this machine's folders, with the tree in it. */
interface RemoteTree {
  readonly name: string;
  /** As for `--root`. */
  readonly url: string;
  /** Where tools of the store find it, and who they are. */
  readonly environment: Readonly<Record<string, string>>;
  /** What ClickHouse's named collection `collected` is made of. */
  readonly collected: string;
}

const prefix = "prod";

/**
 * Copies the tree under `folder` into Blob Storage and S3, as Azurite and an S3 server of npm's are, has `mdc
 * ddl` define its collections there, and engines run that as it is printed. A line for each of them.
 */
export async function* defineRemoteTables(
  python: string,
  folder: string,
  rows: Readonly<Record<string, number>>,
): AsyncGenerator<string> {
  const paths: string[] = [];
  for await (const path of glob("**/*.*", { cwd: join(folder, "collected") })) paths.push(path);
  const all = await Promise.all(
    paths.map(async (path) => ({ path, bytes: await readFile(join(folder, "collected", path)) })),
  );
  await using azurite = await startAzurite({ anyVersion: true });
  const container = await azurite.container("collected");
  for (const { path, bytes } of all)
    await container.getBlockBlobClient(`${prefix}/${path}`).upload(bytes, bytes.length);
  const server = await startS3Server();
  try {
    const { endpoint, bucket, keys } = server;
    const client = new S3Client({
      ...{ endpoint, region: "us-east-1", forcePathStyle: true },
      credentials: keys,
    });
    for (const { path, bytes } of all)
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/${path}`, Body: bytes }));
    client.destroy();
    const trees: readonly RemoteTree[] = [
      {
        name: "Blob Storage",
        url: `${azurite.url}/collected/${prefix}`,
        environment: { AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString },
        collected: `connection_string = '${azurite.connectionString}', container = 'collected'`,
      },
      {
        name: "S3",
        url: `s3://${bucket}/${prefix}`,
        environment: {
          AWS_ENDPOINT_URL: endpoint,
          AWS_ACCESS_KEY_ID: keys.accessKeyId,
          AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
          AWS_REGION: "us-east-1",
        },
        collected: `url = '${endpoint}/${bucket}/', access_key_id = '${keys.accessKeyId}', secret_access_key = '${keys.secretAccessKey}'`,
      },
    ];
    for (const tree of trees)
      for (const engine of ["clickhouse", "pandas"])
        yield `mdc ddl --engine ${engine}, in ${tree.name}: ${await defined(python, folder, rows, engine, tree)}`;
  } finally {
    await server.stop();
  }
}

/** What came of one engine's statements. */
async function defined(
  python: string,
  folder: string,
  rows: Readonly<Record<string, number>>,
  engine: string,
  { name, url, environment, collected }: RemoteTree,
): Promise<string> {
  const args = ["ddl", "--engine", engine, "--root", url, "--json"];
  const printed = await runNode([join(root, "dist/cli/main.js"), ...args], { env: environment });
  if (printed.code !== 0) return `FAILED\n${printed.stderr}`;
  const scratch = join(folder, `${engine}-${name.replaceAll(" ", "-")}`);
  const file = `${scratch}.json`;
  await writeFile(
    file,
    JSON.stringify({ statements: JSON.parse(printed.stdout) as unknown, rows, scratch, collected }),
  );
  const script = join(import.meta.dirname, "define_tables.py");
  const { code, stdout, stderr } = await runChild(python, [script, engine, file], {
    timeoutMs: 300_000,
    env: environment,
  });
  if (stderr.includes("ModuleNotFoundError")) return `left out, ${stderr.trim().split("\n").at(-1)}`;
  return code === 0 ? (stdout.trim().split("\n").at(-1) ?? "") : `FAILED\n${stdout}${stderr}`;
}
