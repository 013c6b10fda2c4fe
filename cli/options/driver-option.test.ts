import { describe, expect, it } from "vitest";
import { parseLinux } from "../../sim/linux/linux.ts";
import { driverName, onLinuxOf } from "./driver-option.ts";

const trixie = parseLinux("trixie/nft") ?? undefined;

describe("--on and --linux", () => {
	it("name one Linux, whichever of them does", () => {
		const named = { kind: "model", linux: trixie ?? null } as const;
		expect(onLinuxOf({ kind: "model", linux: null }, trixie)).toEqual(named);
		expect(onLinuxOf(named, undefined)).toEqual(named);
		expect(driverName(onLinuxOf(named, trixie))).toBe("model:trixie/nft");
	});

	it("are refused where they name two", () => {
		const sid = { kind: "vm", linux: parseLinux("sid") } as const;
		expect(() => onLinuxOf(sid, trixie)).toThrow(
			"--on vm:sid/legacy and --linux trixie/nft name two different Linuxes",
		);
	});
});
