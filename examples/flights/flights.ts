import { fileURLToPath } from "node:url";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

/** What is known of a flight before it arrives: what a request to the model holds. */
export interface Flight {
  readonly departed: Date;
  readonly origin: string;
  readonly destination: string;
  /** Miles. */
  readonly distance: number;
  /** The share of the flights from this airport that were late the day before, 0 to 1. */
  readonly origin_late_yesterday: number;
}

/** A flight that has arrived. */
export interface FlownFlight extends Flight {
  /** Late is 15 minutes or more after the schedule, as the United States' statistics count it. */
  readonly late: boolean;
}

/** How often flights were late, by what they had in common: 0 to 1. */
export interface LateRates {
  readonly origin: ReadonlyMap<string, number>;
  readonly destination: ReadonlyMap<string, number>;
  readonly hour: ReadonlyMap<number, number>;
  readonly overall: number;
}

const file = fileURLToPath(new URL("../data/flights-3m.parquet", import.meta.resolve("vega-datasets")));

/** A span of time; the end is not in it. */
export interface Season {
  readonly from: Date;
  readonly to: Date;
}

/** Two weeks of a winter in which much was late. */
export const winter: Season = { from: new Date("2001-02-12"), to: new Date("2001-02-26") };

/** Three weeks of a summer in which less was. */
export const summer: Season = { from: new Date("2001-06-01"), to: new Date("2001-06-22") };

/** Flights before this day are for learning, later ones for scoring: a model must not see its own future. */
const cut = "2001-02-12";

/** Three million flights within the United States in the first half of 2001, from `vega-datasets`. */
export async function openFlights(): Promise<Flights> {
  const database = await DuckDBInstance.create(":memory:", { threads: "2" });
  const connection = await database.connect();
  await connection.run(`
    create table flown as
    select date as departed, origin, destination, distance::double as distance, delay >= 15 as late
    from '${file.replaceAll("'", "''")}';
    create table flights as
    with days as (
      select origin, departed::date + 1 as day, avg(late::int) as origin_late_yesterday from flown group by all)
    select flown.*, origin_late_yesterday
    from flown join days on flown.origin = days.origin and departed::date = day`);
  return new Flights(connection);
}

/** The flights, and the questions that the example asks them. */
export class Flights {
  readonly #connection: DuckDBConnection;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /**
   * As many late flights as punctual ones, spread over the weeks before the cut; the same ones each time.
   */
  async training(count: number): Promise<FlownFlight[]> {
    const half = (late: boolean) =>
      `(${sample(`departed < '${cut}' and late = ${late}`, Math.ceil(count / 2))})`;
    return await this.#rows(`${half(true)} union all ${half(false)}`);
  }

  /** Flights of a season, spread over it, in the order in which they departed; the same ones each time. */
  async ofSeason({ from, to }: Season, count: number): Promise<FlownFlight[]> {
    const during = `departed >= '${from.toISOString()}' and departed < '${to.toISOString()}'`;
    return await this.#rows(`select * from (${sample(during, count)}) order by all`);
  }

  /** How often flights were late before the cut. */
  async lateRates(): Promise<LateRates> {
    const by = async <Key>(key: string): Promise<Map<Key, number>> => {
      const rows = await this.#rows<{ key: Key; rate: number }>(
        `select ${key} as key, avg(late::int) as rate from flights where departed < '${cut}' group by all`,
      );
      return new Map(rows.map(({ key, rate }) => [key, rate]));
    };
    const overall = await by<number>("1");
    return {
      origin: await by("origin"),
      destination: await by("destination"),
      hour: await by("hour(departed)::int"),
      overall: overall.get(1) ?? 0,
    };
  }

  close(): void {
    this.#connection.closeSync();
  }

  async #rows<Row>(sql: string): Promise<Row[]> {
    const result = await this.#connection.runAndReadAll(sql);
    return result.getRowObjectsJS() as Row[];
  }
}

/** A query for so many flights, taken as by lot, but always the same. */
function sample(where: string, count: number): string {
  return `
    select * from flights where ${where}
    order by hash(departed, origin, destination), departed, origin, destination, distance, late limit ${count}`;
}
