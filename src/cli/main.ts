#!/usr/bin/env node
// An old Node must get one clear line, not a syntax error or a missing function: this file keeps to plain
// syntax and loads the rest only when the version will do.
const parts = process.versions.node.split(".");
const major = Number(parts[0]);
const minor = Number(parts[1]);

if (major > 22 || (major === 22 && minor >= 15)) {
  void import("./start.ts").then((module) => module.start());
} else {
  console.error("mdc needs Node 22.15 or newer; this is Node " + process.versions.node);
  process.exitCode = 2;
}

export {};
