import { expect, test } from "vitest";
import { buildOptions } from "../../extension/options/test-build-options.ts";
import { DEFAULT_BEHAVIOUR } from "../../linux/behaviour.ts";
import { dnat } from "../dnat.ts";
import { masquerade } from "../masquerade.ts";
import { snat } from "../snat.ts";
import { HEADER } from "../test-target.ts";

const tcp = { protocol: "tcp" };

// Known faults of iptables 1.8.9: what it prints of these it refuses to read.
test.each([
	[
		dnat,
		"--to-destination 192.168.0.1:25-25/30",
		" --to-destination 192.168.0.1:25/30",
		"Garbage after port value: `/30'",
	],
	[
		snat,
		"--to-source 10.0.0.1:10-20/15",
		" --to-source 10.0.0.1:10-20/0",
		"Port `0' not valid",
	],
	[
		masquerade,
		"--to-ports 10-20/30",
		" --to-ports 10-20/0",
		"Port `0' not valid",
	],
] as const)(
	"$name %s is saved as%s, which is refused",
	(target, text, saved, words) => {
		expect(
			target.print(buildOptions(target, text, tcp), HEADER, DEFAULT_BEHAVIOUR),
		).toBe(saved);
		expect(() => buildOptions(target, saved, tcp)).toThrow(words);
	},
);
