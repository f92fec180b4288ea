import { expect, it } from "vitest";
import { nearest } from "../../../src/base/nearest.ts";

const names = ["samplingRate", "rotation", "spool", "enabled", "ls"];

it.each([
  ["samplngRate", "samplingRate"],
  ["sampling_rate", "samplingRate"],
  ["SAMPLING-RATE", "samplingRate"],
  ["sampleRate", "samplingRate"],
  ["rotations", "rotation"],
  ["spol", "spool"],
  ["enable", "enabled"],
  ["sl", "ls"],
  ["rotatoin", "rotation"],
])("the nearest name to %s is %s", (name, expected) => {
  expect(nearest(name, names)).toBe(expected);
});

it.each(["", "x", "credential", "s".repeat(1_000_000)])("no name is near %.20s", (name) => {
  expect(nearest(name, names)).toBeUndefined();
});
