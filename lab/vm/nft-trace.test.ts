import { expect, it } from "vitest";
import { readHandles, rulesTraced } from "./nft-trace.ts";

const NFTABLES = 10 << 8;
const NEWRULE = NFTABLES | 6;
const TRACE = NFTABLES | 17;
const WALK_BEGINS = message(NFTABLES | 0xfe);
const WALK_ENDS = message(NFTABLES | 0xff);
const POLICY = 1;
const RETURN = 2;
const RULE = 3;

function attribute(type: number, value: Buffer): Buffer {
	const padded = Buffer.alloc((4 + value.length + 3) & ~3);
	padded.writeUInt16LE(4 + value.length, 0);
	padded.writeUInt16LE(type, 2);
	value.copy(padded, 4);
	return padded;
}

function message(type: number, ...attributes: readonly Buffer[]): Buffer {
	const body = Buffer.concat([Buffer.alloc(4), ...attributes]);
	const header = Buffer.alloc(16);
	header.writeUInt32LE(16 + body.length, 0);
	header.writeUInt16LE(type, 4);
	return Buffer.concat([header, body]);
}

function named(at: string): readonly Buffer[] {
	const [table = "", chain = ""] = at.split(":");
	return [
		attribute(1, Buffer.from(`${table}\0`)),
		attribute(2, Buffer.from(`${chain}\0`)),
	];
}

function handled(handle: number): Buffer {
	const value = Buffer.alloc(8);
	value.writeBigUInt64BE(BigInt(handle));
	return attribute(3, value);
}

function traced(at: string, type: number, handle?: number): Buffer {
	const value = Buffer.alloc(4);
	value.writeUInt32BE(type);
	const rule = handle === undefined ? [] : [handled(handle)];
	return message(TRACE, ...named(at), attribute(4, value), ...rule);
}

const HANDLES = readHandles(
	Buffer.concat([
		message(NEWRULE, ...named("mangle:PREROUTING"), handled(9)),
		message(NEWRULE, ...named("mangle:PREROUTING"), handled(4)),
		message(NEWRULE, ...named("mangle:X"), handled(5)),
		message(NEWRULE, ...named("filter:INPUT"), handled(3)),
		message(NEWRULE, ...named("filter:OUTPUT"), handled(2)),
		message(3),
	]),
);

it("names rules by their places, ends of chains, and policies", () => {
	const stream = [
		WALK_BEGINS,
		traced("mangle:PREROUTING", RULE, 4),
		traced("mangle:X", RULE, 5),
		traced("mangle:X", RETURN),
		traced("mangle:PREROUTING", RETURN),
		traced("mangle:PREROUTING", POLICY),
		WALK_ENDS,
	];
	expect(rulesTraced(Buffer.concat(stream), HANDLES)).toEqual([
		"mangle:PREROUTING:rule:2",
		"mangle:X:rule:1",
		"mangle:X:return:2",
		"mangle:PREROUTING:policy:3",
	]);
});

it("takes what Linux 6.12 says of ends of chains for the same", () => {
	const stream = [
		WALK_BEGINS,
		traced("mangle:X", RULE),
		traced("mangle:PREROUTING", RULE),
		traced("mangle:PREROUTING", POLICY),
		WALK_ENDS,
	];
	expect(rulesTraced(Buffer.concat(stream), HANDLES)).toEqual([
		"mangle:X:return:2",
		"mangle:PREROUTING:policy:3",
	]);
});

it("puts a rule before those of the packet that its target sent", () => {
	const stream = [
		WALK_BEGINS,
		WALK_BEGINS,
		traced("filter:OUTPUT", RULE, 2),
		traced("filter:OUTPUT", POLICY),
		WALK_ENDS,
		traced("filter:INPUT", RULE, 3),
		WALK_ENDS,
	];
	expect(rulesTraced(Buffer.concat(stream), HANDLES)).toEqual([
		"filter:INPUT:rule:1",
		"filter:OUTPUT:rule:1",
		"filter:OUTPUT:policy:2",
	]);
});
