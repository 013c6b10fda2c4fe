/** Where two gateways differ: plain data, for reports and for whoever mends it. */

export type DivergenceKind =
	| "packets"
	| "operation"
	| "ruleset"
	| "conntrack"
	| "conditions"
	/** Where they cannot be asked packet by packet: whom clients met, and how it ended. */
	| "connections";

export interface Divergence {
	readonly kind: DivergenceKind;
	/** Virtual time. */
	readonly atMs: number;
	/** What both were asked, in a line. */
	readonly asked: string;
	/** What only the model says, in the kernel's spelling. */
	readonly model: readonly string[];
	/** What only the kernel says. */
	readonly kernel: readonly string[];
	/** Rules that the packet matched, in order, in TRACE's spelling; empty when it was not about a packet. */
	readonly rules: {
		readonly model: readonly string[];
		readonly kernel: readonly string[];
	};
}

/** A divergence that is understood, and that has to be there as long as it stands on the list. */
export interface KnownDivergence {
	/** Name of the scenario. */
	readonly scenario: string;
	/** What may differ, or that nobody knows how it goes on; at least one of them has to. */
	readonly kinds: readonly (DivergenceKind | "unknown")[];
	/** Why the two differ, with the kernel symbol that makes the difference. */
	readonly reason: string;
}

/** Several lines, for a reader. */
export function printDivergence(divergence: Divergence): readonly string[] {
	const { kind, atMs, asked, model, kernel, rules } = divergence;
	const side = (name: string, lines: readonly string[]) =>
		lines.length === 0
			? [`  ${name}  (nothing)`]
			: lines.map(
					(line, index) => `  ${index === 0 ? name : "      "}  ${line}`,
				);
	return [
		`${kind} differ at ${atMs} ms: ${asked}`,
		...side("model ", model),
		...side("kernel", kernel),
		...(rules.model.length + rules.kernel.length === 0
			? []
			: [
					`  rules matched in the model:  ${rules.model.join(" ") || "none"}`,
					`  rules matched in the kernel: ${rules.kernel.join(" ") || "none"}`,
				]),
	];
}
