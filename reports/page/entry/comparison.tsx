import type { ComparisonView, DivergenceView } from "../../contract/report.ts";
import { counted, number, time } from "../parts/format.ts";
import { Lines } from "../parts/scrolls.tsx";

/** Two drivers that were asked the same: where they part, packet by packet. */
export function Comparison({
	comparison,
	isWhole,
}: {
	readonly comparison: ComparisonView;
	/** It was played to the end. */
	readonly isWhole: boolean;
}) {
	const { model, kernel, divergences } = comparison;
	return (
		<section class="comparison">
			<h4>Model and kernel</h4>
			<p>
				{model} and {kernel} {whatWasCompared(comparison)}{" "}
				{divergences.length === 0
					? isWhole
						? "They agree."
						: "As far as that goes, they agree."
					: `They differ in ${number(divergences.length)} ${divergences.length === 1 ? "place" : "places"}.`}
			</p>
			{divergences.map((one, index) => (
				<Divergence key={index} divergence={one} />
			))}
		</section>
	);
}

function whatWasCompared({
	asks,
	packets,
	draws,
	connections,
}: ComparisonView): string {
	return connections === null
		? `were asked ${counted(asks, "question")}, and ${counted(packets, "packet")} came out; all of them, every rule counter, conntrack entry and condition were compared.${draws === 0 ? "" : ` The model drew what the kernel drew, ${counted(draws, "time")}.`}`
		: `saw ${counted(connections, "connection")}: whom each met, and how it ended, was compared.`;
}

function Divergence({ divergence }: { readonly divergence: DivergenceView }) {
	const { kind, atMs, asked } = divergence;
	return (
		<div class="divergence">
			<p>
				<strong>{kind}</strong> differ at {time(atMs)}, asked{" "}
				<code>{asked}</code>
			</p>
			<div class="sides">
				<Side
					name="Model"
					lines={divergence.model}
					rules={divergence.modelRules}
					other={divergence.kernelRules}
				/>
				<Side
					name="Kernel"
					lines={divergence.kernel}
					rules={divergence.kernelRules}
					other={divergence.modelRules}
				/>
			</div>
		</div>
	);
}

/** What only this side says, and the rules that it matched; those that the other did not are marked. */
function Side({
	name,
	lines,
	rules,
	other,
}: {
	readonly name: string;
	readonly lines: readonly string[];
	readonly rules: readonly string[];
	readonly other: readonly string[];
}) {
	return (
		<div class="side">
			<h5>{name}</h5>
			<Lines
				label={`${name} alone says`}
				text={lines.length === 0 ? "(nothing)" : lines.join("\n")}
			/>
			{rules.length > 0 && (
				<>
					<p class="label">rules matched</p>
					<ol class="matched">
						{rules.map((rule, index) => (
							<li key={index} class={other.includes(rule) ? "" : "alone"}>
								<code>{rule}</code>
							</li>
						))}
					</ol>
				</>
			)}
		</div>
	);
}
