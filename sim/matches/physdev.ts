import { defineMatch } from "../extension/extension.ts";

interface Use {
	/** Interface name, a trailing `+` for any that begins so; "" for the options without one. */
	readonly name: string;
	readonly inverted: boolean;
}

type Options = Readonly<Record<(typeof NAMES)[number], Use | null>>;

/** In the order of iptables-save. */
const NAMES = [
	"physdev-is-in",
	"physdev-in",
	"physdev-is-out",
	"physdev-out",
	"physdev-is-bridged",
] as const;

const WITH_NAME: ReadonlySet<string> = new Set(["physdev-in", "physdev-out"]);

/** IFNAMSIZ counts the closing NUL. */
const GREATEST_NAME = 15;

/** Ports of a bridge (iptables 1.8.9 libxt_physdev.c, kernel 6.1 xt_physdev.c). */
export const physdev = defineMatch<Options>({
	name: "physdev",
	flagCodes: {
		"physdev-is-in": 2,
		"physdev-is-out": 3,
		"physdev-is-bridged": 4,
	},
	options: [
		{ name: "physdev-in", type: "string", invertible: true },
		{ name: "physdev-out", type: "string", invertible: true },
		{ name: "physdev-is-in", type: "none", invertible: true },
		{ name: "physdev-is-out", type: "none", invertible: true },
		{ name: "physdev-is-bridged", type: "none", invertible: true },
	],
	build(given) {
		const use = (option: (typeof NAMES)[number]): Use | null => {
			const found = given.get(option, "string");
			if (!found) return null;
			if (found.text.length > GREATEST_NAME)
				return given.refuse(
					`interface name \`${found.text}' must be shorter than IFNAMSIZ (${GREATEST_NAME})`,
					"No interface has a name that long.",
					option,
				);
			return { name: found.text, inverted: found.inverted };
		};
		const options: Options = {
			"physdev-is-in": use("physdev-is-in"),
			"physdev-in": use("physdev-in"),
			"physdev-is-out": use("physdev-is-out"),
			"physdev-out": use("physdev-out"),
			"physdev-is-bridged": use("physdev-is-bridged"),
		};
		if (NAMES.every((name) => options[name] === null))
			return given.refuse(
				"PHYSDEV: no physdev option specified",
				"Name a port of the bridge: `--physdev-in eth0`.",
			);
		return options;
	},
	print: (options) =>
		NAMES.map((option) => {
			const use = options[option];
			if (!use) return "";
			const name = WITH_NAME.has(option) ? ` ${use.name}` : "";
			return `${use.inverted ? " !" : ""} --${option}${name}`;
		}).join(""),
	check(options, { hooks }) {
		const bridged = options["physdev-is-bridged"];
		const isOut = options["physdev-out"] ?? options["physdev-is-out"];
		return isOut && (!bridged || bridged.inverted) && hooks.includes("OUTPUT")
			? "xt_physdev: --physdev-out and --physdev-is-out only supported in the FORWARD and POSTROUTING chains with bridged traffic"
			: null;
	},
	question: () => ({
		kind: "open",
		on: "the ports of a bridge",
		isUnknown: true,
	}),
	/** The gateway has no bridge, so no packet has a port of one (`physdev_mt`, 6.1). */
	compile(options) {
		const holds = NAMES.every((name) => options[name]?.inverted ?? true);
		return () => holds;
	},
});
