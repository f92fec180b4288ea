/**
 * Azure's own Python SDK and this package send the same frames to one server that writes down what comes:
 * they must arrive as equal headers and equal JSON, but for what `docs/azureml.md` says is otherwise.
 */
import { deepStrictEqual } from "node:assert";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { CorrelationContext, openDeployment } from "model-data-collector";
import { countOf } from "../../src/base/plural.ts";

type Kind = "float64" | "int64" | "boolean" | "string" | "timestamp" | "json";
type Column = readonly [name: string, kind: Kind, cells: readonly unknown[]];

interface Frame {
  readonly collection: string;
  readonly id: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly columns: readonly Column[];
}

interface Post {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * Sends them with both. `python` runs a script of this folder and gives what it says that is wrong, if
 * anything. Returns what is to be told; throws at a difference.
 */
export async function compareWithSdk(
  folder: string,
  python: (script: string, args: readonly string[], env: NodeJS.ProcessEnv) => Promise<string | undefined>,
): Promise<string> {
  const frames = [...madeUp(200)];
  const [theirs, ours] = [new Map<string, Post>(), new Map<string, Post>()];
  let posts = theirs;
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const id = String(request.headers["ce-x-request-id"]);
      posts.set(id, { headers: request.headers, body: Buffer.concat(pieces).toString("utf8") });
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const port = String((server.address() as AddressInfo).port);
    const names = [...new Set(frames.map(({ collection }) => collection))];
    const collections = Object.fromEntries(names.map((name) => [name, { enabled: true }]));
    const [config, file] = [join(folder, "mdc-config.json"), join(folder, "frames.json")];
    await writeFile(config, JSON.stringify({ runMode: "cloud", collections }));
    await writeFile(file, JSON.stringify(frames));
    const env = { AZUREML_MDC_CONFIG_PATH: config, AZUREML_MDC_HOST: "127.0.0.1", AZUREML_MDC_PORT: port };
    const trouble = await python("send_frames.py", [file], env);
    if (trouble !== undefined) throw new Error(trouble);
    posts = ours;
    Object.assign(process.env, env);
    await sendOurs(folder, frames);
  } finally {
    server.close();
  }
  for (const { id } of frames) compare(id, theirs.get(id), ours.get(id));
  return `${countOf(frames.length, "frame")} in ${countOf(theirs.size, "post")}, equal to those of this package`;
}

async function sendOurs(folder: string, frames: readonly Frame[]): Promise<void> {
  const deployment = await openDeployment({
    format: "azureml",
    spool: { directory: join(folder, "agent-spool") },
  });
  for (const { collection, id, time, attributes, columns } of frames) {
    const context = CorrelationContext.create({ id, requestTime: new Date(time * 1000), attributes });
    const frame = Object.fromEntries(columns.map(([name, kind, cells]) => [name, cells.map(valueOf(kind))]));
    deployment.collector(collection).collect(frame, context);
  }
  await deployment.close();
}

function valueOf(kind: Kind): (cell: unknown) => unknown {
  return (cell) => {
    if (cell === null) return null;
    if (kind === "int64") return BigInt(cell as string);
    return kind === "timestamp" ? new Date(cell as string) : cell;
  };
}

const sameHeaders = [
  "content-type",
  "ce-time",
  "ce-type",
  "ce-x-request-id",
  "ce-model-version",
  "ce-tenant",
];

function compare(id: string, theirs: Post | undefined, ours: Post | undefined): void {
  if (theirs === undefined || ours === undefined)
    throw new Error(`frame ${id} came from one of the two only`);
  const picked = ({ headers }: Post): unknown =>
    Object.fromEntries(sameHeaders.map((name) => [name, headers[name]]));
  deepStrictEqual(picked(ours), picked(theirs), `headers of ${id}`);
  // Of a pandas of today it is `pandas.DataFrame`.
  const types = [theirs, ours].map(({ headers }) => String(headers["ce-collect-data-type"]));
  if (!types.every((type) => /^pandas\.(core\.frame\.)?DataFrame$/.test(type))) throw new Error(types.join());
  const others = (post: Post): string[] =>
    Object.keys(post.headers).filter((name) => name === "trace-id" || name.startsWith("ce-"));
  deepStrictEqual(others(ours).sort(), others(theirs).sort(), `names of headers of ${id}`);
  deepStrictEqual(tokens(ours.body), tokens(theirs.body), `body of ${id}`);
}

/** Numbers keep their text, but that both are cut as pandas cuts them; `1.0` is not `1`. */
function tokens(body: string): unknown {
  type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
  const reviver: Reviver = (_, value, { source }) => {
    if (typeof value !== "number" || source === undefined) return value;
    return /[.e]/.test(source) ? `double ${Number(source).toFixed(9)}` : `integer ${source}`;
  };
  return JSON.parse(body, reviver as Parameters<typeof JSON.parse>[1]);
}

const texts = ["", "plain", "é", "日本 \u{1f600}", 'quote " and \\ and /', "line\nbreak\ttab", "NaN", "1.0"];
const doubles = [0, 1, -1, 0.5, 1.25, -3.5, 100, 123456.789, 1e15, 2 ** 31, 54];
const integers = ["0", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775808", "42"];
const times = ["2026-03-05T18:16:25.123Z", "1970-01-01T00:00:00.000Z", "1969-12-31T23:59:59.000Z"];
const nested = [{ a: [1.5, null, { b: "x" }] }, ["p", "q"], { deep: { er: true } }, []];

function* madeUp(count: number): Generator<Frame> {
  const pick = <T>(from: readonly T[], at: number): T => from[at % from.length] as T;
  const cells = <T>(from: readonly T[], n: number, rows: number): (T | null)[] =>
    Array.from({ length: rows }, (_, row) => ((n + row) % 5 === 0 ? null : pick(from, n + row)));
  for (let n = 0; n < count; n++) {
    const rows = n % 7;
    const all: Column[] = [
      ["number", "float64", cells(doubles, n, rows)],
      ["whole", "int64", cells(integers, n, rows)],
      ["flag", "boolean", cells([true, false], n, rows)],
      ["text é", "string", cells(texts, n, rows)],
      ["at", "timestamp", cells(times, n, rows)],
      ["nested", "json", cells(nested, n, rows)],
      ["nothing", "string", cells([null], n, rows)],
    ];
    yield {
      collection: pick(["model_inputs", "model_outputs"], n),
      id: pick([`plain-${n}`, `é ${n}`, `50% "${n}"`], n),
      time: 1_772_734_585 + n,
      attributes: n % 3 === 0 ? { tenant: `acme ${n}` } : {},
      columns: rows === 0 ? [] : all.slice(n % 3, 4 + (n % 4)),
    };
  }
}
