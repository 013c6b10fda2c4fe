import { describe, expect, it } from "vitest";
import {
	at,
	iptables,
	recipeSetup,
	restore,
	scenario,
} from "../../../scenarios/language/build/build.ts";
import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import { resolveRules } from "../../../scenarios/load/load-scenarios.ts";
import { recipeRules } from "../../../scenarios/suites/index.ts";
import { DEFAULT_LINUX, type Linux } from "../../../sim/linux/linux.ts";
import { DEFAULT_IMAGE } from "../../vm/image/wish.ts";
import { withoutConditions } from "../measure/contestants.ts";
import {
	kernelKind,
	machineOnly,
	needsCondition,
	routerWish,
} from "./router-kernel.ts";

const NFT: Linux = { ...DEFAULT_LINUX, backend: "nft" };

const PLAIN = "*nat\n-A PREROUTING -p tcp -m mark --mark 1 -j ACCEPT\nCOMMIT\n";
const CONDITIONAL =
	"*mangle\n-A PREROUTING -m condition ! --condition mail1up -j ACCEPT\nCOMMIT\n";

const LACKS = { release: "6.1.0", hasCondition: false };
const HAS = { release: "6.1.0", hasCondition: true };

function playing(
	text: string,
	...steps: Parameters<typeof scenario>[0]["steps"]
): Promise<PlayableScenario> {
	const given = scenario({
		name: "one",
		title: "",
		expect: [],
		steps,
		setup: recipeSetup({ ruleset: { name: "rules", text } }),
	});
	return resolveRules(given, ".", { file: "" });
}

describe("a wish for a kernel", () => {
	it("is one of three words, or the kernel of a virtual machine", () => {
		expect(routerWish({})).toEqual({
			kernel: "auto",
			machine: DEFAULT_IMAGE,
			iptables: "legacy",
		});
		expect(routerWish({ kernel: "host", linux: NFT })).toEqual({
			kernel: "host",
			machine: DEFAULT_IMAGE,
			iptables: "nft",
		});
		expect(routerWish({ kernel: "linux-image-amd64" })).toMatchObject({
			kernel: "vm",
			machine: { ...DEFAULT_IMAGE, kernel: "linux-image-amd64" },
		});
		const trixie: Linux = { ...NFT, kernel: "6.12", iptables: "1.8.11" };
		expect(routerWish({ linux: trixie })).toEqual({
			kernel: "vm",
			machine: { kernelRelease: "trixie", iptablesRelease: "trixie" },
			iptables: "nft",
		});
	});

	it.each([
		["auto", HAS, true, "host"],
		["auto", LACKS, true, "vm"],
		["auto", LACKS, false, "host"],
		["host", HAS, true, "host"],
		["host", LACKS, false, "host"],
		["vm", null, false, "vm"],
	] as const)(
		"%s on a host %o, conditions %s: %s",
		(kernel, host, needs, kind) => {
			const wish = routerWish({ kernel });
			expect(kernelKind(wish, { host, needsCondition: needs })).toBe(kind);
		},
	);

	it("that cannot be had is refused, with a way out", () => {
		const kind = (wish: Parameters<typeof routerWish>[0]) => () =>
			kernelKind(routerWish(wish), { host: LACKS, needsCondition: true });
		expect(kind({ kernel: "host" })).toThrow(/6\.1\.0 has no xt_condition/);
	});
});

it("of virtual machines only, one does not get the host's kernel", () => {
	const machine = (wish: Parameters<typeof routerWish>[0]) => () =>
		machineOnly(routerWish(wish));
	expect(machine({})()).toEqual(DEFAULT_IMAGE);
	expect(machine({ kernel: "vm" })()).toEqual(DEFAULT_IMAGE);
	const kernel = "linux-image-amd64";
	expect(machine({ kernel })()).toEqual({ ...DEFAULT_IMAGE, kernel });
	expect(machine({ kernel: "host" })).toThrow(/never the host's/);
	const linux: Linux = { ...NFT, kernel: "6.12" };
	expect(machine({ kernel: "host", linux })).toThrow(/trixie\+bookworm/);
});

describe("conditions are needed", () => {
	it("by rules that name one, whenever they are loaded", async () => {
		const reload = restore({ name: "later", text: CONDITIONAL });
		const rule = iptables("-A INPUT -m condition --condition late -j DROP");
		expect(needsCondition(await playing(CONDITIONAL))).toBe(true);
		expect(needsCondition(await playing(PLAIN, at(1, reload)))).toBe(true);
		expect(needsCondition(await playing(PLAIN, at(1, rule)))).toBe(true);
	});

	it("by nobody else", async () => {
		const commented = PLAIN.replace(
			"-m mark",
			'-m comment --comment "mail1up is a condition" -m mark',
		);
		expect(needsCondition(await playing(PLAIN))).toBe(false);
		expect(needsCondition(await playing(commented))).toBe(false);
	});

	it("not by the recipe once they were taken out of it", async () => {
		const { text } = await recipeRules();
		expect(needsCondition(await playing(text))).toBe(true);
		const plain = withoutConditions(text);
		expect(needsCondition(await playing(plain))).toBe(false);
		expect(plain.split("\n")).toHaveLength(text.split("\n").length);
		expect(plain).toContain("--every 2 --packet 0 -j MARK --set-mark 1");
	});
});
