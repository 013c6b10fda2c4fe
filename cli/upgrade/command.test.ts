import { describe, expect, it } from "vitest";
import { marktwin } from "../../test/marktwin.ts";
import { RECIPE } from "../../test/recipe.ts";

const RANGE = `*nat
-A PREROUTING -d 203.0.113.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.0.11:8001-8002
COMMIT
`;

describe("marktwin upgrade", () => {
	it("says what changes for the rules, and ends with 1", async () => {
		const words = ["upgrade", "-", "--to", "trixie/nft"];
		const { code, out, err } = await marktwin(words, { input: RANGE });
		expect({ code, err }).toEqual({ code: 1, err: "" });
		expect(out).toContain("<stdin>: bookworm/legacy → trixie/nft\n");
		expect(out).toContain("10.20.0.11:8002 gets 1/2 → nothing");
		expect(out).toContain(
			"marktwin run port-range-spreads --linux trixie/nft\n",
		);
	});

	it("writes JSON", async () => {
		const words = ["upgrade", RECIPE, "--to", "bookworm/nft", "--json"];
		const { code, out } = await marktwin(words);
		expect(code).toBe(1);
		expect(JSON.parse(out)).toMatchObject({
			format: "marktwin upgrade 1",
			from: { linux: "bookworm/legacy", refusal: null },
			to: { linux: "bookworm/nft", refusal: null },
			changes: true,
		});
	});

	it("ends with 2 where the rules load on neither side", async () => {
		const words = ["upgrade", "-", "--to", "bookworm/nft"];
		const input = "*nat\n-A PREROUTING -j NOWHERE\nCOMMIT\n";
		const { code, out } = await marktwin(words, { input });
		expect(code).toBe(2);
		expect(out).toContain("It does not load on bookworm/nft");
	});

	it("refuses a Linux that is none", async () => {
		const { code, err } = await marktwin(["upgrade", RECIPE, "--to", "buster"]);
		expect(code).toBe(2);
		expect(err).toContain("buster is no Linux that is known");
	});
});
