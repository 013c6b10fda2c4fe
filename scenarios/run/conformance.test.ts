import { describe, expect, it } from "vitest";
import { seededChoice } from "../../sim/chance/seeded.ts";
import { CONFORMANCE, conformancePlay } from "./conformance.ts";
import { drive, modelDriver } from "./driver.ts";

describe("the model conforms: it", () => {
	it.each(CONFORMANCE)("$name", (given) => {
		const ports = { choice: seededChoice(1) };
		const gateway = modelDriver.open(given.gateway, ports);
		expect(drive(conformancePlay(given), gateway)).toBe("");
	});
});
