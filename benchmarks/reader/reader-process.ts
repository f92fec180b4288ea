import { serve } from "../child.ts";
import { type AzureAccess, openOurs, openPlain, type Question } from "./questions.ts";

/** Asks one question, as often as it says, of a process of its own. */
export interface ReaderRequest {
  readonly root: string;
  readonly rows: number;
  readonly who: "ours" | "DuckDB";
  readonly question: Question;
  readonly times: number;
  /** If the root is a container's URL. */
  readonly azure?: AzureAccess;
}

/** Milliseconds of each time, after a first one; and the most memory that the process had. */
export interface ReaderAnswer {
  readonly first: number;
  readonly ms: readonly number[];
  readonly rssBytes: number;
}

serve<ReaderRequest>(async ({ root, rows, who, question, times, azure }): Promise<ReaderAnswer> => {
  const asked = await (who === "ours" ? openOurs : openPlain)(root, rows, azure);
  const ms: number[] = [];
  for (let time = 0; time <= times; time++) {
    const row = Math.floor(rows * ((0.37 + time * 0.13) % 1));
    const start = performance.now();
    await asked.ask(question, row);
    ms.push(performance.now() - start);
  }
  await asked.close();
  const [first = 0, ...rest] = ms;
  return { first, ms: rest, rssBytes: process.resourceUsage().maxRSS * 1024 };
});
