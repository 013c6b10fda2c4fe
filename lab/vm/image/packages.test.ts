import { describe, expect, it } from "vitest";
import { fileName, parsePackages } from "./packages.ts";

const SHOWN = `Package: conntrack
Source: conntrack-tools (1:1.4.7-1)
Version: 1:1.4.7-1+b2
Installed-Size: 111
Architecture: amd64
Pre-Depends: init-system-helpers (>= 1.54~)
Depends: libc6 (>= 2.34), libmnl0 (>= 1.0.3-4~), perl:any, a-mta | another-mta
Description-en: Program to modify the conntrack tables
 conntrack is a userspace command line program:
 .
 Package: none of it
Size: 33160
SHA256: 82711e40712bd8d4d1b9b9d8d8ee1fd0ea3b7c1ee55c8a4c1e8b2fbcf6b8a5f1

Package: netbase
Version: 6.4
Architecture: all
Size: 12784
SHA256: 00
`;

describe("packages as apt-cache shows them", () => {
	it("are read with the names of what they need, the first of alternatives", () => {
		const [conntrack, netbase] = parsePackages(SHOWN);
		expect(conntrack).toMatchObject({
			name: "conntrack",
			version: "1:1.4.7-1+b2",
			size: 33160,
			depends: ["init-system-helpers", "libc6", "libmnl0", "perl", "a-mta"],
		});
		expect(netbase).toMatchObject({ name: "netbase", depends: [] });
	});

	it("have the file names that apt gives them", () => {
		const names = parsePackages(SHOWN).map(fileName);
		expect(names).toEqual([
			"conntrack_1%3a1.4.7-1+b2_amd64.deb",
			"netbase_6.4_all.deb",
		]);
	});
});
