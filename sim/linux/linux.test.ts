import { describe, expect, it } from "vitest";
import {
	BACKENDS,
	DEBIAN,
	DEFAULT_LINUX,
	linuxName,
	nearestLinux,
	parseLinux,
	RELEASES,
} from "./linux.ts";

describe("a Linux in a word", () => {
	it("is a release of Debian, with iptables-legacy unless nft is named", () => {
		expect(parseLinux("bookworm")).toEqual(DEFAULT_LINUX);
		expect(parseLinux("trixie/nft")).toEqual({
			kernel: "6.12",
			iptables: "1.8.11",
			backend: "nft",
		});
	});

	it("may have the kernel of one and the programs of another, by release or version", () => {
		const mixed = { kernel: "6.12", iptables: "1.8.9", backend: "legacy" };
		expect(parseLinux("trixie+bookworm")).toEqual(mixed);
		expect(parseLinux("6.12+1.8.9/legacy")).toEqual(mixed);
		expect(parseLinux("6.12+bookworm")).toEqual(mixed);
	});

	it("is written as it is read", () => {
		for (const kernel of RELEASES)
			for (const iptables of RELEASES)
				for (const backend of BACKENDS) {
					const linux = {
						kernel: DEBIAN[kernel].kernel,
						iptables: DEBIAN[iptables].iptables,
						backend,
					};
					expect(parseLinux(linuxName(linux))).toEqual(linux);
				}
		expect(linuxName(DEFAULT_LINUX)).toBe("bookworm/legacy");
	});

	it.each([
		"",
		"buster",
		"Trixie",
		"6.12",
		"1.8.9",
		"1.8.9+6.12",
		"trixie/",
		"trixie/xt",
		"/nft",
		"trixie+",
		"trixie+sid+sid",
		"trixie/nft/nft",
		"6.1.192+1.8.9",
	])("is none in %j", (text) => {
		expect(parseLinux(text)).toBeNull();
	});
});

it.each([
	["Trixie/NFT", "trixie/nft"],
	["6.11", "trixie"],
	["1.8.9/nft", "bookworm/nft"],
	["bookwrom/legasy", "bookworm/legacy"],
	["windows", null],
])("%s may have meant %s", (text, meant) => {
	expect(nearestLinux(text)).toBe(meant);
});
