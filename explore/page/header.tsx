import { useRef } from "preact/hooks";
import type { Start } from "../engine/messages.ts";
import {
	isScenarioText,
	OpenedFileError,
	textOfFile,
} from "../engine/opened-file.ts";
import type { Rules } from "../engine/study.ts";
import type { State } from "./state.ts";

export function Header({
	state,
	own,
	onRules,
	onOpen,
	onFail,
	onSave,
}: {
	readonly state: State;
	readonly own: Start;
	readonly onRules: (rules: Rules) => void;
	readonly onOpen: (name: string, text: string) => void;
	readonly onFail: (message: string) => void;
	readonly onSave: (as: "file" | "link") => void;
}) {
	const { opened, rules, notice } = state;
	return (
		<header class="top">
			<div>
				<p class="brand">
					<strong>marktwin</strong> explore
				</p>
				<h1>{rules.name}</h1>
				{opened !== null && (
					<p class="remark">
						{!state.isOfRules && <>{opened.title}. </>}
						Played on a model of Linux {opened.linux}. Nothing leaves this page.
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
				<OpenFile onRules={onRules} onOpen={onOpen} onFail={onFail} />
				<button
					type="button"
					disabled={opened === null}
					onClick={() => onSave("file")}
				>
					Save as a scenario
				</button>
				<button
					type="button"
					disabled={opened === null}
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
	onFail,
}: {
	readonly onRules: (rules: Rules) => void;
	readonly onOpen: (name: string, text: string) => void;
	readonly onFail: (message: string) => void;
}) {
	const open = async (file: File) => {
		const { name } = file;
		try {
			const text = await textOfFile(file);
			if (isScenarioText(name, text)) onOpen(name, text);
			else onRules({ name, text });
		} catch (error) {
			onFail(
				error instanceof OpenedFileError
					? error.message
					: `${name} cannot be read: ${error instanceof Error ? error.message : error}`,
			);
		}
	};
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
				onChange={async ({ currentTarget }) => {
					const [file] = currentTarget.files ?? [];
					if (file !== undefined) await open(file);
					currentTarget.value = "";
				}}
			/>
		</>
	);
}
