import { expect, test } from "vitest";
import { DrawNotes, type DrawnFor, UNDRAWN } from "./draw-notes.ts";

const connection = (id: number): DrawnFor => ({
	id,
	way: UNDRAWN,
	given: UNDRAWN,
});

test("a next hop decides about the source, and not about the backend", () => {
	const notes = new DrawNotes(false);
	const [first, second, other] = [0, 1, 2].map(connection) as [
		DrawnFor,
		DrawnFor,
		DrawnFor,
	];
	notes.note(first, [{ kind: "next-hop", key: "a" }], true);
	notes.note(second, [{ kind: "next-hop", key: "a" }], true);
	notes.note(other, [{ kind: "next-hop", key: "b" }], true);
	expect([first, second, other].map(({ way }) => way)).toEqual([
		UNDRAWN,
		UNDRAWN,
		UNDRAWN,
	]);
	expect([first, second, other].map(({ given }) => given)).toEqual([
		{ chance: "drew", drawnFor: [] },
		{ chance: "recalled", drawnFor: [0] },
		{ chance: "drew", drawnFor: [] },
	]);
});

test("a draw for a later packet is noted beside the one that decided", () => {
	const notes = new DrawNotes(false);
	const [each, first, aside] = [0, 1, 2].map(connection) as [
		DrawnFor,
		DrawnFor,
		DrawnFor,
	];
	const draw = { kind: "match", routed: false } as const;
	notes.note(each, [draw], true);
	notes.note(each, [draw], false);
	notes.note(first, [draw], true);
	notes.note(first, [{ kind: "recalled", key: "a" }], false);
	notes.note(aside, [], true);
	notes.note(aside, [{ kind: "match", routed: true }], false);
	expect([each, first, aside].map(({ way }) => way)).toEqual([
		{ chance: "drew", drawnFor: [], redrawn: true },
		{ chance: "drew", drawnFor: [] },
		UNDRAWN,
	]);
});

test("it counts beside what is drawn behind the routing decision", () => {
	const notes = new DrawNotes(false);
	const [first, second] = [0, 1].map(connection) as [DrawnFor, DrawnFor];
	const parts = (key: string) =>
		[
			{ kind: "next-hop", key: "a" },
			{ kind: "hashed", key, routed: true },
		] as const;
	notes.note(first, parts("x"), true);
	notes.note(second, parts("y"), true);
	expect(second.given).toEqual({ chance: "drew", drawnFor: [0] });
});
