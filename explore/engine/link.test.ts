import { randomBytes } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { expect, it } from "vitest";
import { fragmentOf, textOfFragment } from "./link.ts";

it("brings any text back, in characters of a link", async () => {
	for (const text of ["", "a", "-A ü → \0 ".repeat(1_000)]) {
		const fragment = await fragmentOf(text);
		expect(fragment).toMatch(/^#s1=[\w-]*$/);
		expect(await textOfFragment(fragment)).toBe(text);
	}
});

it("has none in an empty fragment", async () => {
	expect(await textOfFragment("")).toBeNull();
	expect(await textOfFragment("#")).toBeNull();
});

it.each([
	["#nonsense", /does not begin with #s1=/],
	["#s1=!!!", /broken/],
	["#s1=AAAA", /broken/],
	[`#s1=${"A".repeat(4_000_000)}`, /longer than this page reads/],
])("says what is wrong with a link: %.20s", async (fragment, says) => {
	await expect(textOfFragment(fragment)).rejects.toThrow(says);
});

it("stops where a short link holds an enormous text", async () => {
	const packed = deflateRawSync("a".repeat(21_000_000));
	const fragment = `#s1=${packed.toString("base64url")}`;
	expect(fragment.length).toBeLessThan(100_000);
	await expect(textOfFragment(fragment)).rejects.toThrow(/holds more/);
});

it("makes no link that the page would not read", async () => {
	await expect(fragmentOf("a".repeat(21_000_000))).rejects.toThrow(
		/too many for a link\. Save the scenario as a file/,
	);
	const dense = randomBytes(3_500_000).toString("hex");
	await expect(fragmentOf(dense)).rejects.toThrow(
		/more than this page reads\. Save the scenario as a file/,
	);
});
