import { describe, expect, test } from "vitest";
import { linuxName } from "../../../sim/linux/linux.ts";
import { linuxOfRouter } from "./linux-of-router.ts";

const of = (
	kernel: string | null,
	iptables: string | null,
	rulesBy = "iptables-save -c",
) => {
	const { linux, notes } = linuxOfRouter({ kernel, iptables, rulesBy });
	return [linux === null ? null : linuxName(linux), notes.length] as const;
};

describe("a router's Linux", () => {
	test.each([
		["6.1.0-18-amd64", "iptables v1.8.9 (legacy)", null, 0],
		["6.1.0-18-amd64", "iptables v1.8.9 (nf_tables)", "bookworm/nft", 0],
		["6.12.48+deb13-amd64", "iptables v1.8.11 (nf_tables)", "trixie/nft", 0],
		["5.10.0-32-amd64", "iptables v1.8.7 (legacy)", "bullseye/legacy", 0],
		["6.12.1", "iptables v1.8.9 (legacy)", "trixie+bookworm/legacy", 0],
	] as const)("is one that is known: %s, %s", (kernel, iptables, ...wanted) => {
		expect(of(kernel, iptables)).toEqual(wanted);
	});

	test.each([
		["5.15.0-91-generic", "iptables v1.8.7 (nf_tables)", "bullseye/nft", 1],
		["6.8.0-45-generic", "iptables v1.8.10 (nf_tables)", "trixie/nft", 2],
		["4.19.0", "iptables v1.6.1", "bullseye/legacy", 2],
		["3.10.0-1160.el7", "iptables v1.4.21", "bullseye/legacy", 2],
		["9.1.2", "iptables v1.8.13 (legacy)", "sid/legacy", 1],
		["6.1.0", null, null, 1],
		[null, "iptables v1.8.11 (nf_tables)", "bookworm+trixie/nft", 1],
	] as const)(
		"is taken for the nearest one, with a note: %s, %s",
		(kernel, iptables, ...wanted) => {
			expect(of(kernel, iptables)).toEqual(wanted);
		},
	);

	test("names what it has and what it is taken for", () => {
		const { notes } = linuxOfRouter({
			kernel: "6.8.0-45-generic",
			iptables: "iptables v1.8.9 (legacy)",
			rulesBy: "iptables-save -c",
		});
		expect(notes).toEqual([
			"The router's kernel is 6.8.0-45-generic. marktwin follows 5.10, 6.1, 6.12 and 7.2, and takes it for 6.12; name another Linux with --linux.",
		]);
	});

	test("is not known where nothing was told", () => {
		expect(of(null, null)).toEqual([null, 0]);
	});

	test("has the kind of iptables that its rules are of", () => {
		const version = "iptables v1.8.9 (nf_tables)";
		const save = "iptables-legacy-save -c";
		expect(of("6.12.1", version, save)).toEqual(["trixie+bookworm/legacy", 0]);
	});
});
