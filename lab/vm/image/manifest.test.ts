import { expect, it } from "vitest";
import { parseManifest } from "./manifest.ts";

const MANIFEST = {
	recipe: "0afd95bd8c1d",
	wish: { kernelRelease: "bookworm", iptablesRelease: "bookworm" },
	release: "6.1.0-56-cloud-amd64",
	version: "6.1.192-2",
	iptables: "1.8.9-2",
	packages: [],
	files: { vmlinuz: "00" },
};

it("a manifest is read as it was written", () => {
	expect(parseManifest(JSON.stringify(MANIFEST))).toEqual(MANIFEST);
});

it.each([
	["half a file", JSON.stringify(MANIFEST).slice(0, 40)],
	["nothing", ""],
	["no kernel", JSON.stringify({ ...MANIFEST, release: undefined })],
	["no packages", JSON.stringify({ ...MANIFEST, packages: null })],
	["a list", "[]"],
])("%s is no manifest", (_, text) => {
	expect(parseManifest(text)).toBeNull();
});
