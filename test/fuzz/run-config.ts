/** `npm run test:fuzz-config -- 100000 7`: so many damaged configuration files, from this seed on. */
import { fuzzConfig } from "./config.ts";

const [count = 100_000, first = Math.floor(Math.random() * 2 ** 31)] = process.argv.slice(2).map(Number);
const { accepted, refused, problems } = fuzzConfig(count, first);
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.stdout.write(
  `from seed ${first} on: ${accepted} taken, ${refused} refused, ${problems.length} wrong\n`,
);
process.exitCode = problems.length > 0 ? 1 : 0;
