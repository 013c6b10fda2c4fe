import { expect, it } from "vitest";
import { nearest } from "./edit-distance.ts";

const NAMES = ["split", "failover", "both-dead", "affinity"];

it.each([
	["spilt", "split"],
	["Split", "split"],
	["fail-over", "failover"],
	["bothdead", "both-dead"],
	["dead", "both-dead"],
	["x", null],
	["", null],
	["balance", null],
])("%s: %s", (given, meant) => {
	expect(nearest(given, NAMES)).toBe(meant);
});
