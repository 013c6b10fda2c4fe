import { expect, it } from "vitest";
import { DEFAULT_LINUX } from "../../../sim/linux/linux.ts";
import { buildOptionsOf, DEFAULT_IMAGE, imageName, imageOf } from "./wish.ts";

const TRIXIE = imageOf({
	...DEFAULT_LINUX,
	kernel: "6.12",
	iptables: "1.8.11",
});
const MIXED = imageOf({ ...DEFAULT_LINUX, kernel: "6.12" });

it("names images by whose kernel and whose programs they have", () => {
	expect(imageName(DEFAULT_IMAGE)).toBe("bookworm");
	expect(imageName(TRIXIE)).toBe("trixie");
	expect(imageName(MIXED)).toBe("trixie+bookworm");
	const other = { ...TRIXIE, kernel: "linux-image-amd64" };
	expect(imageName(other)).toBe("trixie-linux-image-amd64");
	const folders = ["/a/kernel", "/b/kernel"].map((kernel) =>
		imageName({ ...DEFAULT_IMAGE, kernel }),
	);
	expect(folders[0]).toMatch(/^bookworm-kernel-[0-9a-f]{8}$/);
	expect(folders[0]).not.toBe(folders[1]);
});

it("takes the usual kernel for what it is, also where it is named", () => {
	const named = { ...DEFAULT_IMAGE, kernel: "linux-image-cloud-amd64" };
	expect(imageName(named)).toBe("bookworm");
	expect(buildOptionsOf(named)).toEqual([]);
});

it("says how an image is built", () => {
	expect(buildOptionsOf(TRIXIE)).toEqual(["--release", "trixie"]);
	expect(buildOptionsOf({ ...MIXED, kernel: "linux-image-amd64" })).toEqual([
		"--kernel-release",
		"trixie",
		"--iptables-release",
		"bookworm",
		"--kernel",
		"linux-image-amd64",
	]);
});
