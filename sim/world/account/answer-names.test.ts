import { expect, it } from "vitest";
import { answersInWords } from "./answer-names.ts";

it("says once what a gateway said several times in a row", () => {
	const port = "icmp port-unreachable";
	const many = Array.from({ length: 35 }, () => port);
	expect(answersInWords(many)).toBe("35 × icmp port-unreachable");
	expect(answersInWords(["rst", port, port, "rst"])).toBe(
		"rst, 2 × icmp port-unreachable, rst",
	);
	expect(answersInWords([])).toBe("");
});
