import * as fc from "fast-check";
import { validate, version } from "uuid";
import { describe, expect, it } from "vitest";
import { systemIds } from "../../../src/base/ids.ts";
import { createUuidV7 } from "../../../src/base/uuid-v7.ts";

const counting = (): ((bytes: Uint8Array) => void) => {
  let next = 0;
  return (bytes) => {
    for (let i = 0; i < bytes.length; i++) bytes[i] = next++;
  };
};

describe("createUuidV7", () => {
  it("writes time, counter and randomness where RFC 9562 has them", () => {
    // The time of the RFC's example, appendix A.6.
    const uuid = createUuidV7({ now: () => 0x017f22e279b0, fillRandom: (bytes) => void bytes.fill(0xff) });
    expect(uuid()).toBe("017f22e2-79b0-77ff-bfff-ffffffffffff");
    expect(uuid()).toBe("017f22e2-79b0-7800-8000-ffffffffffff");
  });

  it("makes version 7 ids as another library understands them", () => {
    for (let i = 0; i < 1_000; i++) {
      const id = systemIds.uuid();
      expect(validate(id)).toBe(true);
      expect(version(id)).toBe(7);
    }
  });

  it("rises strictly, whatever the clock does", () => {
    const steps = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 2, maxLength: 200 });
    fc.assert(
      fc.property(steps, (clockSteps) => {
        let now = 1_795_000_000_000;
        const uuid = createUuidV7({ now: () => now, fillRandom: counting() });
        const ids = clockSteps.map((step) => {
          now += step;
          return uuid();
        });
        expect(ids).toEqual([...new Set(ids)].sort());
      }),
    );
  });

  it("borrows the next millisecond when the counter runs over", () => {
    const uuid = createUuidV7({ now: () => 1_000, fillRandom: (bytes) => void bytes.fill(0xff) });
    let last = uuid();
    // The counter starts at 2^25 - 1 here and ends at 2^26 - 1.
    for (let i = 0; i < 2 ** 25; i++) last = uuid();
    expect(last.slice(0, 23)).toBe("00000000-03e8-7fff-bfff");
    expect(uuid().slice(0, 14)).toBe("00000000-03e9-");
  }, 60_000);

  it("throws unused randomness away after a second", () => {
    let now = 1_000;
    let fills = 0;
    const uuid = createUuidV7({ now: () => now, fillRandom: (bytes) => void bytes.fill(++fills) });
    expect(uuid().slice(24)).toBe("010101010101");
    now += 1_000;
    expect(uuid().slice(24)).toBe("010101010101");
    now += 1_001;
    expect(uuid().slice(24)).toBe("020202020202");
  });

  it("uses each random byte once", () => {
    const uuid = createUuidV7({ now: () => 1_000, fillRandom: counting() });
    const bytes = Array.from({ length: 400 }, () => Buffer.from(uuid().slice(24), "hex")).flatMap((tail) => [
      ...tail,
    ]);
    // Four bytes went into the counter's start.
    expect(bytes).toEqual(Array.from(bytes, (_, i) => (i + 4) % 256));
  });
});
