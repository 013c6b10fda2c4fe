import { defineMatch } from "../extension/extension.ts";
import { ERANGE } from "../extension/kernel-refusal.ts";
import type { GivenOptions } from "../extension/options.ts";
import { readUnsigned64 } from "../extension/values/read-number.ts";
import { NO_ENTRY } from "../packet/skb/skb.ts";
import type { Stateful } from "../stateful.ts";

interface Options {
	/** A label's number, or its name, which /etc/xtables/connlabel.conf turns into one. */
	readonly label: number | string;
	readonly inverted: boolean;
	readonly set: boolean;
}

/** Kind of the state that rules with labels share. */
export const LABEL_STATE = "connlabel";

/** Labels of a connection (include/uapi/linux/netfilter/xt_connlabel.h, 6.1). */
const LABELS = 128;

/** What says by being there that a rule asks for labels (`labels_used`). */
class LabelsInUse implements Stateful<null> {
	save(): null {
		return null;
	}

	restore(): void {}
}

/** Is a label set on the connection? (iptables 1.8.9 libxt_connlabel.c, kernel 6.1 xt_connlabel.c) */
export const connlabel = defineMatch<Options>({
	name: "connlabel",
	flagCodes: { set: 1 },
	needsConntrack: true,
	options: [
		{
			name: "label",
			type: "string",
			minLength: 1,
			mandatory: true,
			invertible: true,
		},
		{ name: "set", type: "none" },
	],
	build(given) {
		const label = given.get("label", "string");
		return {
			label: readLabel(given, label?.text ?? ""),
			inverted: label?.inverted ?? false,
			set: given.has("set"),
		};
	},
	print: ({ label, inverted, set }) =>
		`${inverted ? " !" : ""} --label "${label}"${set ? " --set" : ""}`,
	check: ({ label }) =>
		typeof label === "number" && label >= LABELS
			? {
					error: ERANGE,
					reason: "xt_connlabel: there are labels 0 to 127",
				}
			: null,
	needs: ({ label }) =>
		typeof label === "number" ? [] : [{ kind: "label", name: label }],
	/** `--set` matches wherever there is a connection, and what belongs to none has no label. */
	made:
		({ label, inverted, set }) =>
		({ entry }) => {
			if (entry !== NO_ENTRY && !set) return null;
			const hasIt = entry !== NO_ENTRY;
			return {
				holds: hasIt !== inverted,
				what: hasIt
					? `a connection to which this rule gives the label ${label}: write its number, as /etc/xtables/connlabel.conf has it`
					: `a packet without a connection, which has no label ${label}`,
			};
		},
	actsAtLoad: true,
	stateful: true,
	/** Connections that begin while a rule asks for labels have them (`nf_connlabels_get`, 6.1). */
	compile({ label, inverted, set }, ports) {
		const { conntrack } = ports;
		ports.named(LABEL_STATE, "", () => new LabelsInUse());
		if (typeof label === "string")
			return () => ports.unknown(`the number of the label ${label}`);
		return ({ entry }) => {
			const isSet =
				entry === NO_ENTRY ? null : conntrack.hasLabel(entry, label);
			if (isSet === false && set) conntrack.setLabel(entry, label);
			return (isSet === null ? false : isSet || set) !== inverted;
		};
	},
});

/** The number goes through an int into 16 bits, as it is there; what comes out negative is no number. */
function readLabel(given: GivenOptions, text: string): number | string {
	const whole = readUnsigned64(text);
	if (whole === null) {
		if (!/^\s*[+-]?\d/.test(text)) return text;
	} else if (whole < 1n << 64n) {
		const value = Number(BigInt.asIntN(32, whole));
		if (value >= 0) return value & 0xffff;
	}
	return given.refuse(
		`label '${text}' not found or invalid value`,
		"Write a number from 0 to 127, or a name of /etc/xtables/connlabel.conf.",
		"label",
	);
}
