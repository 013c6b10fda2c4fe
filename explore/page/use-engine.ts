/** The workers of the page, and what it knows. */
import { useEffect, useMemo, useReducer } from "preact/hooks";
import { fragmentOf } from "../engine/link.ts";
import type { FromPlay, Start, ToPlay } from "../engine/messages.ts";
import type { Rules, Study, World } from "../engine/study.ts";
import { begun, type Change, changed, type State } from "./state.ts";
import {
	type Player,
	type Student,
	startPlayer,
	startStudent,
} from "./workers.ts";

/** After the last key, rules are looked at. */
const STUDY_AFTER_MS = 350;

export interface Engine {
	readonly state: State;
	readonly say: (message: ToPlay) => void;
	/** Rules as they are written now. */
	readonly edit: (rules: Rules) => void;
	/** Opens a world of rules; those that nothing is known of are looked at first. */
	readonly open: (
		rules: Rules,
		study: Study | null,
		world: World | null,
	) => void;
	/** Opens a scenario. */
	readonly openText: (name: string, text: string) => void;
	/** Says what went wrong with a file that was to be opened. */
	readonly fail: (message: string) => void;
	/** Looks at one of the packets that were followed. */
	readonly choose: (packet: number) => void;
	/** Ends what is done, gives its memory back, and opens the same anew. */
	readonly restart: () => void;
}

export function useEngine(code: string, start: Start): Engine {
	const [state, change] = useReducer(
		changed,
		begun(rulesOf(start), start.kind === "rules" ? start.study : null),
	);
	const engine = useMemo(() => createEngine(code, start, change), []);
	useEffect(() => {
		if (start.kind === "scenario") engine.openText(start.name, start.text);
		else {
			const study = start.kind === "rules" ? start.study : null;
			engine.open(rulesOf(start), study, study?.worlds[0] ?? null);
		}
	}, []);
	return { state, ...engine };
}

function createEngine(
	code: string,
	start: Start,
	change: (change: Change) => void,
): Omit<Engine, "state"> {
	/** Rules whose world is to be opened when they have been looked at. */
	let awaited: Rules | null = null;
	/** A scenario is opened, whose own rules go into the editor. */
	let takesRules = start.kind === "scenario";
	let timer = 0;
	const player: Player = startPlayer(code, hear);
	const student: Student = startStudent(code, (study, why) => {
		change({ kind: "studied", study, failed: why });
		const rules = awaited;
		awaited = null;
		const [world] = study?.worlds ?? [];
		if (rules !== null && world !== undefined) open(rules, study, world);
	});
	/** What was opened last. */
	let opened: ToPlay | null = null;
	const say = (message: ToPlay) => {
		if (message.kind === "open" || message.kind === "begin") opened = message;
		if (message.kind !== "stop") change({ kind: "busy" });
		player.say(message);
	};
	const look = (rules: Rules) => {
		change({ kind: "edit", rules });
		student.look(rules);
	};
	function hear(message: FromPlay): void {
		if (message.kind === "saved") return void handOut(message).then(change);
		change(changeOf(message));
		if (message.kind !== "opened" || !takesRules) return;
		takesRules = false;
		look(message.rules);
	}
	/** Forgets what was opened before, and what is still found out about it. */
	function leave(): void {
		clearTimeout(timer);
		student.drop();
		player.restart();
		opened = null;
		awaited = null;
		takesRules = false;
	}
	function open(rules: Rules, study: Study | null, world: World | null): void {
		leave();
		const service = world?.service ?? "";
		change({ kind: "opened", rules, study, isOfRules: true, service });
		if (study !== null && world !== null) {
			const { name, played: text } = study;
			say({ kind: "begin", world, rules: { name, text } });
			return;
		}
		awaited = rules;
		look(rules);
	}
	return {
		say,
		open,
		openText(name, text) {
			leave();
			takesRules = true;
			change({
				kind: "opened",
				rules: { name, text: "" },
				study: null,
				isOfRules: false,
				service: "",
			});
			say({ kind: "open", name, text });
		},
		edit(rules) {
			change({ kind: "edit", rules });
			clearTimeout(timer);
			timer = setTimeout(() => student.look(rules), STUDY_AFTER_MS);
		},
		fail: (message) => change({ kind: "failed", message }),
		choose: (packet) => change({ kind: "packet", packet }),
		restart() {
			player.restart();
			if (opened === null) return;
			change({ kind: "restarted" });
			say(opened);
		},
	};
}

function changeOf(
	message: Exclude<FromPlay, { readonly kind: "saved" }>,
): Change {
	switch (message.kind) {
		case "failed":
			return message;
		case "view":
			return { kind: "shown", shown: message };
		case "opened":
			return { kind: "begun", opened: message };
	}
}

function rulesOf(start: Start): Rules {
	switch (start.kind) {
		case "rules":
			return start.rules;
		case "scenario":
			return { name: start.name, text: "" };
		case "examples":
			return start.examples[0] ?? { name: "my.rules", text: "" };
	}
}

/** Gives a saved scenario to its user. */
async function handOut(
	saved: FromPlay & { readonly kind: "saved" },
): Promise<Change> {
	const { leftOut } = saved;
	const without =
		leftOut.length === 0
			? ""
			: ` Left out, since it is not so any more: ${leftOut.join("; ")}.`;
	try {
		return { kind: "noticed", message: (await handed(saved)) + without };
	} catch (error) {
		return {
			kind: "failed",
			message: error instanceof Error ? error.message : String(error),
		};
	}
}

/** @returns what to say @throws LinkError where it is too long for one */
async function handed({
	as,
	text,
}: FromPlay & { readonly kind: "saved" }): Promise<string> {
	if (as === "file") {
		const url = URL.createObjectURL(
			new Blob([text], { type: "application/json" }),
		);
		const link = document.createElement("a");
		link.href = url;
		link.download = "explored.scenario.json";
		link.click();
		URL.revokeObjectURL(url);
		return "Saved as explored.scenario.json. Play it: marktwin run explored.scenario.json";
	}
	const fragment = await fragmentOf(text);
	history.replaceState(null, "", fragment);
	const length = location.href.length.toLocaleString("en");
	const { clipboard } = navigator;
	try {
		await clipboard.writeText(location.href);
		return `The link is copied (${length} characters). It holds all in its fragment: no server sees it.`;
	} catch {
		return `The address of this page is the link now (${length} characters): copy it. No server sees what is in it.`;
	}
}
