import type { ComponentChildren } from "preact";

/** A row of tabs, and the panel of the chosen one. */
export function Tabs<Name extends string>({
	label,
	id,
	tabs,
	chosen,
	onChoose,
	children,
	scrolls = false,
}: {
	readonly label: string;
	/** Of the panel. */
	readonly id: string;
	readonly tabs: readonly {
		readonly name: Name;
		readonly words: ComponentChildren;
	}[];
	readonly chosen: Name;
	readonly onChoose: (name: Name) => void;
	readonly children: ComponentChildren;
	/** The panel has a height of its own. */
	readonly scrolls?: boolean;
}) {
	return (
		<>
			<div class="tabs" role="tablist" aria-label={label}>
				{tabs.map(({ name, words }) => (
					<button
						key={name}
						type="button"
						role="tab"
						id={`tab-${name}`}
						aria-selected={chosen === name}
						aria-controls={id}
						onClick={() => onChoose(name)}
					>
						{words}
					</button>
				))}
			</div>
			<div
				id={id}
				role="tabpanel"
				aria-labelledby={`tab-${chosen}`}
				{...(scrolls ? { class: "scrolls", tabIndex: 0 } : {})}
			>
				{children}
			</div>
		</>
	);
}
