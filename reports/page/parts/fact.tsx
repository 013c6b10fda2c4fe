/** A line of a `dl.facts`. */
export function Fact({
	name,
	value,
	isShort = false,
}: {
	readonly name: string;
	readonly value: string;
	/** Something is missing in it. */
	readonly isShort?: boolean;
}) {
	return (
		<div>
			<dt>{name}</dt>
			<dd class={isShort ? "short" : ""}>{value}</dd>
		</div>
	);
}
