/**
 * The whole job in one run: a model is trained, scores flights of a winter and a summer in small requests, and
 * everything that goes through it is collected; then what became of the flights. Then the collected data is
 * looked at: what is there, one request end to end, and whether summer is as winter was.
 *
 *   node examples/score.ts [--flights 40000] [--destination ./collected] [--report ./report.html]
 *
 * What to copy is in flights/service.ts.
 */
import { parseArgs } from "node:util";
import { openDeployment } from "model-data-collector";
import { openDataset } from "model-data-collector/reader";
import { createProgress } from "./flights/progress.ts";
import { summer } from "./flights/flights.ts";
import { labelAll } from "./flights/labels.ts";
import { reportChange } from "./flights/report.ts";
import { prepareService, scoreAll } from "./flights/run.ts";

const { values: options } = parseArgs({
  options: {
    flights: { type: "string", default: "40000" },
    destination: { type: "string", default: "./collected" },
    report: { type: "string", default: "./report.html" },
  },
});
const progress = createProgress();

// Where the data goes, and what it is the data of. All of it can come from MDC_* variables instead.
const deployment = await openDeployment({
  endpoint: "flights",
  deployment: "blue",
  modelName: "late-arrival",
  modelVersion: "1",
  destination: options.destination,
  // A folder for each day of the flights; by default for each hour.
  rollingRate: "day",
});

const { service, flights } = await prepareService(deployment, Number(options.flights), progress);
const requests = await scoreAll(service, flights, { at: "then", progress });
console.log(`scored ${flights.length} flights in ${requests.length} requests; time per request:`);
for (const [what, stopwatch] of [
  ["features and model", service.scoring],
  ["collect, 4 frames", service.collecting],
] as const) {
  const [p50, p99] = [stopwatch.quantile(0.5), stopwatch.quantile(0.99)].map((ms) =>
    `${ms.toFixed(3)} ms`.padStart(9),
  );
  console.log(`  ${what.padEnd(20)} p50 ${p50}   p99 ${p99}`);
}

// What became of a flight is known later, here for all but those of the last two days.
const until = new Date(summer.to.getTime() - 2 * 86_400_000);
const labelled = await labelAll(deployment, requests, { until, progress });
console.log(`labels have come for ${labelled} of them`);

// Waits until all is in files. A service closes its deployment when it stops; until then files come by
// themselves.
progress("delivering …");
const { delivered, leftInSpool, dropped } = await deployment.close({ deadlineMs: 60_000 });
progress();
console.log(`frames: ${delivered} delivered, ${leftInSpool} left in the spool, ${dropped} dropped`);

const data = await openDataset(options.destination);
console.log(`\nwhat ${data.root} now holds:`);
for (const { name, endpoint, deployment: color, files, rows, bytes } of await data.collections()) {
  const size = `${(bytes / 1e6).toFixed(2)} MB`;
  console.log(
    `  ${endpoint}/${color}/${name.padEnd(17)} ${String(rows).padStart(7)} rows  ${size.padStart(8)}  ${files} files`,
  );
}

const { id, records } = await data.trace(requests.at(-1)?.context.id ?? "");
console.log(`\none request, end to end: ${id}`);
for (const { collection, rows } of records) {
  console.log(`  ${collection}: ${rows.length} rows, the first ${JSON.stringify(rows[0])}`);
}

progress("comparing summer with winter …");
const result = await reportChange(data, options.report);
progress();
await data.close();

const root = options.destination === "./collected" ? "" : ` --root ${options.destination}`;
const files = (collection: string) => `'${options.destination}/flights/blue/${collection}/**/*.parquet'`;
console.log(`
next, try
  npx mdc ls${root}
  npx mdc head model_inputs${root}
  npx mdc trace ${id}${root}
or ask DuckDB where the model sees delays coming:
  duckdb -c "select origin, count(*) as flights, avg(late_probability) as late from ${files("model_inputs")} join ${files("model_outputs")} using (mdc_correlation_id, mdc_row_index) group by all having flights >= 10 order by late desc limit 10"`);
const drifted = result.collections.flatMap(({ collection, features }) =>
  features.filter(({ verdict }) => verdict === "breach").map(({ feature }) => `${collection}.${feature}`),
);
console.log(`
is summer as winter was? ${result.verdict}: ${drifted.join(", ") || "nothing"} drifted
the whole story, for a browser: ${options.report}`);
