/** Drivers for tests. */
import { type AsyncDriver, modelDriver } from "./driver.ts";

/** The model, as a kernel would be that does not say what it drew. */
export const silentDriver: AsyncDriver = {
	kind: "other",
	name: "kernel",
	version: "linux 6.1",
	async open(setup, ports) {
		const model = modelDriver.open(setup, ports);
		return {
			async answer(ask) {
				const { chance: _, ...answer } = model.answer(ask);
				return answer;
			},
			async close() {},
		};
	},
};
