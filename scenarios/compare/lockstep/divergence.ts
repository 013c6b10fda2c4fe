/** Where two gateways differ: plain data, for reports and for whoever mends it. */

export type DivergenceKind =
	| "packets"
	/** The address that a program sends from. */
	| "source"
	| "operation"
	| "ruleset"
	| "conntrack"
	| "conditions"
	| "sets"
	/** How often rules matched that draw. */
	| "draws"
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
