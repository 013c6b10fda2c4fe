import { expect, test } from "vitest";
import { statistic } from "../../matches/statistic.ts";
import { mark } from "../../targets/mark.ts";
import { defineMatch } from "../extension.ts";
import type { OptionType } from "../options.ts";
import { buildOptions } from "./test-build-options.ts";

test("options become the plain data that a rule keeps", () => {
	expect(buildOptions(statistic, "--mode nth --every 2 --packet 0")).toEqual({
		mode: "nth",
		inverted: false,
		every: 2,
		packet: 0,
	});
	expect(buildOptions(mark, "--set-xmark 0x10/0xf0")).toEqual({
		value: 0x10,
		mask: 0xf0,
	});
	expect(buildOptions(mark, "--set-mark 0xffffffff")).toEqual({
		value: -1,
		mask: -1,
	});
});

test.each([
	["--mode nth --every=2 --packet=0", "with the value attached"],
	["--mode nth --ev 2 --pa 0", "abbreviated as far as it is unambiguous"],
	["--mode nth --every 0x2 --packet 00", "hexadecimal and octal"],
])("%s: %s", (text) => {
	expect(buildOptions(statistic, text)).toEqual({
		mode: "nth",
		inverted: false,
		every: 2,
		packet: 0,
	});
});

test.each([
	[
		"--mode nth --every 0 --packet 0",
		'statistic: bad value for option "--every", or out of range (1-4294967295).',
	],
	[
		"--mode nth --every 2",
		'statistic: option "--every" also requires "--packet".',
	],
	["--probability 0.5", 'statistic: option "--mode" must be specified'],
	[
		"--every 2 --packet 0",
		"--probability must be specified when using random mode",
	],
	[
		"--mode nth --every 2 --every 3 --packet 0",
		'statistic: option "--every" can only be used once.',
	],
	[
		"--mode nth --every 2 ! --packet 0",
		'statistic: option "--packet" cannot be inverted.',
	],
	[
		"--mode random --probability 0.5 --every 2 --packet 0",
		'statistic: option "--probability" cannot be used together with "--every".',
	],
	["--mode nth --p 1", 'unknown option "--p"'],
	["--mode nth --bogus 1", 'unknown option "--bogus"'],
	["--mode", 'option "--mode" requires an argument'],
	["--mode nth 2", "Bad argument `2'"],
	["--mode nth --every 2 --packet 2", "the --packet p must be 0 <= p <= n-1"],
])("%s is refused: %s", (text, words) => {
	expect(() => buildOptions(statistic, text)).toThrow(words);
});

const one = (type: OptionType) =>
	defineMatch<{ value: unknown }>({
		name: "one",
		options: [{ name: "o", type }],
		build: (given) => ({ value: given.get("o", type)?.value }),
		print: () => "",
		compile: null,
	});

test.each<[OptionType, string, unknown]>([
	["uint8", "255", 255],
	["uint16", "0x19", 25],
	["uint32", "4294967295", 0xffffffff],
	["uint64", "18446744073709551615", (1n << 64n) - 1n],
	["uint64", "0xffffffffffffffff", (1n << 64n) - 1n],
	["uint8Range", "3", [3, 3]],
	["uint16Range", ":7", [0, 7]],
	["uint16Range", "7:", [7, 65535]],
	["uint32Range", "1:2", [1, 2]],
	["uint64Range", "5:", [5n, (1n << 64n) - 1n]],
	["double", "0.25", 0.25],
	["double", "1e-3", 0.001],
	["markMask", "1", { value: 1, mask: -1 }],
	["markMask", "0x10/0xf0", { value: 0x10, mask: 0xf0 }],
	["port", "smtp", 25],
	["portRange", "30:20", [30, 20]],
	["portRange", ":http", [0, 80]],
	["protocol", "tcp", 6],
	["protocol", "6", 6],
	["host", "10.0.0.1", 0x0a000001],
	["host", "10.1", 0x0a000001],
	["hostMask", "10.0.0.0/8", [{ address: 0x0a000000, mask: 0xff000000 | 0 }]],
	["prefixLength", "255.255.0.0", 0xffff0000 | 0],
	["mac", "0:A:ff:1:2:3", "00:0a:ff:01:02:03"],
	["tosMask", "Minimize-Delay", { value: 16, mask: 255 }],
	["tosMask", "0x10/0x3f", { value: 16, mask: 63 }],
	["syslogLevel", "warning", 4],
	["syslogLevel", "7", 7],
])("an argument of type %s: %s", (type, text, value) => {
	expect(buildOptions(one(type), `--o ${text}`)).toEqual({ value });
});

test.each<[OptionType, string, string]>([
	["uint8", "256", 'one: bad value for option "--o", or out of range (0-255).'],
	["uint32", "-1", "out of range (0-4294967295)"],
	["uint32", "08", "out of range"],
	["uint64", "18446744073709551616", "out of range (0-18446744073709551615)"],
	["uint8Range", "1:2:3", 'one: Too many components for option "--o" (max: 2)'],
	["portRange", "1:2:x", 'one: Too many components for option "--o" (max: 2)'],
	["portRange", "1:-x:2", 'Port "-x" does not resolve to anything.'],
	["portRange", "-x:1:2", 'Port "-x" does not resolve to anything.'],
	["uint16Range", "1:x", 'bad value for option "--o" near "x"'],
	[
		"markMask",
		"1/",
		'one: bad integer value for option "--o", or out of range.',
	],
	["markMask", "1x", 'one: trailing garbage after value for option "--o".'],
	["port", "-1", 'Port "-1" does not resolve to anything.'],
	["protocol", "300", 'unknown protocol "300" specified'],
	["host", "10.0.0.300", "getaddrinfo: Name or service not known"],
	[
		"hostMask",
		"10.0.0.1/256.0.0.0",
		"neither a valid network mask nor valid CIDR",
	],
	["mac", "1:2:3", "Invalid MAC address specified."],
	["tosMask", "nosuch", 'Symbolic name "nosuch" is unknown'],
	["tosMask", "1/x", 'Illegal value: "1/x"'],
	["syslogLevel", "loud", 'log level "loud" unknown'],
])("an argument of type %s is refused: %s", (type, text, words) => {
	expect(() => buildOptions(one(type), `--o ${text}`)).toThrow(words);
});
