import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { toldFilePath } from "../../src/layout/dataset-path.ts";
import { ColumnProfile } from "../../src/monitor.ts";
import { profileLine } from "../../src/profile/stored-profiles.ts";
import { mulberry32 } from "../mulberry32.ts";
import { collection, firstDay } from "./monitored-rows.ts";

/** Hours of profiles as one process stores them that keeps profiles. */
export interface ProfiledHours {
  readonly root: string;
  readonly hours: number;
  /** Of each hour. */
  readonly rows: number;
  /** Columns of numbers: half of them amounts of many digits, half of a few, as counts and prices are. */
  readonly numbers: number;
  /** Columns of texts, of 20 categories. */
  readonly texts: number;
}

const hourMs = 3_600_000;
/** So many hours differ in each half of the time; then they come again. */
const differing = 12;

/** Writes them, an object for each hour; the second half of the time is a little higher in every fifth column. */
export async function storeProfiledHours({ root, hours, ...shape }: ProfiledHours): Promise<void> {
  const halves = [0, 1].map((half) =>
    Array.from({ length: differing }, (_, i) => profilesOf({ ...shape, half, seed: i })),
  );
  for (let i = 0; i < hours; i++) {
    const createdAt = firstDay + i * hourMs;
    const id = i.toString(16).padStart(32, "0");
    const place = { instance: id, hour: new Date(createdAt).toISOString(), collection };
    const columns = halves[Number(i >= hours / 2)]?.[i % differing] ?? [];
    let text = profileLine({ kind: "rows", ...place, rows: shape.rows });
    for (const [column, profile] of columns)
      text += profileLine({ kind: "column", ...place, rows: shape.rows, column, profile });
    const path = join(
      root,
      toldFilePath("profile", { endpoint: "flights", deployment: "blue" }, { id, createdAt }),
    );
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

interface Hour extends Omit<ProfiledHours, "root" | "hours"> {
  readonly half: number;
  readonly seed: number;
}

function profilesOf({
  half,
  seed,
  rows,
  numbers,
  texts,
}: Hour): [string, ReturnType<ColumnProfile["toJSON"]>][] {
  const random = mulberry32(2 * seed + half + 1);
  const made: [string, ReturnType<ColumnProfile["toJSON"]>][] = [];
  for (let i = 0; i < numbers; i++) {
    const shift = half === 1 && i % 5 === 0 ? 4 : 0;
    const value = (): number => (random() + random() + random()) * 20 + shift;
    const groups = { edges: Array.from({ length: 11 }, (_, edge) => edge * 6) };
    const profile = new ColumnProfile({ kind: "numerical", groups, seed: seed + i });
    profile.add(Float64Array.from({ length: rows }, i % 2 === 0 ? value : () => Math.floor(value())));
    made.push([`n${i}`, profile.toJSON()]);
  }
  for (let i = 0; i < texts; i++) {
    const profile = new ColumnProfile({ kind: "categorical", seed: seed + i });
    profile.add(Array.from({ length: rows }, () => `carrier ${Math.floor(random() * random() * 20)}`));
    made.push([`t${i}`, profile.toJSON()]);
  }
  return made;
}
