/** What is known of an extension stands in its own file: no other source has a list of extensions by name. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { matches } from "../sim/matches/index.ts";
import { targets } from "../sim/targets/index.ts";
import { ROOT, sourceFiles } from "./source-files.ts";

/** Extensions themselves, and what the fuzz does with each; stories name what they are about. */
const MAY_LIST = [
	"sim/matches/",
	"sim/targets/",
	"scenarios/fuzz/extensions/",
	"scenarios/suites/",
	"scenarios/regressions/",
	"test/",
];

/** Names that are words of their own: protocols, fields of packets, parts of the model. */
const WORDS = new Set(
	`tcp udp icmp sctp dccp ah esp ipcomp ttl tos dscp length mark state condition conntrack time string set
socket owner mac policy helper cgroup cluster realm devgroup comment limit recent cpu fuzzy`.split(
		/\s+/,
	),
);
const NAMES = new Set(
	[...matches.keys(), ...targets.keys()].filter((name) => !WORDS.has(name)),
);
/** `LOG` and `NFLOG` are events of a trace as well, and a text of the fuzz jumps to three targets. */
const MOST = 3;

it("no source outside of the extensions lists them by name", () => {
	const found = sourceFiles()
		.filter(({ path, isTest }) => {
			return !isTest && !MAY_LIST.some((folder) => path.startsWith(folder));
		})
		.map(({ path }) => ({ path, names: namesIn(path) }))
		.filter(({ names }) => names.length > MOST)
		.map(
			({ path, names }) =>
				`${path} lists ${names.join(", ")}: make it a field of sim/extension/extension.ts`,
		);
	expect(found).toEqual([]);
});

/** Extensions that a source names in a literal or as a key. */
function namesIn(path: string): readonly string[] {
	const text = readFileSync(join(ROOT, path), "utf8");
	const words = text.matchAll(/["'`](\w+)["'`]|^\s*(\w+): /gm);
	const names = [...words].map(([, literal, key]) => literal ?? key ?? "");
	return [...new Set(names)].filter((name) => NAMES.has(name));
}
