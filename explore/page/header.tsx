import { useRef } from "preact/hooks";
import { visible } from "../../reports/wording.ts";
import type { Start } from "../engine/messages.ts";
import type { Rules } from "../engine/study.ts";
import type { State } from "./state.ts";

/** A text of a file is not longer: larger ones are for the command. */
const LONGEST_FILE = 20_000_000;

export function Header({
	state,
	own,
	onRules,
	onOpen,
	onSave,
}: {
	readonly state: State;
	readonly own: Start;
	readonly onRules: (rules: Rules) => void;
	readonly onOpen: (name: string, text: string) => void;
	readonly onSave: (as: "file" | "link") => void;
}) {
	const { scenario, rules, notice } = state;
	const name = visible(state.rules.name);
	const title = visible(scenario?.title ?? "");
	return (
		<header class="top">
			<div>
				<p class="brand">
					<strong>marktwin</strong> explore
				</p>
				<h1>{name}</h1>
				{scenario !== null && (
					<p class="remark">
						{!state.isOfRules && <>{title}. </>}
						Played on a model of Linux {scenario.linux}. Nothing leaves this
						page.
					</p>
				)}
			</div>
			<div class="actions">
				{own.kind === "examples" && (
					<label>
						Example{" "}
						<select
							value={own.examples.findIndex((one) => one.text === rules.text)}
							onChange={(event) => {
								const found = own.examples[Number(event.currentTarget.value)];
								if (found !== undefined)
									onRules({ name: found.name, text: found.text });
							}}
						>
							<option value={-1} disabled>
								rules of your own
							</option>
							{own.examples.map((one, index) => (
								<option key={one.name} value={index} title={one.about}>
									{one.title}
								</option>
							))}
						</select>
					</label>
				)}
				<OpenFile onRules={onRules} onOpen={onOpen} />
				<button
					type="button"
					disabled={scenario === null}
					onClick={() => onSave("file")}
				>
					Save as a scenario
				</button>
				<button
					type="button"
					disabled={scenario === null}
					onClick={() => onSave("link")}
				>
					Copy a link
				</button>
			</div>
			{own.kind === "examples" && (
				<p class="remark about">
					{own.examples.find((one) => one.text === rules.text)?.about ?? ""}
				</p>
			)}
			<p class="notice" role="status">
				{notice}
			</p>
		</header>
	);
}

/** Rules, or a scenario in JSON. */
function OpenFile({
	onRules,
	onOpen,
}: {
	readonly onRules: (rules: Rules) => void;
	readonly onOpen: (name: string, text: string) => void;
}) {
	const input = useRef<HTMLInputElement>(null);
	return (
		<>
			<button type="button" onClick={() => input.current?.click()}>
				Open a file …
			</button>
			<input
				ref={input}
				class="unseen"
				type="file"
				tabIndex={-1}
				aria-label="Rules or a scenario"
				onChange={async (event) => {
					const { currentTarget } = event;
					const [file] = currentTarget.files ?? [];
					if (file === undefined) return;
					const { name } = file;
					const text = await file.slice(0, LONGEST_FILE).text();
					currentTarget.value = "";
					if (/^\s*[[{]/.test(text) && name.endsWith(".json"))
						onOpen(name, text);
					else onRules({ name, text });
				}}
			/>
		</>
	);
}
