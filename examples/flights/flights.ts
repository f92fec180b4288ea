import { fileURLToPath } from "node:url";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

/** What is known of a flight before it arrives: what a request to the model holds. */
export interface Flight {
  readonly departed: Date;
  readonly origin: string;
  readonly destination: string;
  /** Miles. */
  readonly distance: number;
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

/** Flights before this day are for learning, later ones for scoring: a model must not see its own future. */
const cut = "2001-06-01";

/** Three million flights within the United States in the first half of 2001, from `vega-datasets`. */
export async function openFlights(): Promise<Flights> {
  const database = await DuckDBInstance.create(":memory:", { threads: "2" });
  const connection = await database.connect();
  await connection.run(`
    create table flights as
    select date as departed, origin, destination, distance::double as distance, delay >= 15 as late
    from '${file.replaceAll("'", "''")}'`);
  return new Flights(connection);
}

/** The flights, and the questions that the example asks them. */
export class Flights {
  readonly #connection: DuckDBConnection;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /**
   * As many late flights as punctual ones, spread over the months before the cut; the same ones each time.
   */
  async training(count: number): Promise<FlownFlight[]> {
    const half = (late: boolean) => `
      (select * from flights where departed < '${cut}' and late = ${late}
       order by hash(departed, origin, destination), departed, origin, destination limit ${Math.ceil(count / 2)})`;
    return await this.#rows(`${half(true)} union all ${half(false)}`);
  }

  /** The first flights after the cut, as they are known before they arrive. */
  async toScore(count: number): Promise<Flight[]> {
    return await this.#rows(`
      select departed, origin, destination, distance from flights
      where departed >= '${cut}' order by all limit ${count}`);
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
