import { expect, it } from "vitest";
import { pinned } from "./image-root.ts";

it("is told apart from what the same name means another day", () => {
	expect(pinned("debian:bookworm-slim", ["debian@sha256:1f2e"])).toBe(
		"debian:bookworm-slim@sha256:1f2e",
	);
});

it("has nothing but its name when no registry has ever seen it", () => {
	expect(pinned("marktwin/debian:bookworm", [])).toBe(
		"marktwin/debian:bookworm",
	);
});
