import { expect, it } from "vitest";
import { turnsOf } from "./dialogues.ts";

/** `> GET / HTTP/1.1`, `< 220 b1 ESMTP`; `> FIN`. */
function written(...plan: Parameters<typeof turnsOf>): readonly string[] {
	return turnsOf(...plan).map(({ side, text }) => {
		const words = text === "" ? "FIN" : text.split("\r\n")[0];
		return `${side === "client" ? ">" : "<"} ${words}`;
	});
}

const ALONE = { isLong: false, isUnavailable: false };

it("are those of clients and programs of scenarios", () => {
	expect(written({ speaks: "http", ...ALONE })).toEqual([
		"> GET / HTTP/1.1",
		"< HTTP/1.1 200 OK",
		"< FIN",
		"> FIN",
	]);
	const page = ["> GET / HTTP/1.1", "< HTTP/1.1 200 OK"];
	expect(written({ speaks: "http", ...ALONE, isLong: true })).toEqual([
		...page,
		...page,
		...page,
		"> FIN",
		"< FIN",
	]);
	expect(written({ speaks: "smtp", ...ALONE }).slice(0, 4)).toEqual([
		"< 220 b1 ESMTP",
		"> EHLO client.example",
		"< 250 b1",
		"> MAIL FROM:<sender@client.example>",
	]);
	expect(written({ speaks: "smtp", ...ALONE }).slice(-4)).toEqual([
		"> QUIT",
		"< 221 2.0.0 Bye",
		"< FIN",
		"> FIN",
	]);
	expect(written({ speaks: "silent", ...ALONE })).toEqual(["> FIN", "< FIN"]);
});

it("end in any case, and each side closes once", () => {
	for (const speaks of ["smtp", "http", "echo", "silent"] as const)
		for (const isLong of [true, false])
			for (const isUnavailable of [true, false]) {
				const turns = written({ speaks, isLong, isUnavailable });
				for (const end of ["> FIN", "< FIN"])
					expect(turns.filter((one) => one === end)).toHaveLength(1);
			}
});
