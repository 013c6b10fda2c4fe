/** Exact shares of a ruleset, and what is said of it. */
import type { PartView } from "../../contract/report-verdict.ts";
import { colourClass } from "./colours.ts";

/** Shares as a bar, and beside it as words. */
export function ShareBar({ parts }: { readonly parts: readonly PartView[] }) {
	const said = parts.map(({ key, share }) => `${key} ${share}`).join(", ");
	return (
		<>
			<div class="total" role="img" aria-label={said}>
				{parts.map(
					({ key, backend, width }) =>
						width > 0 && (
							<span
								key={key}
								class={backend < 0 ? "none lost" : colourClass(backend)}
								title={key}
								style={{ flexGrow: width }}
							/>
						),
				)}
			</div>
			<ul class="parts">
				{parts.map(({ key, backend, share, percent }) => (
					<li key={key} class={backend < 0 ? "lost" : ""}>
						<span
							class={`sign ${backend < 0 ? "none" : colourClass(backend)}`}
							aria-hidden="true"
						/>
						{key} <strong>{share}</strong>
						{percent !== share && ` · ${percent}`}
					</li>
				))}
			</ul>
		</>
	);
}

/** What stands in backticks is code. */
export function Prose({ text }: { readonly text: string }) {
	return (
		<>
			{text
				.split(/`([^`]+)`/)
				.map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}
		</>
	);
}
