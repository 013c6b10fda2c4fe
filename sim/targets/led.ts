import { defineTarget } from "../extension/extension.ts";
import type { GivenOptions } from "../extension/options.ts";
import { readUnsigned } from "../extension/values/read-number.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

interface Options {
	readonly trigger: string;
	/** Signed, in ms; -1: for ever. */
	readonly delayMs: number;
	readonly alwaysBlink: boolean;
}

/** Room in struct xt_led_info, less `netfilter-` and the closing NUL. */
const TRIGGER_LENGTH = 16;

/** Lights a lamp; packets go on (iptables 1.8.9 libxt_LED.c, kernel 6.1 xt_LED.c). */
export const led = defineTarget<Options>({
	name: "LED",
	flagCodes: { "led-always-blink": 2 },
	onlyReports: true,
	options: [
		{
			name: "led-trigger-id",
			type: "string",
			maxLength: TRIGGER_LENGTH,
			mandatory: true,
		},
		{ name: "led-delay", type: "string" },
		{ name: "led-always-blink", type: "none" },
	],
	build: (given) => ({
		trigger: given.get("led-trigger-id", "string")?.text ?? "",
		delayMs: readDelay(given),
		alwaysBlink: given.has("led-always-blink"),
	}),
	/** `inf` and what is beyond 2³¹ comes out negative, which is not taken again. */
	print: ({ trigger, delayMs, alwaysBlink }) =>
		[
			` --led-trigger-id "${trigger.replace(/["\\]/g, "\\$&")}"`,
			delayMs === 0 ? "" : ` --led-delay ${delayMs}`,
			alwaysBlink ? " --led-always-blink" : "",
		].join(""),
	compile: () => () => XT_CONTINUE,
});

function readDelay(given: GivenOptions): number {
	const text = given.get("led-delay", "string")?.text ?? "0";
	if (/^inf/i.test(text)) return -1;
	const delay = readUnsigned(text, 0, 0xffffffff);
	if (delay >= 0) return delay | 0;
	return given.refuse(
		"Delay value must be within range 0..4294967295",
		"Write milliseconds, or `inf`.",
		"led-delay",
	);
}
