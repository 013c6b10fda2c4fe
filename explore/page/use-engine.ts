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
	const player: Player = startPlayer(code, (message) => void hear(message));
	const student: Student = startStudent(code, (study, why) => {
		change({ kind: "studied", study, failed: why });
		const rules = awaited;
		awaited = null;
		const world = study?.worlds[0];
		if (rules !== null && world !== undefined) open(rules, study, world);
	});
	/** What was opened last. */
	let opened: ToPlay | null = null;
	const say = (message: ToPlay) => {
		if (message.kind === "open") opened = message;
		if (message.kind !== "stop") change({ kind: "busy" });
		player.say(message);
	};
	const look = (rules: Rules) => {
		change({ kind: "edit", rules });
		student.look(rules);
	};
	async function hear(message: FromPlay): Promise<void> {
		if (message.kind === "saved") return change(await handOut(message));
		if (message.kind === "failed") return change(message);
		change({ kind: "shown", shown: message });
		if (!takesRules) return;
		takesRules = false;
		look(message.scenario.rules);
	}
	function open(rules: Rules, study: Study | null, world: World | null): void {
		change({ kind: "opened", rules, study, isOfRules: true });
		if (world === null) {
			awaited = rules;
			look(rules);
			return;
		}
		const { scenario, openings } = world;
		const text = JSON.stringify(scenario);
		say({ kind: "open", name: rules.name, text, openings });
	}
	return {
		say,
		open,
		openText(name, text) {
			takesRules = true;
			awaited = null;
			const rules = { name, text: "" };
			change({ kind: "opened", rules, study: null, isOfRules: false });
			say({ kind: "open", name, text });
		},
		edit(rules) {
			change({ kind: "edit", rules });
			clearTimeout(timer);
			timer = setTimeout(() => student.look(rules), STUDY_AFTER_MS);
		},
		choose: (packet) => change({ kind: "packet", packet }),
		restart() {
			player.restart();
			if (opened === null) return;
			change({ kind: "restarted" });
			say(opened);
		},
	};
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
async function handOut({
	as,
	text,
}: FromPlay & { readonly kind: "saved" }): Promise<Change> {
	if (as === "file") {
		const url = URL.createObjectURL(
			new Blob([text], { type: "application/json" }),
		);
		const link = document.createElement("a");
		link.href = url;
		link.download = "explored.scenario.json";
		link.click();
		URL.revokeObjectURL(url);
		return {
			kind: "noticed",
			message:
				"Saved as explored.scenario.json. Play it: marktwin run explored.scenario.json",
		};
	}
	const fragment = await fragmentOf(text);
	history.replaceState(null, "", fragment);
	const length = location.href.length.toLocaleString("en");
	const { clipboard } = navigator;
	try {
		await clipboard.writeText(location.href);
		return {
			kind: "noticed",
			message: `The link is copied (${length} characters). It holds all in its fragment: no server sees it.`,
		};
	} catch {
		return {
			kind: "noticed",
			message: `The address of this page is the link now (${length} characters): copy it. No server sees what is in it.`,
		};
	}
}
