/**
 * The job of score.ts, smaller, with Azure Blob Storage as the destination: here an emulator (Azurite) that
 * this program starts and stops. For the real service, use its URL, and leave `credential` out where the
 * machine has an identity.
 *
 *   node examples/azure-blob.ts [--flights 2000]
 */
import { parseArgs } from "node:util";
import { BlobServiceClient } from "@azure/storage-blob";
import { openDeployment } from "model-data-collector";
import { openDataset } from "model-data-collector/reader";
import { startEmulator } from "./azure/emulator.ts";
import { createProgress } from "./flights/progress.ts";
import { prepareService, scoreAll } from "./flights/run.ts";

const { values: options } = parseArgs({ options: { flights: { type: "string", default: "2000" } } });
const progress = createProgress();

progress("starting Azurite …");
await using emulator = await startEmulator();
const credential = emulator.connectionString;
// The collector creates no containers: where data may go is for people to decide.
const container = BlobServiceClient.fromConnectionString(credential).getContainerClient("monitoring");
await container.create();

const destination = `${emulator.url}/monitoring/collected`;
const deployment = await openDeployment({
  endpoint: "flights",
  deployment: "blue",
  modelName: "late-arrival",
  modelVersion: "1",
  destination,
  credential,
  // The emulator is gone when this ends, so nothing may wait on disk for a next run.
  spool: { durability: "memory" },
});

const { service, flights } = await prepareService(deployment, Number(options.flights), progress);
const requests = await scoreAll(service, flights, { at: "now", progress });
const { delivered, leftInSpool, dropped } = await deployment.close({ deadlineMs: 60_000 });
console.log(`scored ${flights.length} flights in ${requests.length} requests`);
console.log(`frames: ${delivered} delivered, ${leftInSpool} left in the spool, ${dropped} dropped`);

console.log(`\nblobs in ${container.containerName}:`);
for await (const { name, properties } of container.listBlobsFlat()) {
  console.log(`  ${String(properties.contentLength).padStart(7)} bytes  ${name}`);
}

await using data = await openDataset(destination, { credential });
console.log("\nthe first rows of model_outputs, read back:");
for await (const row of data
  .table("model_outputs", { columns: ["late_probability", "late"], limit: 3 })
  .rows()) {
  console.log(`  ${JSON.stringify(row)}`);
}

const { id, records } = await data.trace(requests.at(-1)?.context.id ?? "");
console.log(`\none request, end to end: ${id}`);
for (const { collection, rows } of records) console.log(`  ${collection}: ${rows.length} rows`);
