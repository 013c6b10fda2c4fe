import { expect, it } from "vitest";
import { clientEnd } from "./client-end.ts";

it("takes a half-open connection for an open one, as a real client does", () => {
	const end = (outcome: Parameters<typeof clientEnd>[0]["outcome"]) =>
		clientEnd({ outcome });
	expect(end("half-open")).toBe(end("open"));
	expect(end("reset")).toBe(end("refused"));
	expect(end("read-timeout")).not.toBe(end("open"));
});
