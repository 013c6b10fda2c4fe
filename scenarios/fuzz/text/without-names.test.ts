import { expect, it } from "vitest";
import { withoutNames } from "./without-names.ts";

it("takes lines of a text with what iptables takes for a chain, however it is written", () => {
	const rule = (words: string) => `-A INPUT ${words}\n`;
	const one = {
		text: ["-jLED --led-trigger-id a", "-j MARK --set-mark 1", "--jump LED"]
			.map(rule)
			.join(""),
		onto: rule("-j LED"),
		counters: false,
		oddities: 0,
	};
	expect(withoutNames(one, ["LED"])).toEqual({
		...one,
		text: rule("-j MARK --set-mark 1"),
		onto: "",
	});
	expect(withoutNames(one, [])).toBe(one);
});
