/** What the script printed, taken apart; the files of a folder that hold it. */
import { own } from "../../../sim/own.ts";
import { ScenarioError } from "../../language/scenario-error.ts";
import { CAPTURE_FORMAT } from "./script.ts";

/** A command that the script ran. */
export interface Section {
	/** `addresses` */
	readonly name: string;
	/** `ip -j addr` */
	readonly command: string;
	/** How it ended; `null`: the router has no such command. */
	readonly exit: number | null;
	/** What it complained of; "": nothing. */
	readonly errors: string;
	readonly output: string;
}

/** A file of a capture's folder. */
export interface CaptureFile {
	readonly name: string;
	readonly text: string;
}

/** What the folder says of itself: everything but the outputs. */
export const INDEX_FILE = "capture.json";

/** Names of files by section; JSON has an ending of its own. */
const FILES: Readonly<Record<string, string>> = {
	rules: "rules.v4",
	"other-rules": "other-rules.v4",
	addresses: "ip-addr",
	routes: "ip-route",
	"routing-rules": "ip-rule",
	settings: "settings.txt",
	conditions: "conditions.txt",
	sets: "sets.ipset",
	connections: "connections.txt",
	kernel: "kernel.txt",
	iptables: "iptables.txt",
};

/** Does a text begin as the script's output does? */
export function isCapture(text: string): boolean {
	return text.startsWith(CAPTURE_FORMAT);
}

/**
 * @param file for messages
 * @throws ScenarioError for anything else, and where the output ends too soon
 */
export function parseCapture(text: string, file: string): readonly Section[] {
	const lines = text.replace(/\r\n/g, "\n").split("\n");
	// A login may say something first.
	const first = lines.findIndex((line) => line.startsWith("marktwin capture "));
	if (first < 0)
		throw refused(
			file,
			"this is not the output of the script that `marktwin capture` prints",
			"Run it on the router: marktwin capture | ssh router sh | marktwin capture --into FOLDER",
		);
	if (lines[first] !== CAPTURE_FORMAT)
		throw refused(
			file,
			`it says "${lines[first]}", and this version reads "${CAPTURE_FORMAT}"`,
			"Run the script of this version: marktwin capture.",
		);
	const sections: Section[] = [];
	let at = first + 1;
	while (at < lines.length) {
		const head = /^== ([\w-]+): (.*)$/.exec(lines[at] ?? "");
		if (head === null) {
			if (lines[at] !== "") throw incomplete(file, at);
			at++;
			continue;
		}
		const [, name = "", command = ""] = head;
		const body = bodyFrom(lines, at + 1);
		sections.push({ name, command, ...sectionOf(body, file, at) });
		at += 1 + body.length;
	}
	if (!sections.some(({ name }) => name === "connections"))
		throw incomplete(file, lines.length - 1);
	return sections;
}

function bodyFrom(lines: readonly string[], from: number): readonly string[] {
	let to = from;
	while (to < lines.length && /^[ !?]/.test(lines[to] ?? "")) to++;
	return lines.slice(from, to);
}

function sectionOf(
	body: readonly string[],
	file: string,
	at: number,
): Pick<Section, "exit" | "errors" | "output"> {
	if (body[0] === "? missing") return { exit: null, errors: "", output: "" };
	const marked = (sign: string) =>
		body.filter((line) => line.startsWith(sign)).map((line) => line.slice(1));
	const output = marked(" ");
	const [, exit] = /^exit (\d+)$/.exec(output.at(-1) ?? "") ?? [];
	if (exit === undefined) throw incomplete(file, at + body.length);
	return {
		exit: Number(exit),
		errors: marked("!").join("\n"),
		// The script ends the output's last line, ended or not.
		output: output.slice(0, -1).join("\n").replace(/\n$/, ""),
	};
}

function incomplete(file: string, at: number): ScenarioError {
	return refused(
		file,
		`line ${at + 1}: the capture is incomplete, or has something else in it`,
		"Run the script once more, and write nothing else to its standard output.",
	);
}

function refused(file: string, message: string, remedy: string): ScenarioError {
	return new ScenarioError("invalid", file, [{ path: "", message, remedy }]);
}

/** The files of its folder. */
export function captureFiles(
	sections: readonly Section[],
): readonly CaptureFile[] {
	const files: CaptureFile[] = [];
	const index = sections.map(({ output, ...section }) => {
		if (section.exit === null) return { ...section, file: null };
		const file = fileOf(section.name, output);
		files.push({ name: file, text: output === "" ? "" : `${output}\n` });
		return { ...section, file };
	});
	const format = CAPTURE_FORMAT;
	return [
		...files,
		{
			name: INDEX_FILE,
			text: `${JSON.stringify({ format, sections: index }, null, 2)}\n`,
		},
	];
}

function fileOf(name: string, output: string): string {
	const file = own(FILES, name) ?? `${name}.txt`;
	if (file.includes(".")) return file;
	return `${file}.${output.startsWith("[") ? "json" : "txt"}`;
}
