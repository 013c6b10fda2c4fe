import type { ComponentChildren } from "preact";

/** What may be wider or longer than the page: it scrolls by itself, also by keyboard. */
export function Scrolls({
	label,
	isWhole = false,
	children,
}: {
	readonly label: string;
	/** As long as it is; it scrolls sideways only. */
	readonly isWhole?: boolean;
	readonly children: ComponentChildren;
}) {
	return (
		// biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms, and a section would be one landmark among too many
		<div
			class={isWhole ? "scrolls whole" : "scrolls"}
			role="group"
			aria-label={label}
			// biome-ignore lint/a11y/noNoninteractiveTabindex: without it nobody scrolls without a mouse (axe: scrollable-region-focusable)
			tabIndex={0}
		>
			{children}
		</div>
	);
}

/** Lines as they are. */
export function Lines({
	label,
	text,
}: {
	readonly label: string;
	readonly text: string;
}) {
	return (
		<Scrolls label={label}>
			<pre>{text}</pre>
		</Scrolls>
	);
}
